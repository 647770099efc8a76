"""Makes docs/facts.md and docs/facts.svg from the records of `Experiments/facts`.

    python3 facts.py FOLDER-OF-RECORDS PAGE PILOT-SEED "RATE..." SEED...

Every number of the page stands in a record; nothing is typed in. Means over seeds, with the least and the largest.
"""

import collections
import hashlib
import json
import pathlib
import sys

from facts_tuning import ABOVE_ORACLE, RETAIN, chosen, trials
from plot import draw
from records import cell, head, number, row

work, page = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
pilot, rates, seeds = sys.argv[3], sys.argv[4].split(), sys.argv[5:]
STEPS = (0, 1, 2, 5, 10, 20, 40)
ROWS = {
    "mlr": "learned mask, 10%",
    "warm": "learned, warm start",
    "retain": "of the retain term",
    "retain-warm": "of the retain term, warm start",
    "heads": "learned, heads alone",
    "filters": "learned, filters alone",
    "random": "random mask, 10%",
    "all": "all units",
}
SETS = {"countries": "Countries", "quiz": "Quiz facts"}


def path(name, group, seed, record):
    return work / f"{name}-{group}-{seed}.{record}" / "evaluation.json"


# The original and the oracle are those of the learned mask's records.
MODELS = {"original": ("mlr", "before"), "oracle": ("mlr", "oracle")} | {title: (name, "after") for name, title in ROWS.items()}


def values(group, model, record, *args, **kwargs):
    name, subject = MODELS[model]
    return [number(path(name, group, s, record), subject, *args, **kwargs) for s in seeds]


def column(group, title, record, *args, digits=2, **kwargs):
    return title, [cell(values(group, model, record, *args, **kwargs), digits) for model in MODELS]


def distance(group, part):
    """The oracle's is its distance to the oracle of another seed."""
    title, cells = f"JS {part}", []
    for model in MODELS:
        if model != "oracle":
            found = values(group, model, "evaluate", "oracle-distance", part=part)
        elif len(seeds) > 1:
            found = [number(path("floor", group, s, "evaluate"), "after", "oracle-distance", part=part) for s in seeds]
        else:
            found = None
        cells.append(cell(found, 3) if found else "–")
    return title, cells


def table(models, columns):
    lines = [head(["model"] + [title for title, _ in columns])]
    lines += [row([model] + [cells[index] for _, cells in columns]) for index, model in enumerate(models)]
    return "\n".join(lines)


def made(name, group, seed):
    """What `create` said of a row's patch."""
    return json.loads((work / f"{name}-{group}-{seed}.create.log").read_text())


def units(name, group, seed):
    found = made(name, group, seed)["units"]["layers"]
    return {(layer["layer"], kind, unit) for layer in found for kind in ("heads", "filters") for unit in layer[kind]}


def selections(group):
    counts, parameters = ["none", "–"], ["0", "–"]
    for name in ROWS:
        of = sorted({tuple(sum(unit[1] == kind for unit in units(name, group, s)) for kind in ("heads", "filters")) for s in seeds})
        counts.append("; ".join(f"{heads} heads, {filters} filters" for heads, filters in of))
        parameters.append("; ".join(map(str, sorted({made(name, group, s)["units"]["parameters"] for s in seeds}))))
    return [("units", counts), ("parameters", parameters)]


def known(group, model, seed):
    """Whether each forget fact is known, with the fact."""
    name, subject = MODELS[model]
    facts = [json.loads(line) for line in (work / "data" / group / "forget.jsonl").read_text(encoding="utf-8").splitlines()]
    lines = (work / f"{name}-{group}-{seed}.evaluate" / "examples.jsonl").read_text().splitlines()
    right = {}
    for line in map(json.loads, lines):
        if line["examples"] == "forget" and line["subject"] == subject:
            right[line["index"]] = float(line["values"]["accuracy:teacher-forced-exact"])
    if sorted(right) != list(range(len(facts))):
        raise SystemExit(f"{name}-{group}-{seed}: {len(right)} of {len(facts)} forget facts have a value")
    return [(fact, right[index]) for index, fact in enumerate(facts)]


