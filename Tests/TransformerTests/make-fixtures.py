"""Makes Fixtures/: small random models of every family with what PyTorch computes for them.

Needs torch 2.13.0 and transformers 5.3.0. Each folder is a model as `transformers` saves it, and
`expected.safetensors` beside it: inputs, logits, loss, hidden states of every layer, and the gradient of every
parameter, computed in binary64 and stored in binary32.

    python3 Tests/TransformerTests/make-fixtures.py
"""

import pathlib
import shutil

import torch
import transformers
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent / "Fixtures"
VOCABULARY = 29
IGNORED = -100

encoder = dict(
    vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=2, num_attention_heads=4,
    intermediate_size=20, max_position_embeddings=24, hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0, pad_token_id=1)
decoder = dict(
    vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, intermediate_size=20, max_position_embeddings=32, pad_token_id=0,
    bos_token_id=1, eos_token_id=2, attention_dropout=0.0)
plain = {k: v for k, v in decoder.items() if k != "num_key_value_heads"}
distil = dict(
    vocab_size=VOCABULARY, dim=16, n_layers=2, n_heads=4, hidden_dim=20, max_position_embeddings=24,
    dropout=0.0, attention_dropout=0.0, seq_classif_dropout=0.0, qa_dropout=0.0, pad_token_id=0)
gpt2 = dict(
    vocab_size=VOCABULARY, n_embd=16, n_layer=2, n_head=4, n_positions=24, n_inner=20,
    resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, pad_token_id=0, bos_token_id=1, eos_token_id=2)
opt = dict(
    vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, ffn_dim=20,
    max_position_embeddings=24, dropout=0.0, attention_dropout=0.0, word_embed_proj_dim=16,
    pad_token_id=1, bos_token_id=2, eos_token_id=2)
