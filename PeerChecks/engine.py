"""Holds the Transformer engine against PyTorch and `transformers` on real models and real text.

Usage: engine.py FOLDER-OF-BUILT-PROGRAMS ROOT [--minilm FOLDER] [--smollm2 FOLDER] [--timing]
Tokens come from `tokenizers`, so that the engine is checked alone; then once more from our own Tokenization. Ours are
packed without padding; theirs are padded where there are several. What has no model is reported as not run.
"""
import argparse
import contextlib
import copy
import importlib.util
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import torch
import transformers
from safetensors.torch import load_file
from tokenizers import Tokenizer

TOLERANCE = 1e-3  # of outputs, absolute
TIE = 1e-3  # logits closer than this have no order that two programs must agree on
THREADS = 2
SENTENCES = 96
PROMPTS = 20
NEW_TOKENS = 64

passed = failed = 0


def check(name, good):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(("ok     " if good else "FAILED ") + name, flush=True)


def not_run(name, why):
    print(f"not run  {name}: {why}", flush=True)


class Ours:
    """Our program with a model loaded: a batch in, an answer out."""

    def __init__(self, program, mode, folder, last):
        self.process = subprocess.Popen(
            [str(program), mode, str(folder), str(THREADS), str(last)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        self.folder, self.count = pathlib.Path(str(last)), 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def ask(self, batch):
        self.process.stdin.write(json.dumps(batch) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line.startswith("{"):
            raise SystemExit(f"{line}{self.process.stdout.read()}")
        self.count += 1
        return json.loads(line)

    def tensors(self, batch):
        self.ask(batch)
        path = self.folder / f"{self.count - 1}.safetensors"
        tensors = load_file(path)
        path.unlink()
        return tensors


def sentences(root):
    """Sentences of the project's own prose, from the shortest to the longest: words that somebody wrote."""
    found = []
    for path in [root / "LICENSE", root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        text = re.sub(r"```.*?```", "\n\n", path.read_text(), flags=re.S)
        for paragraph in re.split(r"\n\s*\n", text):
            paragraph = " ".join(paragraph.split())
            if "|" not in paragraph and not paragraph.startswith("#"):
                found += re.split(r"(?<=[.;:?]) (?=[A-Z(`])", paragraph)
    return sorted({one for one in found if len(one) > 3}, key=lambda one: (len(one), one))


def evenly(items, count):
    """Some of them, from the first to the last."""
    if len(items) < count:
        raise SystemExit(f"{len(items)} texts, {count} are needed")
    return [items[round(i * (len(items) - 1) / (count - 1))] for i in range(count)]


def encoded(folder, texts, limit):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return [(text, ids) for text in texts if 0 < len(ids := tokenizer.encode(text).ids) <= limit]


def padded(rows, pad):
    width = max(map(len, rows))
    tokens = torch.tensor([row + [pad] * (width - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return dict(input_ids=tokens, attention_mask=mask)


def worst(ours, theirs):
    if ours.shape != theirs.shape:
        return float("inf")
    difference = (ours - theirs).abs().max().item()
    return difference if difference == difference else float("inf")


def load(kind, folder):
    torch.manual_seed(1)  # what a new output is drawn from
    return getattr(transformers, kind).from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager").eval()


def compare(name, ours, theirs, rows):
    largest = worst(ours, theirs)
    check(f"{name}: {len(rows)} rows of {min(map(len, rows))} to {max(map(len, rows))} tokens, {ours.numel()} numbers,"
          f" largest difference {largest:.1e} (allowed {TOLERANCE:.0e}; largest number {theirs.abs().max():.1f})",
          largest <= TOLERANCE)


@torch.no_grad()
def check_minilm(program, folder, texts, work):
    examples = evenly(encoded(folder, texts, 512), SENTENCES)
    rows = [ids for _, ids in examples]
    inputs = padded(rows, 0)
    real = inputs["attention_mask"].bool()
    model = load("AutoModel", folder)
    theirs = model(**inputs).last_hidden_state[real]
    with Ours(program, "output", folder, work) as ours:
        compare("MiniLM-L6, last hidden state", ours.tensors(rows)["output"], theirs, rows)
        compare("MiniLM-L6, last hidden state, from texts by our tokens",
                ours.tensors([text for text, _ in examples])["output"], theirs, rows)
    for kind in ("BertForMaskedLM", "BertForSequenceClassification"):
        model = load(kind, folder)
        saved = work / kind
        model.save_pretrained(saved)
        theirs = model(**inputs).logits
        with Ours(program, "output", saved, work) as ours:
            compare(f"MiniLM-L6, {kind} with a new output", ours.tensors(rows)["output"],
                    theirs[real] if "Masked" in kind else theirs, rows)
    with torch.enable_grad():
        check_gradients("MiniLM-L6, BertForMaskedLM", program, work / "BertForMaskedLM", "BertForMaskedLM", rows[::12], work)


def gradients_of(model, inputs, labels):
    logits, shift = model(**inputs).logits, model.config.model_type == "llama"
    # Not the model's own loss, which is computed in binary32 whatever the model's precision.
    logits, labels = (logits[:, :-1], labels[:, 1:]) if shift else (logits, labels)
    loss = torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1))
    loss.backward()
    return loss, {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}


def check_gradients(name, program, folder, kind, rows, work, exact=None):
    """The loss of real text and the gradient of every parameter, relative to the largest number of each.

    Where `exact` makes a binary64 copy of the model, that is the reference, and what PyTorch's binary32 misses is told.
    """
    model = load(kind, folder)
    inputs = padded(rows, 0)
    labels = inputs["input_ids"].masked_fill(inputs["attention_mask"] == 0, -100)
    loss, theirs = gradients_of(model, inputs, labels)
    if exact is not None:
        narrow = theirs
        with exact(model) as wide:
            loss, theirs = gradients_of(wide, inputs, labels)
        missed = max(worst(narrow[key], theirs[key]) / max(theirs[key].abs().max().item(), 1e-5) for key in theirs)
        print(f"         PyTorch's binary32 gradients against binary64: largest relative difference {missed:.1e}", flush=True)
    with Ours(program, "gradients", folder, work) as ours:
        tensors = ours.tensors(rows)
    difference = abs(tensors.pop("loss").item() - loss.item()) / loss.item()
    largest, where = 0.0, "none"
    missing = tensors.keys() ^ theirs.keys()
    for key in tensors.keys() & theirs.keys():
        mine, peer = tensors[key].reshape(theirs[key].shape), theirs[key]
        # A key's bias moves all scores of a row alike: its gradient is zero but for rounding.
        scale = peer.abs().max().item()
        one = worst(mine, peer) / max(scale, 1e-5)
        if one > largest:
            largest, where = one, key
    check(f"{name}: gradients of {len(theirs)} parameters, {sum(map(len, rows))} tokens: largest relative difference"
          f" {largest:.1e} in {where} (allowed 1e-03), loss {loss.item():.4f}, relative difference {difference:.1e},"
          f" unpaired parameters: {sorted(missing)}", largest <= 1e-3 and difference <= 1e-5 and not missing)


@torch.no_grad()
def their_tokens(model, rows, limit):
    inputs = {key: value.flip(1) for key, value in padded([row[::-1] for row in rows], 2).items()}
    tokens = model.generate(
        **inputs, do_sample=False, min_new_tokens=limit, max_new_tokens=limit, eos_token_id=None, pad_token_id=2)
    return [row[-limit:].tolist() for row in tokens]


@torch.no_grad()
def gaps(model, prompt, tokens):
    """How far the best logit was ahead of the second, at each new token."""
    logits = model(torch.tensor([prompt + tokens])).logits[0, len(prompt) - 1:-1]
    best = logits.topk(2)
    return best.values[:, 0] - best.values[:, 1], best.indices


def check_greedy(name, model, prompts, ours, theirs):
    equal = ties = 0
    errors, closest = [], float("inf")
    for prompt, mine, peer in zip(prompts, ours, theirs):
        gap, best = gaps(model, prompt, peer)
        if mine == peer:
            equal += 1
            closest = min(closest, gap.min().item())
            continue
        place = next((i for i, pair in enumerate(zip(mine, peer)) if pair[0] != pair[1]), min(len(mine), len(peer)))
        is_tie = len(mine) == len(peer) and gap[place] < TIE and mine[place] in best[place]
        ties += is_tie
        if not is_tie:
            errors.append(f"token {place}, logit gap {gap[min(place, len(gap) - 1)]:.1e}")
        else:
            print(f"  a tie: token {place}, logit gap {gap[place]:.1e}")
    check(f"{name}: {equal} of {len(prompts)} prompts give the same {NEW_TOKENS} tokens, {ties} part at a tie"
          f" (below {TIE:.0e}), errors: {errors}; smallest gap that was decided alike {closest:.1e}", not errors)


class Norm64(torch.nn.Module):
    """Llama's normalisation, which `transformers` computes in binary32 whatever the model's precision."""

    def __init__(self, norm):
        super().__init__()
        self.weight, self.epsilon = norm.weight, norm.variance_epsilon

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon)


class Positions64(torch.nn.Module):
    """Llama's plain rotary positions, likewise."""

    def __init__(self, config):
        super().__init__()
        width = config.hidden_size // config.num_attention_heads
        self.frequencies = config.rope_parameters["rope_theta"] ** -(torch.arange(0, width, 2).double() / width)

    def forward(self, _, position_ids):
        angles = (position_ids[..., None].double() * self.frequencies).repeat(1, 1, 2)
        return angles.cos(), angles.sin()


@contextlib.contextmanager
def binary64(model):
    """A copy of a Llama that computes all in binary64: the numbers that two binary32 programs both miss a little."""
    model = copy.deepcopy(model).double()
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if type(child).__name__ == "LlamaRMSNorm":
                setattr(module, name, Norm64(child))
    model.model.rotary_emb = Positions64(model.config)
    softmax = torch.nn.functional.softmax
    torch.nn.functional.softmax = lambda x, dim, dtype=None: softmax(x, dim)
    try:
        yield model
    finally:
        torch.nn.functional.softmax = softmax


def logits_of(model, rows):
    return torch.cat([model(torch.tensor([row])).logits[0] for row in rows])


@torch.no_grad()
def check_smollm2(program, folder, texts, work):
    examples = evenly(encoded(folder, texts, 128), PROMPTS)
    rows = [ids for _, ids in examples]
    model = load("AutoModelForCausalLM", folder)
    theirs = logits_of(model, rows)
    with binary64(model) as exact:
        true = logits_of(exact, rows)
    with Ours(program, "output", folder, work) as ours:
        for name, batch in (("logits", rows), ("logits, from texts by our tokens", [text for text, _ in examples])):
            mine = ours.tensors(batch)["output"]
            compare(f"SmolLM2-135M, {name}, against binary64", mine, true, rows)
            if mine.shape == theirs.shape:
                by_row = (mine - theirs).abs().amax(1)
                print(f"         against binary32: largest difference {by_row.max():.1e}, above {TOLERANCE:.0e} in"
                      f" {int((by_row > TOLERANCE).sum())} of {len(by_row)} rows, median row {by_row.median():.1e};"
                      f" PyTorch's binary32 against binary64: {worst(theirs, true):.1e}", flush=True)
    theirs = their_tokens(model, rows, NEW_TOKENS)
    with Ours(program, "generate", folder, NEW_TOKENS) as ours:
        check_greedy("SmolLM2-135M, greedy, all prompts at once", model, rows, ours.ask(rows)["rows"], theirs)
        one = [ours.ask([row])["rows"][0] for row in rows]
        check_greedy("SmolLM2-135M, greedy, one prompt at a time", model, rows, one, theirs)
        by_text = ours.ask([text for text, _ in examples])["rows"]
        check_greedy("SmolLM2-135M, greedy, from texts by our tokens", model, rows, by_text, theirs)
    with torch.enable_grad():
        check_gradients("SmolLM2-135M", program, folder, "AutoModelForCausalLM", rows[::4], work, binary64)


def check_training(root):
    """Whether the numbers that OptimizerParityTests expects are still what PyTorch gives."""
    folder = root / "Tests" / "TransformerTests" / "OptimizerParity"
    spec = importlib.util.spec_from_file_location("expected", folder / "make-expected.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    kept, made = load_file(folder / "expected.safetensors"), module.expected()
    largest = {kind: 0.0 for kind in (torch.float64, torch.float32, torch.int64)}
    for key in kept.keys() & made.keys():
        scale = max(made[key].abs().max().item(), 1e-6)
        kind = kept[key].dtype if ".losses" not in key or "gpt2" in key else torch.float32
        largest[kind] = max(largest[kind], worst(kept[key], made[key]) / scale)
    check(f"training: the {len(kept)} kept tensors are what PyTorch gives, largest relative difference"
          f" {largest[torch.float64]:.1e} in binary64 (allowed 1e-10), {largest[torch.float32]:.1e} in binary32 (1e-05)",
          kept.keys() == made.keys() and largest[torch.int64] == 0 and largest[torch.float64] <= 1e-10
          and largest[torch.float32] <= 1e-5)


def time_decoding(program, folder, texts, rounds=3):
    """Turn by turn on the same cores; the best of all rounds, prompts included."""
    rows = [ids[:32] for _, ids in encoded(folder, texts, 128) if len(ids) >= 32][:8]
    model = load("AutoModelForCausalLM", folder)
    model.set_attn_implementation("sdpa")  # the faster of theirs
    with Ours(program, "generate", folder, NEW_TOKENS) as ours:
        for count in (1, 8):
            mine, peer = [], []
            for _ in range(rounds):
                mine.append(ours.ask(rows[:count])["seconds"])
                start = time.perf_counter()
                their_tokens(model, rows[:count], NEW_TOKENS)
                peer.append(time.perf_counter() - start)
            rates = [count * NEW_TOKENS / min(times) for times in (mine, peer)]
            print(f"timing   SmolLM2-135M, greedy, {count} × 32 tokens and {NEW_TOKENS} new ones, {THREADS} threads:"
                  f" {rates[0]:.1f} tokens/s, transformers {rates[1]:.1f}, ratio {rates[0] / rates[1]:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("root")
    parser.add_argument("--minilm")
    parser.add_argument("--smollm2")
    parser.add_argument("--timing", action="store_true", help="decoding's speed alone")
    options = parser.parse_args()
    torch.set_num_threads(THREADS if options.timing else 1)
    transformers.utils.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    program = pathlib.Path(options.bin) / "run-model"
    texts = sentences(pathlib.Path(options.root))
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        if options.timing:
            return time_decoding(program, pathlib.Path(options.smollm2), texts)
        check_training(pathlib.Path(options.root))
        for name, folder, run in (
                ("MiniLM-L6", options.minilm, check_minilm), ("SmolLM2-135M", options.smollm2, check_smollm2)):
            if folder:
                run(program, pathlib.Path(folder), texts, work)
            else:
                not_run(name, "the model can't be had here")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
