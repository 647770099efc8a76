"""Makes expected.safetensors: two small models trained by PyTorch's own optimisers, and by Sophia in NumPy.

Needs torch 2.13.0 and transformers 5.3.0 or newer. GPT-2 is trained in binary64 (`gpt2.RULE.…`), Llama, whose norms
and positions `transformers` computes in binary32, in binary32 (`llama.adamw.…`): the losses of 20 steps and the last
parameters.

    python3 Tests/TransformerTests/OptimizerParity/make-expected.py
"""

import pathlib

import numpy as np
import torch
import transformers
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
STEPS, WARMUP, BATCHES, DECAY, CLIP = 20, 5, 4, 0.1, 1.0
RATES = {"adamw": 0.01, "nesterov": 0.05, "sophia": 0.01}
# Epsilon is far above rounding: a key's bias has no gradient but for that.
BETA1, BETA2, GAMMA, EPSILON, INTERVAL = 0.96, 0.99, 0.01, 1e-8, 5


def batches():
    """Tokens, and for Sophia other labels of the same places; both padded with the label that does not count."""
    generator = torch.Generator().manual_seed(5)
    rows = torch.full((BATCHES, 3, 9), -100)
    drawn = torch.full((BATCHES, 3, 9), -100)
    for batch in range(BATCHES):
        for row in range(3):
            length = int(torch.randint(2, 10, (), generator=generator))
            rows[batch, row, :length] = torch.randint(3, 29, (length,), generator=generator)
            drawn[batch, row, :length] = torch.randint(3, 29, (length,), generator=generator)
    return rows, drawn


def loss(model, rows, labels):
    """In the model's own precision, which the loss of `transformers` is not."""
    logits = model(input_ids=rows.clamp(min=0), attention_mask=(rows >= 0).long()).logits
    return torch.nn.functional.cross_entropy(logits[:, :-1].reshape(-1, 29), labels[:, 1:].reshape(-1))


def groups(model):
    parameters = list(model.parameters())
    return [
        {"params": [one for one in parameters if one.ndim > 1], "weight_decay": DECAY},
        {"params": [one for one in parameters if one.ndim == 1], "weight_decay": 0.0}]


def schedule(optimizer):
    rise = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / WARMUP, 1, WARMUP - 1)
    fall = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0, STEPS - WARMUP)
    return torch.optim.lr_scheduler.SequentialLR(optimizer, [rise, fall], [WARMUP])


def clip(parameters):
    """PyTorch's own adds 1e-6 to the norm, which binary64 sees; there it is exact, in binary32 theirs."""
    if parameters[0].dtype == torch.float32:
        torch.nn.utils.clip_grad_norm_(parameters, CLIP)
        return
    norm = torch.sqrt(sum((one.grad ** 2).sum() for one in parameters))
    if norm > CLIP:
        for one in parameters:
            one.grad *= CLIP / norm


class Sophia:
    """Algorithm 3 of Liu et al. (2023) with the Gauss-Newton-Bartlett estimator, in NumPy."""

    def __init__(self, model):
        self.parameters = list(model.parameters())
        self.m = [np.zeros(one.shape) for one in self.parameters]
        self.h = [np.zeros(one.shape) for one in self.parameters]

    def observe(self, model, rows, labels):
        model.zero_grad()
        loss(model, rows, labels).backward()
        count = int((labels[:, 1:] >= 0).sum())
        for place, one in enumerate(self.parameters):
            estimate = count * one.grad.numpy() ** 2
            self.h[place] = BETA2 * self.h[place] + (1 - BETA2) * estimate

    def step(self, rate):
        for place, one in enumerate(self.parameters):
            theta, g = one.detach().numpy(), one.grad.numpy()
            self.m[place] = BETA1 * self.m[place] + (1 - BETA1) * g
            theta = theta - rate * (DECAY if one.ndim > 1 else 0) * theta
            ratio = self.m[place] / np.maximum(GAMMA * self.h[place], EPSILON)
            theta = theta - rate * np.clip(ratio, -1, 1)
            one.data = torch.from_numpy(theta)


def train(name, rule, dtype, rows, drawn):
    model = transformers.AutoModelForCausalLM.from_pretrained(
        HERE.parent / "Fixtures" / name, dtype=dtype, attn_implementation="eager").eval()
    parameters = list(model.parameters())
    if rule == "adamw":
        optimizer = torch.optim.AdamW(groups(model), lr=RATES[rule], betas=(0.9, 0.999), eps=1e-8)
    else:  # for Sophia, only the rates are taken from it
        optimizer = torch.optim.SGD(groups(model), lr=RATES[rule], momentum=0.9, nesterov=True)
    scheduler = schedule(optimizer)
    sophia = Sophia(model)
    losses = []
    for step in range(STEPS):
        batch = rows[step % BATCHES]
        if rule == "sophia" and step % INTERVAL == 0:
            sophia.observe(model, batch, drawn[step % BATCHES])
        model.zero_grad()
        value = loss(model, batch, batch)
        value.backward()
        losses.append(value.item())
        clip(parameters)
        if rule == "sophia":
            sophia.step(optimizer.param_groups[0]["lr"])
        else:
            optimizer.step()
        scheduler.step()
    found = {f"{name}.{rule}.losses": torch.tensor([losses], dtype=torch.float64)}
    for key, one in model.named_parameters():
        found[f"{name}.{rule}.{key}"] = one.detach().contiguous()
    return found


def expected():
    rows, drawn = batches()
    found = {"tokens": rows.reshape(-1, 9).to(torch.int64), "drawn": drawn.reshape(-1, 9).to(torch.int64)}
    for rule in RATES:
        found |= train("gpt2", rule, torch.float64, rows, drawn)
    return found | train("llama", "adamw", torch.float32, rows, drawn)


if __name__ == "__main__":
    torch.set_num_threads(1)
    save_file(expected(), HERE / "expected.safetensors")
