"""The peer of engine-benchmark: engine-pytorch.py FOLDER TASK BATCH LENGTH MODE REPEATS THREADS

Modes as there; `frozen` is a step in which only the layers' linear maps are trained, which is as far as PyTorch
can freeze where every layer has some trained units.
"""

import json
import re
import resource
import sys
import time

import torch
import transformers

folder, task, count, length, mode, repeats, threads = sys.argv[1:]
count, length, repeats = int(count), int(length), int(repeats)
torch.set_num_threads(int(threads))
torch.manual_seed(1)

kinds = {
    "language-model": transformers.AutoModelForCausalLM,
    "sequence-classification": transformers.AutoModelForSequenceClassification}
start = time.perf_counter()
model = kinds[task].from_pretrained(folder, dtype=torch.float32).train(False)
load = time.perf_counter() - start

tokens = torch.randint(3, model.config.vocab_size, (count, length))
labels = torch.arange(count) % 2 if task == "sequence-classification" else tokens
if mode == "frozen":
    for name, parameter in model.named_parameters():
        is_linear = parameter.ndim == 2 and re.search(r"\.(layer|layers|h)\.\d+\.", name)
        parameter.requires_grad_(bool(is_linear))
trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-6, weight_decay=0.01)


def once():
    if mode == "forward":
        with torch.no_grad():
            model(tokens, labels=labels)
        return
    optimizer.zero_grad(set_to_none=False)
    model(tokens, labels=labels).loss.backward()
    if mode != "gradients":
        optimizer.step()


once()
times = []
for _ in range(repeats):
    start = time.perf_counter()
    once()
    times.append(time.perf_counter() - start)
times.sort()
print(json.dumps({
    "best": times[0], "median": times[len(times) // 2], "load": load,
    "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "version": torch.__version__}))
