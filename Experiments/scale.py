"""Makes docs/scale.md and its plot from the records of `Experiments/scale`.

    python3 scale.py FOLDER-OF-RECORDS PAGE "SIZE..." SEED...

Every number of the page stands in a record; nothing is typed in. Means over seeds, with the least and the largest.
"""

import pathlib
import sys

from plot import draw
from records import cell, head, number, row

work, page = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
sizes, seeds = sys.argv[3].split(), sys.argv[4:]
masks = {"mlr": "learned mask, 10%", "random": "random mask, 10%", "all": "all units"}
# The oracle is that of the learned mask's records.
models = {"oracle": ("mlr", "oracle")} | {title: (mask, "after") for mask, title in masks.items()}
facts = 8


def values(model, size, record, *args, **kwargs):
    mask, subject = models[model]
    return [number(work / f"{mask}-{s}-{size}.{record}" / "evaluation.json", subject, *args, **kwargs) for s in seeds]


def table(record, *args, digits=2, of=models, **kwargs):
    lines = [head(["model"] + [f"{size} people" for size in sizes])]
    for model in of:
        lines.append(row([model] + [cell(values(model, size, record, *args, **kwargs), digits) for size in sizes]))
    return "\n".join(lines)


def curves(record, *args, **kwargs):
    found = {model: [values(model, size, record, *args, **kwargs) for size in sizes] for model in models}
    return {model: [(sum(v) / len(v), min(v), max(v)) for v in points] for model, points in found.items()}


gain = ("relearn", "relearning-gain", "held.accuracy.step-20")
plot = page.with_suffix(".svg")
draw(
    plot,
    "Facts known, and facts that relearning brings back, by the size of the forget set",
    "people forgotten at once",
    [
        ("retained facts known", sizes, curves("evaluate", "accuracy", part="retain")),
        (
            "held forget facts known after relearning",
            sizes,
            curves("relearn", "relearning-accuracy", "held.step-20.", part="forget"),
        ),
    ],
)
reading = pathlib.Path(__file__).with_name("scale-reading.md")
page.write_text(
    "\n".join(
        [
            f"""# Forget sets of growing size

Made by `make scale` from run records; no number of a table is typed in. {", ".join(sizes[:-1])} and {sizes[-1]} of 60 invented people
({facts} facts each) are forgotten at once, from the same targets; {len(seeds)} targets (seeds {", ".join(seeds)}), and for each size an oracle that
was trained without them from another seed. Gradient difference as in `attacks.md`, at the rates that `results.md` found for ten
people: 100 steps of 16 forget and 16 retain examples whatever the size. MUSE asks this of methods as 'scalability': what is
kept when more is forgotten. Cells: mean over seeds (least to largest).

![Facts known by the size of the forget set]({plot.name})
""",
            # What people read in the tables is of one run; a quick run has other numbers.
            reading.read_text().strip() + "\n" if len(sizes) == 4 and len(seeds) == 3 else "",
            "## What is kept\n\nAccuracy on all who are not forgotten.\n",
            table("evaluate", "accuracy", part="retain"),
            "\nJensen–Shannon divergence from the oracle on the same, in nats:\n",
            table("evaluate", "oracle-distance", part="retain", digits=3, of=masks.values()),
            "\n## What is forgotten\n\nAccuracy on the forget set.\n",
            table("evaluate", "accuracy", part="forget"),
            "\nJensen–Shannon divergence from the oracle on the same:\n",
            table("evaluate", "oracle-distance", part="forget", digits=3, of=masks.values()),
            "\n## What comes back\n\nGain in accuracy on a quarter of the forget set after 20 steps of AdamW at 1e-3 on the rest, each quarter in turn.\n",
            table(*gain, part="forget"),
            """
## What this can't show

One invented data set and one small model trained from nothing. A third of the people is the most that was forgotten; facts do not
hang together here, so that one person's can go without another's. Steps and rates are those of ten people: they may be too few
for more, and are more than enough for fewer. The oracle that ends each update is the one that the row is compared with. Two
people have 16 facts: one fact is 0.06.
""",
        ]
    )
)
print(page)
