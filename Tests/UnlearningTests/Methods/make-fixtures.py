"""Makes Fixtures/: what PyTorch computes for every unlearning loss on two small models.

Needs torch 2.13.0 and transformers 5, and TransformerTests/Fixtures beside this folder, whose models are the
current ones; the reference model of each has the same weights moved by seeded noise. Losses and gradients are
autograd's, in binary64 and stored in binary32; formulas are written out here from their definitions, none is taken
from the library under test or from a published implementation.

    python3 Tests/UnlearningTests/Methods/make-fixtures.py

A file has the examples (`forget.tokens`, `forget.labels`, `forget.lengths`, and so on for `preferred` and
`retain`; labels at their own place, −100 where none counts), `reference.NAME` for each parameter, `direction`,
`sums.forget` and the like, and for each loss `LOSS.value` (forget term, retain term, total) and
`LOSS.gradient.NAME`.
"""

import pathlib

import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
MODELS = HERE.parent.parent / "TransformerTests" / "Fixtures"
IGNORED = -100
LENGTHS = {"forget": [7, 5, 6], "preferred": [6, 6, 4], "retain": [8, 4]}
PROMPT = 2


def exact_norm(self, x):
    """The root-mean-square norm in the input's own precision; that of `transformers` goes through binary32."""
    return self.weight * (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.variance_epsilon))


transformers.models.llama.modeling_llama.LlamaRMSNorm.forward = exact_norm


def load(name):
    config = transformers.AutoConfig.from_pretrained(MODELS / name)
    config._attn_implementation = "eager"
    return transformers.AutoModelForCausalLM.from_pretrained(
        MODELS / name, config=config, dtype=torch.float64).eval()


def examples(generator, name):
    """Rows padded on the right; the first tokens are a prompt, without labels."""
    lengths = LENGTHS[name]
    width = max(lengths)
    tokens = torch.zeros((len(lengths), width), dtype=torch.long)
    mask = torch.zeros_like(tokens)
    labels = torch.full_like(tokens, IGNORED)
    for row, length in enumerate(lengths):
        tokens[row, :length] = torch.randint(3, 29, (length,), generator=generator)
        mask[row, :length] = 1
        labels[row, PROMPT:length] = tokens[row, PROMPT:length]
    labels[0, PROMPT + 1] = IGNORED
    return dict(tokens=tokens, mask=mask, labels=labels, lengths=torch.tensor(lengths))


def run(model, batch):
    return model(input_ids=batch["tokens"], attention_mask=batch["mask"], output_hidden_states=True)


def sums(model, batch):
    """For each example the negative log-probability of its labels, summed, and their number."""
    logits = run(model, batch).logits[:, :-1]
    labels = batch["labels"][:, 1:]
    counted = labels != IGNORED
    log_probabilities = logits.log_softmax(-1).gather(-1, labels.clamp(min=0)[..., None])[..., 0]
    return -(log_probabilities * counted).sum(1), counted.sum(1)


def mean(model, batch):
    total, count = sums(model, batch)
    return total.sum() / count.sum()


def divergence(model, reference, batch, every):
    ours = run(model, batch).logits.log_softmax(-1)
    theirs = run(reference, batch).logits.log_softmax(-1)
    kl = (theirs.exp() * (theirs - ours)).sum(-1)
    if every:
        places = batch["mask"].bool()
    else:
        places = torch.zeros_like(batch["mask"], dtype=torch.bool)
        places[:, :-1] = batch["labels"][:, 1:] != IGNORED
    return kl[places].mean()


def states(model, batch, layer, every):
    places = batch["mask"].bool() if every else batch["labels"] != IGNORED
    return run(model, batch).hidden_states[layer + 1][places]