def averages(group, model, seed, by):
    parts = collections.defaultdict(list)
    for fact, right in known(group, model, seed):
        parts[fact[by]].append(right)
    return {part: sum(some) / len(some) for part, some in parts.items()}


def mean(some):
    some = list(some)
    return sum(some) / len(some)


def subjects(group):
    of = {model: [averages(group, model, s, "subject") for s in seeds] for model in MODELS}
    count = len(of["oracle"][0])
    whole = "countries" if group == "countries" else "topics"
    return [
        ("mean of " + whole, [cell([mean(one.values()) for one in of[m]]) for m in MODELS]),
        ("the most known one", [cell([max(one.values()) for one in of[m]]) for m in MODELS]),
        (f"{whole} with a fact left, of {count}", [cell([sum(v > 0 for v in one.values()) for one in of[m]], 1) for m in MODELS]),
    ]


def kinds(group, by):
    names = list(averages(group, "oracle", seeds[0], by))
    counts = collections.Counter(fact[by] for fact, _ in known(group, "oracle", seeds[0]))
    return [
        (f"{name}, {counts[name]}", [cell([averages(group, model, s, by)[name] for s in seeds]) for model in MODELS])
        for name in sorted(names)
    ]


def tuning(group):
    lines = [head(["row"] + rates)]
    for name, title in ROWS.items():
        some = trials(work, group, name, rates)
        best = chosen(some)
        cells = []
        for one in some:
            text = f"{one.forget:.2f} / {one.retain:.3f} / {one.distance:.3f}"
            if one is best:
                text = f"**{text}**" + ("†" if one in (some[0], some[-1]) else "") + ("" if one.meets_both else "‡")
            cells.append(text)
        lines.append(row([title] + cells))
    return "\n".join(lines)


def overlap(group, name, other):
    return cell([len(units(name, group, s) & units(other, group, s)) / len(units(name, group, s)) for s in seeds])


def held(group, model, step):
    return values(group, model, "relearn", "relearning-accuracy", f"held.step-{step}.", part="forget")


def relearning(group):
    columns = [("before" if step == 0 else "1 step" if step == 1 else f"{step} steps", [cell(held(group, m, step)) for m in MODELS]) for step in STEPS]
    last = f"step-{STEPS[-1]}."
    columns.append(column(group, "gain", "relearn", "relearning-gain", f"held.accuracy.{last}", part="forget"))
    for title, step in (("loss before", "step-0."), ("loss after", last)):
        columns.append(column(group, title, "relearn", "relearning-loss", f"held.{step}", part="forget"))
    columns.append(
        column(group, "on its own", "relearn", "relearning-accuracy", f"leaked(4-fold).{last}", part="forget")
    )
    return columns


def rounding(group):
    columns = []
    for bits in (8, 4):
        condition = f"weights.rtn{bits}.per-output"
        for part in ("forget", "retain"):
            title = f"{part} accuracy, {bits} bits"
            columns.append(column(group, title, "quantise", "accuracy", part=part, condition=condition))
    return columns


record = {group: json.loads(path("mlr", group, seeds[0], "evaluate").read_text())["configuration"] for group in SETS}
n = {group: {k: v["examples"] for k, v in record[group]["data"].items()} for group in SETS}
digest = hashlib.sha256(b"".join((work / "data" / g / "train.jsonl").read_bytes() for g in SETS)).hexdigest()
whole = made("all", "countries", seeds[0])["units"]["model"]
countries = len({json.loads(line)["subject"] for line in (work / "data/countries/train.jsonl").read_text().splitlines()})
gone = len(averages("countries", "oracle", seeds[0], "subject"))

