"""Makes Fixtures/kwon-greedy.json: what the original greedy search of Kwon et al. 2022 finds.

Needs torch, and a checkout of the paper's repository (WoosukKwon/retraining-free-pruning at 806ac5a), of which
`prune/rearrange.py` is run as it stands:

    python3 Tests/UnlearningTests/Masks/make-fixtures.py CHECKOUT

Each case is a layer: `gradients` has one row for each mini-batch and one column for each unit, whole numbers, run
in binary64, so that every sum is exact; `kept` is how many units the mask of the warm start keeps, `start` is that
mask, and `mask` what comes out. Cases in which two sums of the search tie are left out: which of two equals is
taken is not defined.
"""

import importlib.util
import json
import pathlib
import sys

import torch

HERE = pathlib.Path(__file__).parent
SIZES = [(6, 2, 3), (8, 3, 4), (12, 4, 6), (12, 1, 5), (16, 8, 2), (24, 6, 20), (40, 4, 9), (64, 16, 5), (96, 10, 32)]


def original(checkout):
    path = pathlib.Path(checkout) / "prune" / "rearrange.py"
    spec = importlib.util.spec_from_file_location("rearrange", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.greedy_rearrange


def correlated(generator, units, batches):
    shared = torch.randn(batches, 2, generator=generator) @ torch.randn(2, units, generator=generator)
    own = torch.randn(batches, units, generator=generator)
    return (200 * (shared + own)).round()


def has_ties(gradients, kept):
    """Whether any choice of the search, followed in whole numbers, has two best answers."""
    columns = gradients.T.to(torch.int64)
    squares = (columns**2).sum(1)
    if squares.unique().numel() < squares.numel():
        return True
    order = squares.argsort().tolist()
    out = order[: len(order) - kept]
    for unit in order[len(order) - kept :]:
        out.append(unit)
        rest = columns[out].sum(0) - columns[out]
        lengths = (rest**2).sum(1)
        if (lengths == lengths.min()).sum() > 1:
            return True
        del out[int(lengths.argmin())]
    return False


def main():
    rearrange = original(sys.argv[1])
    generator = torch.Generator().manual_seed(20220409)
    cases = []
    for units, kept, batches in SIZES:
        while True:
            gradients = correlated(generator, units, batches)
            if not has_ties(gradients, kept):
                break
        # The warm start: the units with the largest squares are kept.
        mask = torch.zeros(units)
        mask[gradients.pow(2).sum(0).argsort(descending=True)[:kept]] = 1
        found = rearrange(mask, gradients.double())
        cases.append({
            "kept": kept, "gradients": gradients.to(torch.int64).tolist(),
            "mask": found.to(torch.int64).tolist(), "start": mask.to(torch.int64).tolist(),
        })
    rows = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (HERE / "Fixtures").mkdir(exist_ok=True)
    (HERE / "Fixtures" / "kwon-greedy.json").write_text('{"cases":[\n' + rows + "\n]}\n")
    moved = sum(case["mask"] != case["start"] for case in cases)
    print(f"{len(cases)} cases, the search changes {moved} masks")


main()
