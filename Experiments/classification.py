"""Makes docs/classification.md from the records of `Experiments/classification`.

    python3 classification.py FOLDER-OF-RECORDS PAGE SHADOWS PILOT RATES SEED...

Every number of the tables stands in a record; nothing is typed in. Means over seeds, with the least and the largest.
"""

import json
import pathlib
import sys

from records import cell, head, number, row, statement

work, page = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
shadows, pilot, rates, seeds = int(sys.argv[3]), sys.argv[4], sys.argv[5].split(), sys.argv[6:]
masks = {
    "mlr": "learned mask, 10%",
    "random": "random mask, 10%",
    "heads": "learned mask, 10% of heads alone",
    "filters": "learned mask, 10% of filters alone",
    "all": "all units",
}
cases = {
    "topics-random": "Topics: a random tenth",
    "topics-class": "Topics: a whole class",
    "sentiment-random": "Sentiment: a random tenth",
}
cases = {case: title for case, title in cases.items() if (work / f"{case}-all.rate").exists()}


def path(case, model, seed, kind="evaluate"):
    return work / f"{case}-{model}-{seed}.{kind}" / "evaluation.json"


def rows(case, oracle, *args, kind="evaluate", digits=3, **kwargs):
    """One row for each model; the oracle's numbers, where they are wanted, are those beside the original."""

    def over(model, subject="after"):
        return cell([number(path(case, model, s, kind), subject, *args, **kwargs) for s in seeds], digits)

    yield "original", over("original")
    if oracle:
        yield "oracle", over("original", "oracle")
    if kind != "relearn":
        # Shadow models that unlearned are of one selection of units; a second oracle has none.
        yield "second oracle", "not run" if args[0].startswith("u-lira") else over("second")
    for mask, title in masks.items():
        yield title, over(mask)


def table(columns):
    models = [name for name, _ in columns[0]]
    lines = []
    for index, model in enumerate(models):
        lines.append(row([model] + [column[index][1] for column in columns]))
    return "\n".join(lines)


def effects(case):
    columns = [list(rows(case, True, "accuracy", part=part)) for part in ("forget", "retain", "test")]
    columns.append(list(rows(case, True, "membership-efficacy", part="forget")))
    columns.append(list(rows(case, True, "membership-auc", "loss", kind="membership")))
    titles = ["model", "forget accuracy", "retain accuracy", "test accuracy", "non-members by SVC", "AUC of the loss"]
    return head(titles) + "\n" + table(columns)


def gaps(case):
    columns = [list(rows(case, False, "gap-to-retrain", axis)) for axis in ("UA", "RA", "TA", "MIA", "mean-of-4")]
    titles = ["model", "UA", "RA", "TA", "MIA", "mean of the four, without signs"]
    if case.endswith("-random"):
        for name in ("u-lira-accuracy", "u-lira-auc"):
            columns.append(list(rows(case, False, name, kind="membership", part="forget")))
        titles += ["U-LiRA, accuracy", "U-LiRA, AUC"]
    return head(titles) + "\n" + table(columns)


def relearned(case):
    name = "relearning-accuracy"
    columns = [list(rows(case, True, name, f"held.step-{s}.", kind="relearn", part="forget")) for s in (0, 5, 20)]
    columns.append(list(rows(case, True, "relearning-gain", "held.accuracy.step-20", kind="relearn", part="forget")))
    return head(["model", "before", "5 steps", "20 steps", "gain"]) + "\n" + table(columns)


def changed():
    """What each selection may change, and with which rate; the pilot's gaps beside."""
    lines = [head(["case", "selection", "heads", "filters", "parameters, share"] + [f"gap at {r}" for r in rates] + ["taken"])]
    for case in cases:
        for mask, title in masks.items():
            taken = (work / f"{case}-{mask}.rate").read_text().strip()
            units = [statement(work / f"{case}-{mask}-{s}.patch.safetensors.sigstore.json")["units"] for s in seeds]
            count = lambda kind: {sum(len(layer[kind]) for layer in u["layers"]) for u in units}
            share = "/".join(sorted({f"{100 * float(u['share']):.1f}%" for u in units}))
            gap = [
                f"{number(path(case, f'{mask}-{pilot}', rate), 'after', 'gap-to-retrain', 'mean-of-4'):.3f}" for rate in rates
            ]
            numbers = ["/".join(map(str, sorted(count(kind)))) for kind in ("heads", "filters")]
            lines.append(row([case.replace("-", ", "), title] + numbers + [share] + gap + [taken]))
    return "\n".join(lines)


first = json.loads(path("topics-random", "mlr", seeds[0]).read_text())["configuration"]
labels = (json.loads(line)["label"] for line in (work / "data-topics/train.jsonl").read_text().splitlines())
classes = len(set(labels))
run = lambda name: json.loads((work / f"{name}.run.json").read_text())
target = run(f"topics-target-{seeds[0]}")
made = statement(work / f"topics-random-all-{seeds[0]}.patch.safetensors.sigstore.json")
layers, update = made["units"]["model"], made["method"]["parameters"]["update"]["settings"]


