"""Turns a GGUF file of the Llama family into a Hugging Face folder.

    gguf-to-safetensors.py MODEL.gguf FOLDER {bf16,f32}

Quantised tensors are widened, so the result computes what the GGUF file computes, not what the published
weights do. Needs gguf, numpy, ml_dtypes and safetensors.
"""

import json
import pathlib
import sys

import gguf
import ml_dtypes
import numpy
import safetensors.numpy

LAYER_NAMES = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj"}
OTHER_NAMES = {
    "token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight"}
CONTROL_TOKEN = 3


class Source:
    """A GGUF file's fields and tensors."""

    def __init__(self, path):
        self.reader = gguf.GGUFReader(path)
        architecture = self.field("general.architecture")
        if architecture != "llama":
            sys.exit(f"{path}: architecture {architecture}, only llama is converted")

    def field(self, name, default=None):
        field = self.reader.fields.get(name)
        return default if field is None else field.contents()

    def size(self, name, default=None):
        return self.field(f"llama.{name}", default)

    def tensors(self):
        heads = {"attn_q": self.size("attention.head_count"), "attn_k": self.size("attention.head_count_kv")}
        for tensor in self.reader.tensors:
            values = gguf.dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
            values = values.reshape([int(size) for size in tensor.shape[::-1]])
            if tensor.name in OTHER_NAMES:
                yield OTHER_NAMES[tensor.name], values
                continue
            _, layer, part, suffix = tensor.name.split(".")
            if part in heads:
                values = halves_from_pairs(values, heads[part])
            yield f"model.layers.{layer}.{LAYER_NAMES[part]}.{suffix}", values


def halves_from_pairs(rows, heads):
    """llama.cpp keeps the two features that are turned together side by side, Hugging Face half a head apart."""
    width = rows.shape[0] // heads
    order = numpy.arange(heads * width).reshape(heads, width // 2, 2).transpose(0, 2, 1).ravel()
    return rows[order]


def config(source, tensors, dtype):
    tokens = source.field("tokenizer.ggml.tokens")
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
        "vocab_size": len(tokens), "hidden_size": source.size("embedding_length"),
        "intermediate_size": source.size("feed_forward_length"),
        "num_hidden_layers": source.size("block_count"),
        "num_attention_heads": source.size("attention.head_count"),
        "num_key_value_heads": source.size("attention.head_count_kv"),
        "max_position_embeddings": source.size("context_length"),
        "rms_norm_eps": float(f"{source.size('attention.layer_norm_rms_epsilon'):.6g}"),
        "rope_theta": float(source.size("rope.freq_base", 10000.0)),
        "attention_bias": False, "mlp_bias": False,
        "tie_word_embeddings": "lm_head.weight" not in tensors, "initializer_range": 0.041666666666666664,
        "bos_token_id": source.field("tokenizer.ggml.bos_token_id"),
        "eos_token_id": source.field("tokenizer.ggml.eos_token_id"),
        "pad_token_id": source.field("tokenizer.ggml.padding_token_id"),
        "torch_dtype": {"bf16": "bfloat16", "f32": "float32"}[dtype]}


def tokenizer(source):
    """Byte-level BPE that takes digits one by one."""
    tokens = source.field("tokenizer.ggml.tokens")
    types = source.field("tokenizer.ggml.token_type")
    added = [
        {"id": index, "content": token, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True}
        for index, token in enumerate(tokens) if types[index] == CONTROL_TOKEN]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [{"type": "Digits", "individual_digits": True}, byte_level]},
        "post_processor": None, "decoder": byte_level | {"add_prefix_space": True},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "ignore_merges": False, "vocab": {token: index for index, token in enumerate(tokens)},
            "merges": list(source.field("tokenizer.ggml.merges"))}}


def main():
    path, folder, dtype = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    source = Source(path)
    folder.mkdir(parents=True, exist_ok=True)
    kind = {"bf16": ml_dtypes.bfloat16, "f32": numpy.float32}[dtype]
    tensors = {name: numpy.ascontiguousarray(values.astype(kind)) for name, values in source.tensors()}
    safetensors.numpy.save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    for name, value in {
        "config.json": config(source, tensors, dtype), "tokenizer.json": tokenizer(source),
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast"},
    }.items():
        (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


main()