parts = [f"""# Facts about countries, and quiz facts

Made by `make facts` from run records; no number of a table is typed in. Real facts, and two small models that learned
nothing else: GPT-2 of {whole["layers"]} layers, {whole["layers"] * whole["headsPerLayer"]} heads and {whole["layers"] * whole["filtersPerLayer"]} filters in all, {whole["parameters"]} parameters, trained from nothing on one
wording of each fact. Not all facts of the sources are used: that keeps the run to half an hour of one core.

| | countries | quiz facts |
|---|---|---|
| source | the Python package countryinfo 1.0.1, MIT | the quiz of BSD's games (Debian's package bsdgames), BSD |
| trained on | {countries} countries: capital, subregion, demonym, currency, language, population, area | one question each: capitals, flowers of states and what flowers mean, elements, Latin words |
| forgotten | {gone} whole countries, {n["countries"]["forget"]} facts | {n["quiz"]["forget"]} facts, drawn at random |
| kept | {n["countries"]["retain"]} facts | {n["quiz"]["retain"]} facts |
| never shown | {n["countries"]["test"]} facts of {gone} other countries | {n["quiz"]["test"]} facts |

`scripts/fetch-facts.sh` fetches the facts and checks their digests, `Experiments/facts-data.py` chooses; SHA-256 of what is
trained on begins with {digest[:16]}. For each set targets of seeds {", ".join(seeds)}, each with an oracle that was trained without the
forget set from another seed; seeds change target, oracle, order of examples and the random mask, not what is forgotten.
Gradient difference, forget weight 0.25, {made("mlr", "countries", seeds[0])["notes"][-2].split("ended")[0].split("update")[1].strip(" ,")} of AdamW of 16 forget and 16 retain examples, rate falling to 0, an
example left alone once its loss is above the oracle's. Masks have just under a tenth of the heads, of the filters, or of
each; so rows differ in how many parameters they change, which the tables tell. 'Learned': `--mask mlr`, with both terms of
its objective, searched to a local optimum; 'warm start': the units of the highest scores, not searched; 'of the retain
term': `--score retain-only`. Cells: mean over seeds (least to largest). Accuracy: every token of the answer is the first
choice. Program: {record["countries"]["tool"]}.
"""]
reading = pathlib.Path(__file__).with_name("facts-reading.md")
# What people read in the tables is of one run; a quick run has other numbers.
if len(seeds) == 3:
    parts.append(reading.read_text().strip() + "\n")
parts.append(f"""## Rates

Chosen on the target of seed {pilot}, which is in no other table: forget accuracy / retain accuracy / distance to the oracle (JS
of forget and retain set). Bold: nearest to the oracle, of the rates that keep retain accuracy at {RETAIN} at least and bring
forget accuracy to {ABOVE_ORACLE} above the oracle's at most. ‡: no rate does both, so the one that keeps {RETAIN} and whose forget
accuracy is nearest to the oracle's. †: an edge of the grid, beyond which nothing was tried.
""")
for group, title in SETS.items():
    oracle = trials(work, group, "mlr", rates)[0].oracle
    parts.append(f"{title} (the oracle knows {oracle:.2f} of the forget set):\n\n{tuning(group)}\n")
