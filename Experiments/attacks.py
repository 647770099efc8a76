"""Makes docs/attacks.md and its plot from the records of `Experiments/attacks`.

    python3 attacks.py FOLDER-OF-RECORDS PAGE SEED...

Every number of the page stands in a record; nothing is typed in. Means over seeds, with the least and the largest.
"""

import json
import pathlib
import sys

from plot import draw
from records import cell, head, number, row

work, page = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
seeds = sys.argv[3:]
masks = {"mlr": "learned mask, 10%", "random": "random mask, 10%", "all": "all units"}


def path(mask, seed, attack):
    return work / f"{mask}-{seed}.{attack}" / "evaluation.json"


def rows(attack, *args, **kwargs):
    """One row for each model: the original and the oracle are those of the learned mask's records."""
    yield "original", cell([number(path("mlr", s, attack), "before", *args, **kwargs) for s in seeds])
    yield "oracle", cell([number(path("mlr", s, attack), "oracle", *args, **kwargs) for s in seeds])
    for mask, title in masks.items():
        yield title, cell([number(path(mask, s, attack), "after", *args, **kwargs) for s in seeds])


def relearned(attack):
    """Accuracy on held facts by steps, for the plot: mean, least and largest."""
    curves = {}
    for name, mask, subject in [("original", "mlr", "before"), ("oracle", "mlr", "oracle")] + [
        (title, mask, "after") for mask, title in masks.items()
    ]:
        curves[name] = []
        for step in relearning_steps:
            found = [
                number(path(mask, s, attack), subject, "relearning-accuracy", f"held.step-{step}.", part="forget")
                for s in seeds
            ]
            curves[name].append((sum(found) / len(found), min(found), max(found)))
    return curves


def table(columns):
    """Columns of (title, list of (model, text))."""
    models = [name for name, _ in columns[0][1]]
    lines = [head(["model"] + [title for title, _ in columns])]
    for index, model in enumerate(models):
        lines.append(row([model] + [cells[index][1] for _, cells in columns]))
    return "\n".join(lines)


def column(title, *args, **kwargs):
    return title, list(rows(*args, **kwargs))


record = json.loads(path("mlr", seeds[0], "evaluate").read_text())
configuration = record["configuration"]
n = {k: v["examples"] for k, v in configuration["data"].items()}
relearning_steps = [0, 1, 2, 5, 10, 20]
parts = []
parts.append(f"""# Attacks on what was forgotten

Made by `make attacks` from run records; no number of a table is typed in. {len(seeds)} targets (seeds {", ".join(seeds)}), each with
an oracle that was trained without the forget set from another seed. A small model of invented people; {n["forget"]}
forget, {n["retain"]} retain, {n["test"]} test examples. Gradient difference, forget
weight 0.25, 100 AdamW steps of 16 forget and 16 retain examples, rate falling to 0, an example left alone once its
loss is above the oracle's; learned mask at 1.6e-2, random mask at 3.2e-2, all units at 8e-3: the rates that `results.md`
found for steps of 32 retain examples, not tuned anew here. Cells: mean over seeds (least to largest). Program: {configuration["tool"]}.

""")
reading = pathlib.Path(__file__).with_name("attacks-reading.md")
# What people read in the tables is of one run; a quick run has other numbers.
if len(seeds) == 3:
    parts.append(reading.read_text().strip() + "\n")