def losses(model, reference, batches, direction):
    forget, preferred, retain = (batches[name] for name in ("forget", "preferred", "retain"))
    with torch.no_grad():
        forget_reference, _ = sums(reference, forget)
        preferred_reference, _ = sums(reference, preferred)
    zero = torch.zeros((), dtype=torch.float64)

    def npo(beta):
        s, _ = sums(model, forget)
        return -(2 / beta) * F.logsigmoid(beta * (s - forget_reference)).mean()

    def sim_npo(beta, margin):
        s, n = sums(model, forget)
        return -(2 / beta) * F.logsigmoid(beta * (s / n - margin)).mean()

    def dpo(beta):
        lost, _ = sums(model, forget)
        won, _ = sums(model, preferred)
        z = (preferred_reference - won) - (forget_reference - lost)
        return -(2 / beta) * F.logsigmoid(beta * z).mean()

    def push(every):
        return (states(model, forget, 0, every) - 2.0 * direction).square().mean()

    def hold(every):
        with torch.no_grad():
            target = states(reference, retain, 0, every)
        return (states(model, retain, 0, every) - target).square().mean()

    # For each loss: forget term, its weight, retain term, its weight.
    return {
        "ga": lambda: (-mean(model, forget), 1, zero, 0),
        "gd": lambda: (-mean(model, forget), 0.7, mean(model, retain), 1.3),
        "kl": lambda: (-mean(model, forget), 1, divergence(model, reference, retain, False), 0.9),
        "kl-every": lambda: (
            -mean(model, forget), 1, divergence(model, reference, retain, True), 0.9),
        "npo": lambda: (npo(0.1), 1, mean(model, retain), 1),
        "npo-kl": lambda: (npo(0.6), 0.5, divergence(model, reference, retain, False), 1.5),
        "simnpo": lambda: (sim_npo(2.5, 0.4), 0.125, mean(model, retain), 1),
        "dpo": lambda: (dpo(0.3), 1, mean(model, retain), 0.8),
        "idk": lambda: (mean(model, preferred), 1, mean(model, retain), 0.6),
        "rmu": lambda: (push(False), 1, hold(False), 3),
        "rmu-every": lambda: (push(True), 0.5, hold(True), 3),
    }


def make(name, seed):
    generator = torch.Generator().manual_seed(seed)
    model, reference = load(name), load(name)
    tensors = {}
    with torch.no_grad():
        for key, parameter in reference.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            # Rounded, so that both sides begin with the same numbers.
            parameter.copy_((parameter + 0.05 * noise).float())
            tensors[f"reference.{key}"] = parameter
    batches = {key: examples(generator, key) for key in LENGTHS}
    for key, batch in batches.items():
        for part in ("tokens", "labels", "lengths"):
            tensors[f"{key}.{part}"] = batch[part]
        with torch.no_grad():
            tensors[f"sums.{key}"] = sums(model, batch)[0]
            tensors[f"reference-sums.{key}"] = sums(reference, batch)[0]
    direction = torch.rand(model.config.hidden_size, generator=generator, dtype=torch.float64)
    direction = (direction / direction.norm()).float().double()
    tensors["direction"] = direction
    for loss_name, loss in losses(model, reference, batches, direction).items():
        model.zero_grad(set_to_none=True)
        forget, forget_weight, retain, retain_weight = loss()
        total = forget_weight * forget + retain_weight * retain
        total.backward()
        tensors[f"{loss_name}.value"] = torch.stack([forget, retain, total])
        for key, parameter in model.named_parameters():
            if parameter.grad is not None:
                tensors[f"{loss_name}.gradient.{key}"] = parameter.grad
    return {
        key: value.detach().to(torch.float32 if value.is_floating_point() else torch.int64)
        .contiguous().clone() for key, value in tensors.items()}


def main():
    (HERE / "Fixtures").mkdir(exist_ok=True)
    for seed, name in enumerate(["llama", "gpt2"]):
        path = HERE / "Fixtures" / f"losses-{name}.safetensors"
        save_file(make(name, seed), path)
        path.chmod(0o644)


main()