for group, title in SETS.items():
    parts.append(f"""## {title}, before any attack

JS: Jensen-Shannon divergence to the oracle in nats, mean over labels, then over facts; the oracle's own is its distance
to the oracle of another seed, the least that can be expected. AUC: loss of the forget against the test set. Truth ratio:
TOFU's, nearer to 1 where right answers and five wrong ones are told apart less.
""")
    evaluate = [
        column(group, "forget accuracy", "evaluate", "accuracy", part="forget"),
        column(group, "forget probability", "evaluate", "probability", part="forget"),
        column(group, "truth ratio", "evaluate", "truth-ratio", "geometric.closer-to-one", part="forget"),
        column(group, "AUC", "evaluate", "membership-auc", "loss"),
        column(group, "retain accuracy", "evaluate", "accuracy", part="retain", digits=3),
        column(group, "test accuracy", "evaluate", "accuracy", part="test"),
        distance(group, "forget"),
        distance(group, "retain"),
    ]
    parts.append(table(MODELS, selections(group) + evaluate))
    parts.append(f"""
Of the units {overlap(group, "mlr", "warm")} are those of the warm start with both terms, {overlap(group, "retain", "retain-warm")} with the
retain term alone; {overlap(group, "mlr", "retain")} of the two searched masks are the same.
""")
    if group == "countries":
        parts.append("Forget accuracy by country (each counts the same), then by what is asked, with the number of facts:\n")
        parts.append(table(MODELS, subjects(group)) + "\n")
        parts.append(table(MODELS, kinds(group, "attribute")) + "\n")
    else:
        parts.append("Forget accuracy by topic (each counts the same), then each topic, with the number of facts:\n")
        parts.append(table(MODELS, subjects(group)) + "\n")
        parts.append(table(MODELS, kinds(group, "topic")) + "\n")
parts.append(f"""## Relearning

Accuracy on forget facts that the attacker does not have, after so many steps of AdamW at 1e-3 on three quarters of the
forget set, all weights; each quarter is held out in turn. Quarters are drawn over facts: of a country whose facts are
held out, the attacker has others. Gain and loss (nats) are of the held-out facts, after {STEPS[-1]} steps; the last column is
accuracy on the attacker's own facts then.

![Held-out accuracy by steps of relearning]({page.with_suffix(".svg").name})
""")
for group, title in SETS.items():
    parts.append(f"{title}:\n\n{table(MODELS, relearning(group))}\n")
parts.append("""## Rounding of weights

Round to nearest, one scale for each output of each linear map.
""")
for group, title in SETS.items():
    parts.append(f"{title}:\n\n{table(MODELS, rounding(group))}\n")
parts.append("""## What this can't show

The facts are real, the models are not: they were trained from nothing on these sentences alone, in one wording each, and
know strings. Nothing here carries over to pretrained models, in which facts hang together and are known in many ways; other
wordings were not asked for. One method, one sparsity, one size of model, one choice of what is forgotten. Rows have
different numbers of parameters. With this few seeds ranges are told and nothing is tested for significance; the forget sets
are small, so one fact is more than a hundredth. A rate that is best for one pilot target need not be for others. The
oracle that limits the unlearning is the one that it is compared with. One strength of relearning is shown: a stronger
attacker may bring back more. Attackers who know the patch and the base model have both models and need no attack.
""")
# Ten lines: the ranges are in the tables.
curves = {
    title: {m: [(mean(held(group, m, step)),) * 3 for step in STEPS] for m in MODELS} for group, title in SETS.items()
}
# A line that lies on another everywhere is not seen.
if all(one[ROWS["warm"]] == one[ROWS["mlr"]] for one in curves.values()):
    for one in curves.values():
        del one[ROWS["warm"]]
draw(
    page.with_suffix(".svg"),
    "Accuracy on held-out forget facts by steps of relearning",
    "steps of relearning",
    [(f"{title}: held-out forget facts known", STEPS, one) for title, one in curves.items()],
    # What is learned alike has one colour; dashes are warm starts.
    given={
        ROWS["mlr"]: ("#2f81f7", "", "circle"),
        ROWS["warm"]: ("#2f81f7", "5 4", "circle"),
        ROWS["retain"]: ("#d2569b", "", "circle"),
        ROWS["retain-warm"]: ("#d2569b", "5 4", "circle"),
        ROWS["heads"]: ("#a371f7", "", "square"),
        ROWS["filters"]: ("#1a9c6b", "", "square"),
        ROWS["random"]: ("#e5534b", "", "triangle"),
        ROWS["all"]: ("#c98a1b", "", "diamond"),
    },
)
page.write_text("\n".join(parts))
print(page)