parts.append("## Before any attack\n")
parts.append(
    table(
        [
            column("forget accuracy", "evaluate", "accuracy", part="forget"),
            column("retain accuracy", "evaluate", "accuracy", part="retain"),
            column("extraction strength", "evaluate", "extraction-strength", "esExact", part="forget"),
            column("exact memorisation", "evaluate", "exact-memorization", part="forget"),
            column("ROUGE-L of forget answers", "evaluate", "rouge", part="forget"),
        ]
    )
)
parts.append("""
## Membership

AUC of the forget against the test set: 1 memorised, 0 over-forgotten; to be compared with the oracle's, not with ½.
""")
parts.append(
    table(
        [
            column(title, "membership", "membership-auc", variant)
            for title, variant in [
                ("LOSS", "loss"),
                ("zlib", "zlib"),
                ("Min-K 40%", "min-k("),
                ("Min-K++ 40%", "min-k++("),
                ("gradient norm", "gradient-norm"),
            ]
        ]
    )
)
parts.append("""
## Relearning

Accuracy on forget facts that the attacker does not have, before and after 20 steps of AdamW at 1e-3: trained on three
quarters of the forget set (each quarter is held out in turn), and on the retain set alone.

""" + f"![Held forget facts known, by steps of relearning]({page.with_suffix('.svg').name})\n")
draw(
    page.with_suffix(".svg"),
    "Accuracy on forget facts that the attacker does not have, by steps of relearning",
    "steps",
    [
        ("trained on the other forget facts", relearning_steps, relearned("relearn")),
        ("trained on the retain set", relearning_steps, relearned("benign")),
    ],
)
parts.append(
    table(
        [
            column("before", "relearn", "relearning-accuracy", "held.step-0.", part="forget"),
            *[
                column(f"{step} steps", "relearn", "relearning-accuracy", f"held.step-{step}.", part="forget")
                for step in relearning_steps[1:]
            ],
            column("gain", "relearn", "relearning-gain", "held.accuracy.step-20", part="forget"),
        ]
    )
)
parts.append("\nBenign text (the retain set):\n")
parts.append(
    table(
        [
            column("before", "benign", "relearning-accuracy", "held.step-0.", part="forget"),
            column("5 steps", "benign", "relearning-accuracy", "held.step-5.", part="forget"),
            column("20 steps", "benign", "relearning-accuracy", "held.step-20.", part="forget"),
        ]
    )
)
parts.append("""
## Rounding of weights

Round to nearest, one scale for each output of each linear map.
""")
columns = []
for bits in (8, 4):
    condition = f"weights.rtn{bits}.per-output"
    columns.append(column(f"forget accuracy, {bits} bits", "quantise", "accuracy", part="forget", condition=condition))
    columns.append(column(f"retain accuracy, {bits} bits", "quantise", "accuracy", part="retain", condition=condition))
parts.append(table(columns))
parts.append("""
## Other wordings

Exact memorisation of the forget answers after the question was changed.
""")
changes = ["paraphrase", "lowercase", "unpunctuated", "typos", "polite", "distraction"]
present = {m.get("condition") for m in json.loads(path("mlr", seeds[0], "prompts").read_text())["measurements"]}
parts.append(
    table(
        [column("as trained", "prompts", "exact-memorization", part="forget")]
        + [
            column(change, "prompts", "exact-memorization", part="forget", condition=f"prompt.{change}")
            for change in changes
            if f"prompt.{change}" in present
        ]
    )
)
missing = [c for c in changes if f"prompt.{c}" not in present]
if missing:
    parts.append(f"\nNot run, for the questions have no such form: {', '.join(missing)}.\n")
parts.append("""
## Many answers

Expected largest ROUGE-L recall among k answers drawn at temperature 1 (16 drawn).
""")
parts.append(
    table(
        [column(f"k = {k}", "sample", f"leak@{k}", "rougeL.recall(stem)", part="forget") for k in (1, 4, 16)]
    )
)
parts.append("""
## What this can't show

One invented data set and one small model, trained from nothing: nothing here carries over to pretrained models, where
facts hang together and paraphrases generalise. Facts of one person share its name, so held-out facts are independent
only as far as the inventor made them so. Seeds change target, oracle and attack together; with this few, ranges are
told and nothing is tested for significance. The oracle that ended the unlearning is the one that it is compared with.
Attackers who know the patch and the base model have both models and need no attack.
""")
page.write_text("\n".join(parts))
print(page)