rope3 = dict(
    rope_type="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=16, rope_theta=100.0)

CASES = {
    "bert-masked": ("BertForMaskedLM", "BertConfig", encoder),
    "bert-sequence": ("BertForSequenceClassification", "BertConfig", encoder | dict(num_labels=3)),
    "bert-token": ("BertForTokenClassification", "BertConfig", encoder | dict(num_labels=3)),
    "bert-question": ("BertForQuestionAnswering", "BertConfig", encoder | dict(num_hidden_layers=1)),
    "bert-choice": ("BertForMultipleChoice", "BertConfig", encoder | dict(num_hidden_layers=1)),
    "roberta-masked": ("RobertaForMaskedLM", "RobertaConfig", encoder | dict(type_vocab_size=1)),
    "roberta-sequence": (
        "RobertaForSequenceClassification", "RobertaConfig", encoder | dict(type_vocab_size=1)),
    "distilbert-masked": ("DistilBertForMaskedLM", "DistilBertConfig", distil),
    "distilbert-sequence": ("DistilBertForSequenceClassification", "DistilBertConfig", distil),
    "gpt2": ("GPT2LMHeadModel", "GPT2Config", gpt2),
    "gpt2-sequence": ("GPT2ForSequenceClassification", "GPT2Config", gpt2 | dict(n_layer=1)),
    "gpt2-question": ("GPT2ForQuestionAnswering", "GPT2Config", gpt2 | dict(n_layer=1)),
    "opt": ("OPTForCausalLM", "OPTConfig", opt),
    "gpt-neox": (
        "GPTNeoXForCausalLM", "GPTNeoXConfig", plain | dict(
            hidden_dropout=0.0, rotary_pct=0.5, rotary_emb_base=100)),
    "gpt-neox-serial": (
        "GPTNeoXForCausalLM", "GPTNeoXConfig", plain | dict(
            hidden_dropout=0.0, use_parallel_residual=False, rotary_pct=1.0)),
    "phi": (
        "PhiForCausalLM", "PhiConfig", decoder | dict(
            resid_pdrop=0.0, embd_pdrop=0.0, rope_parameters=dict(
                rope_type="default", rope_theta=100.0, partial_rotary_factor=0.5))),
    "phi3": ("Phi3ForCausalLM", "Phi3Config", decoder | dict(resid_pdrop=0.0, embd_pdrop=0.0)),
    "llama": ("LlamaForCausalLM", "LlamaConfig", decoder | dict(rope_parameters=rope3)),
    "llama-tied": (
        "LlamaForCausalLM", "LlamaConfig", decoder | dict(
            tie_word_embeddings=True, attention_bias=True, mlp_bias=True, num_hidden_layers=1)),
    "llama-sequence": (
        "LlamaForSequenceClassification", "LlamaConfig", decoder | dict(num_hidden_layers=1)),
    "llama-token": (
        "LlamaForTokenClassification", "LlamaConfig", decoder | dict(
            num_hidden_layers=1, classifier_dropout=0.0)),
    "mistral": ("MistralForCausalLM", "MistralConfig", decoder | dict(sliding_window=4)),
    "qwen2": ("Qwen2ForCausalLM", "Qwen2Config", decoder),
    "qwen3": ("Qwen3ForCausalLM", "Qwen3Config", decoder | dict(head_dim=6)),
    "gemma": ("GemmaForCausalLM", "GemmaConfig", decoder | dict(head_dim=6)),
}


def randomise(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * 0.3
            is_norm = parameter.ndim == 1 and name.endswith("weight")
            parameter.copy_((noise + (1.0 if is_norm else 0.0)).to(torch.float32))


def inputs(name, config, seed):
    """Three sequences of 9, 5 and 1 tokens, padded on the right; for questions none is padded, since
    `transformers` counts padding among the places of an answer, nor with a window, which leaves padding
    nothing to look at."""
    generator = torch.Generator().manual_seed(seed)
    pad = config.pad_token_id
    lengths = [9, 9, 9] if "question" in name or name == "mistral" else [9, 5, 1]
    tokens = torch.full((3, 9), pad)
    mask = torch.zeros((3, 9), dtype=torch.long)
    for row, length in enumerate(lengths):
        tokens[row, :length] = torch.randint(3, VOCABULARY, (length,), generator=generator)
        mask[row, :length] = 1
    types = (torch.arange(9)[None, :] >= 3).long() * mask
    return tokens, mask, types, lengths, generator


def run(name, model, config, seed):
    tokens, mask, types, lengths, generator = inputs(name, config, seed)
    arguments = dict(input_ids=tokens, attention_mask=mask)
    if config.model_type == "bert":
        arguments["token_type_ids"] = types
    expected = dict(tokens=tokens, lengths=torch.tensor(lengths), types=types)
    real = mask.bool()
    if "sequence" in name:
        labels = torch.tensor([1, 0, 1])
        arguments["labels"] = labels
    elif "choice" in name:
        # Three choices of one example.
        labels = torch.tensor([1])
        arguments = {key: value[None] for key, value in arguments.items()} | dict(labels=labels)
    elif "question" in name:
        arguments |= dict(
            start_positions=torch.tensor([2, 0, 1]), end_positions=torch.tensor([5, 4, 1]))
        labels = torch.stack([arguments["start_positions"], arguments["end_positions"]], 1)
    elif "token" in name:
        labels = torch.where(real, torch.randint(0, 2, (3, 9), generator=generator), IGNORED)
        labels[0, 2] = IGNORED
        arguments["labels"] = labels
    elif "masked" in name:
        chosen = torch.rand((3, 9), generator=generator) < 0.5
        labels = torch.where(real & chosen, tokens.flip(0) % VOCABULARY, IGNORED)
        arguments["labels"] = labels
    else:
        labels = torch.where(real, tokens, IGNORED)
        labels[0, 4] = IGNORED
        arguments["labels"] = labels
    result = model(**arguments, output_hidden_states=True)
    result.loss.backward()
    expected["labels"] = labels
    expected["loss"] = result.loss.detach().reshape(1)
    if "question" in name:
        logits = torch.stack([result.start_logits, result.end_logits], -1)[real]
    elif "sequence" in name or "choice" in name:
        logits = result.logits
    else:
        logits = result.logits[real]
    expected["logits"] = logits.detach()
    for index, hidden in enumerate(result.hidden_states):
        expected[f"hidden.{index}"] = hidden.detach()[real]
    for parameter_name, parameter in model.named_parameters():
        gradient = parameter.grad if parameter.grad is not None else torch.zeros_like(parameter)
        expected[f"gradient.{parameter_name}"] = gradient
    return {
        key: (value.to(torch.float32) if value.is_floating_point() else value.to(torch.int64))
        .contiguous() for key, value in expected.items()}


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    for seed, (name, (model_class, config_class, arguments)) in enumerate(CASES.items()):
        config = getattr(transformers, config_class)(**arguments)
        config._attn_implementation = "eager"
        model = getattr(transformers, model_class)(config).eval()
        randomise(model, seed)
        folder = HERE / name
        model.save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        save_file(run(name, model.double(), config, seed), folder / "expected.safetensors")


main()
