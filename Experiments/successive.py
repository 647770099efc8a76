"""Makes docs/successive-forgetting.md and its plot from the records of `Experiments/successive`.

    python3 successive.py FOLDER-OF-RECORDS PAGE REQUESTS SEED...

Every number of the page stands in a record; nothing is typed in. Means over seeds, with the least and the largest.
"""

import functools
import json
import pathlib
import sys

from plot import draw
from records import cell, head, number, row, statement

work, page, requests = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
seeds = sys.argv[4:]
steps = range(1, requests + 1)
arms = ["alone", "again"]


def asked(arm, seed, request):
    return work / f"model-{arm}-{seed}-{request}.asked"


@functools.cache
def values(arm, seed, request, subject, name):
    """The values of what was to be forgotten so far, request by request: as many examples for each."""
    found = []
    for line in (asked(arm, seed, request) / "examples.jsonl").read_text().splitlines():
        example = json.loads(line)
        if example["subject"] == subject and example["examples"] == "forget" and "condition" not in example:
            if name in example["values"]:
                found.append((example["index"], float(example["values"][name])))
    found = [value for _, value in sorted(found)]
    count, rest = divmod(len(found), request)
    if not found or rest:
        raise SystemExit(f"{asked(arm, seed, request)}: {len(found)} examples of {request} requests")
    return [found[count * place : count * (place + 1)] for place in range(request)]


def accuracy(arm, seed, request, subject, former):
    facts = values(arm, seed, request, subject, "accuracy:teacher-forced-exact")[former - 1]
    return sum(facts) / len(facts)


def earlier(arm, seed, request, subject):
    """The mean over all requests before the last."""
    known = [accuracy(arm, seed, request, subject, former) for former in range(1, request)]
    return sum(known) / len(known)


def drift(arm, seed, request, variant, part=None):
    said = statement(work / f"model-{arm}-{seed}-{request}.patch.safetensors.sigstore.json")
    found = [
        m
        for m in said["metrics"]["recorded"]
        if m["name"] == "drift" and m["variant"] == variant and m.get("part") == part
    ]
    return float(found[0]["value"])


def evaluated(arm, seed, request, *what, **how):
    return number(asked(arm, seed, request) / "evaluation.json", *what, **how)


def over(function, digits=2):
    return cell([function(seed) for seed in seeds], digits)


def by_request(arm, subject):
    """Accuracy on the facts of each request so far, after each request: means alone, for there are many."""
    lines = [head(["after request"] + [str(former) for former in steps])]
    for request in steps:
        cells = [
            f"{sum(accuracy(arm, s, request, subject, former) for s in seeds) / len(seeds):.2f}" for former in steps[:request]
        ]
        lines.append(row([str(request)] + cells + [""] * (requests - request)))
    return lines


def summary(arm):
    lines = [
        head(
            [
                "after request",
                "earlier requests' facts known",
                "the oracle's",
                "the latest's",
                "the oracle's",
                "retain accuracy",
                "distance, all forgotten",
                "distance, retain",
                "retain loss risen by",
                "moved, share of length",
            ]
        )
    ]
    for r in steps:
        lines.append(
            row(
                [str(r)]
                + [over(lambda s: earlier(arm, s, r, subject)) if r > 1 else "" for subject in ("after", "oracle")]
                + [over(lambda s: accuracy(arm, s, r, subject, r)) for subject in ("after", "oracle")]
                + [
                    over(lambda s: evaluated(arm, s, r, "after", "accuracy", part="retain")),
                    over(lambda s: evaluated(arm, s, r, "after", "oracle-distance", part="forget"), 3),
                    over(lambda s: evaluated(arm, s, r, "after", "oracle-distance", part="retain"), 3),
                    over(lambda s: drift(arm, s, r, "loss-rise-since-start", "retain"), 3),
                    over(lambda s: drift(arm, s, r, "parameters.l2.relative"), 3),
                ]
            )
        )
    return lines


def curve(arm, subject):
    known = [[earlier(arm, s, r, subject) for s in seeds] for r in steps[1:]]
    return [(sum(shares) / len(shares), min(shares), max(shares)) for shares in known]


plot = page.with_suffix(".svg")
curves = {
    "each forget set alone": curve("alone", "after"),
    "all so far, again": curve("again", "after"),
    "oracle": curve("alone", "oracle"),
}
draw(
    plot,
    "Facts of earlier requests that are known, after each request",
    "requests so far",
    [("earlier requests' facts that are known", list(steps[1:]), curves)],
    top=0.5 if max(high for points in curves.values() for _, _, high in points) <= 0.5 else 1.0,
)
reading = pathlib.Path(__file__).with_name("successive-reading.md")
lines = [
    f"""# Forgetting again and again

Made by `make successive` from run records; no number of a table is typed in. {requests} requests one after the other, one invented
person each (8 facts), each from the model that the request before left; {len(seeds)} targets (seeds {", ".join(seeds)}). After each
request an oracle is trained from another seed without anyone who has asked so far. Gradient difference on the 10% of heads
and filters that the learned mask chooses anew each time, as in `attacks.md`; each request is a patch of its own. The
retain set holds those who ask later, until they ask. Two ways: each request's forget set **alone**, or all forget sets so
far **again**. Cells: mean over seeds (least to largest).

![Facts of earlier requests that are known]({plot.name})
""",
    # What people read in the tables is of one run; a quick run has other numbers.
    reading.read_text().strip() + "\n" if requests == 10 and len(seeds) == 3 else "",
]
for arm, title in [("alone", "Each forget set alone"), ("again", "All forget sets so far, again")]:
    lines += [
        f"""## {title}

Distance: Jensen–Shannon divergence from the row's oracle, in nats, on all that was to be forgotten so far and on what is
kept. Drift: against the target.
""",
        *summary(arm),
        """
Facts of each request (columns) that are known after each request (rows), means over seeds. A number that rises down a
column is content that came back.
""",
        *by_request(arm, "after"),
        "",
    ]
lines += [
    """## The same facts under the oracles
""",
    *by_request("alone", "oracle"),
    """
## What this can't show

One invented data set and one small model trained from nothing; eight facts a request, so one request's accuracy comes in
steps of 0.125. The oracle that ends each update is the one that the row is compared with. Ten requests of one person say
nothing of hundreds. Rates are those of `attacks.md`, found for one request of ten people, and were not tuned for smaller
ones. Asking all forget sets again needs them to be kept, which is itself a thing that a person may object to.
""",
]
page.write_text("\n".join(lines))
print(page)