def sizes(case):
    n = json.loads(path(case, "mlr", seeds[0]).read_text())["configuration"]["data"]
    like = json.loads(path(case, "mlr", seeds[0], "membership").read_text())["configuration"]["data"]["test"]["examples"]
    text = f"{n['forget']['examples']} forget, {n['retain']['examples']} retain, {n['test']['examples']} test sentences"
    return text + (f"; AUC against {like} unseen sentences of the class.\n" if case == "topics-class" else ".\n")


def asked(case):
    """How many sentences the attacker does not have, over all turns."""
    record = json.loads(path(case, "mlr", seeds[0], "relearn").read_text())
    return next(m["n"] for m in record["measurements"] if m.get("variant", "").startswith("held.step-0."))


reading = pathlib.Path(__file__).with_name("classification-reading.md")
parts = [
    f"""# Classifiers that forget

Made by `make classification` from run records; no number of a table is typed in. A small BERT ({layers["layers"]} layers, {layers["headsPerLayer"]} heads and
{layers["filtersPerLayer"]} filters each, {target["parameters"]:,} parameters) is trained from nothing to tell topics of WordNet's definitions apart (the
{classes} largest of its 45 lexicographer files, as many of each)""",
    """, another whether a sentence of a product review is favourable
(those that twenty people rated for VADER, at least half a point from neutral)."""
    if "sentiment-random" in cases
    else """. **Sentiment was not run: its sentences could not be fetched.**""",
    f"""
They forget a random tenth of their training sentences, or a whole class (`noun.person`); the oracle is trained without
them from another seed. {len(seeds)} targets (seeds {", ".join(seeds)}). NPO (β {float(update["loss"]["beta"]):g}), {update["steps"]} AdamW steps of {update["batch"]} forget and {update["batch"]} retain sentences,
rate falling to 0, a sentence left alone once its loss is above the oracle's mean. Each selection of units has the rate
that came nearest to retraining (mean of the four gaps) on a pilot's models (seed {pilot}), which no table reports but as the
second oracle and in the last; the list of rates is the same for all. Embeddings, pooler and output map are no units and
stay as they are, for all units too. Cells: mean over seeds (least to largest). Program: {first["tool"]}.

UA is 1 − accuracy on the forget set; RA and TA are the accuracies on retain and test set; MIA is the share of the forget
set that a support vector machine (trained on confidences of retain and test sentences) calls non-member. Gaps are less the
oracle's: 0 is best, and UA is not to be as high as can be. AUC of the loss: forget against unseen sentences, to be
compared with the oracle's. U-LiRA: how well {shadows} shadow models that learned and unlearned the forget set in the same
way, and {shadows} that never saw it, tell the model from the oracle, sentence by sentence; ½ is what exact unlearning gives.
The original's are of shadow models that unlearned nothing. The second oracle, the pilot's, shows how far apart two models
are that both never saw the forget set. Relearning: AdamW at 1e-3 on three quarters of the forget set (each quarter is
held out in turn), then the held quarter is asked. `metrics.md` has the formulas.

""",
]
# What people read in the tables is of one run; a quick run has other numbers.
if len(seeds) == 3 and "sentiment-random" in cases:
    parts.append(reading.read_text().strip() + "\n")
for case, title in cases.items():
    parts.append(f"\n## {title}\n\n{sizes(case)}\n{effects(case)}\n\nGap to retraining:\n\n{gaps(case)}\n")
    if case.endswith("-random"):
        parts.append(f"\nRelearning, accuracy on {asked(case)} held sentences:\n\n{relearned(case)}\n")
parts.append(f"""
## Selections, and how their rates were found

The pilot's mean gap at each rate; the smallest is taken.

{changed()}

## What this can't show

A small model trained from nothing on a few thousand sentences, until it knows nearly all of them: nothing here need hold of a
pretrained BERT. The tokenizer was learned from all training sentences, forgotten ones included, for targets and oracles
alike. The oracle that limits an update is the one that the row is compared with, and the
rates were chosen by an oracle: without one, neither the limit nor the choice can be made. One pilot chooses: for a row whose
gaps at two rates are near each other another pilot may choose otherwise. Seeds change target, oracle and order together; with {len(seeds)} of
them ranges are told and nothing is tested for significance. Which sentences are forgotten, and which class, was drawn once.
{shadows} + {shadows} shadow models are too few for a variance of each sentence's own, so that one is shared: U-LiRA with hundreds may tell models
apart that are not told apart here. It also depends on how alike the shadow models came out, so that its rows are no ranking.
U-LiRA and relearning were not run for the class, and relearning at one rate only. Sentences of one review may stand in
training and test set.
""")
page.write_text("".join(parts))
print(page)
