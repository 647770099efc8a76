"""Our engine beside PyTorch on the same cores in one run, turn by turn: engine.py PROGRAM PYTHON MODELS

PROGRAM is engine-benchmark; PYTHON has torch 2.13.0 and transformers; MODELS holds minilm-l6, smollm2-135m and
gpt2-small-random, those that are missing are reported as not run. Times are the best of all rounds.
"""

import json
import os
import pathlib
import subprocess
import sys

program, python, models = sys.argv[1:4]
here = pathlib.Path(__file__).parent
threads = os.cpu_count()
ROUNDS = 3
CASES = [
    ("minilm-l6", "sequence-classification", 16, 64, 6),
    ("gpt2-small-random", "language-model", 8, 128, 4),
    ("smollm2-135m", "language-model", 4, 128, 2),
]
# (what, our mode, PyTorch's mode, the least ratio)
COMPARISONS = [
    ("forward", "forward", "forward", None),
    ("forward + backward", "gradients", "gradients", 1.2),
    ("full step", "step", "step", None),
    ("masked step / full step", "masked", "step", 2.0),
    ("masked step / frozen step", "masked", "frozen", 1.5),
]


def measure(command, case, mode):
    folder, task, count, length, repeats = case
    arguments = [str(pathlib.Path(models) / folder), task, count, length, mode, repeats, threads]
    result = subprocess.run(
        command + [str(argument) for argument in arguments], check=True, capture_output=True, text=True)
    return json.loads(result.stdout)


def merge(runs):
    best = min(runs, key=lambda run: run["best"])
    return best | {"memory": max(run["memory"] for run in runs)}


def torch_is_there():
    return subprocess.run([python, "-c", "import torch, transformers"], capture_output=True).returncode == 0


def make_random_gpt2(folder):
    if (folder / "model.safetensors").exists():
        return
    code = (
        "import sys, torch, transformers; torch.manual_seed(1);"
        "transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=8192, n_embd=384, n_layer=6,"
        "n_head=6, n_positions=512, bos_token_id=1, eos_token_id=2)).save_pretrained(sys.argv[1])")
    subprocess.run([python, "-c", code, str(folder)], check=True, capture_output=True)


def main():
    has_torch = torch_is_there()
    if has_torch:
        make_random_gpt2(pathlib.Path(models) / "gpt2-small-random")
    for case in CASES:
        name, task, count, length, _ = case
        if not (pathlib.Path(models) / name / "model.safetensors").exists():
            print(f"{name}: not run (the model is not there)")
            continue
        print(f"\n{name}, {task}, {count} × {length} tokens, {threads} threads")
        ours, theirs = {}, {}
        for _ in range(ROUNDS):
            for mode in ("forward", "gradients", "step", "masked"):
                ours.setdefault(mode, []).append(measure([program], case, mode))
            if has_torch:
                for mode in ("forward", "gradients", "step", "frozen"):
                    theirs.setdefault(mode, []).append(
                        measure([python, str(here / "engine-pytorch.py")], case, mode))
        ours = {mode: merge(runs) for mode, runs in ours.items()}
        theirs = {mode: merge(runs) for mode, runs in theirs.items()}
        rate = lambda run: count * length / run["best"]
        print(f"  {'':28} {'ours':>10} {'PyTorch':>10} {'ratio':>7} {'least':>6}   memory, ours / PyTorch")
        for what, our_mode, their_mode, least in COMPARISONS:
            mine, peer = ours[our_mode], theirs.get(their_mode)
            if peer is None:
                print(f"  {what:28} {rate(mine):8.0f}/s   PyTorch: not run (not installed)")
                continue
            ratio, memory = rate(mine) / rate(peer), mine["memory"] / peer["memory"]
            print(
                f"  {what:28} {rate(mine):8.0f}/s {rate(peer):8.0f}/s {ratio:7.2f} {least or '':>6}"
                f"   {mine['memory'] / 1e6:.0f} / {peer['memory'] / 1e6:.0f} MB = {memory:.2f}")
        for mode in ("gradients", "masked"):
            run = ours[mode]
            print(
                f"  {mode}: {run['productShare']:.0%} of the time in products, at"
                f" {run['productGigaflops']:.0f} GFLOP/s ({run['core']}; limit below)")
        loaded = ours["gradients"]
        print(
            f"  load: {loaded['load'] * 1e3:.0f} ms, {loaded['memoryAfterLoad'] / 1e6:.0f} MB resident"
            f" after it, {loaded['parameters'] * 4 / 1e6:.0f} MB of parameters in binary32")
    limit = json.loads(subprocess.run(
        [program, "limit", str(threads)], check=True, capture_output=True, text=True).stdout)
    print(f"\nlimit: OpenBLAS multiplies 1024 × 1024 matrices at {limit['gigaflops']:.0f} GFLOP/s"
          f" on {threads} threads")


main()
