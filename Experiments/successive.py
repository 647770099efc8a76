"""Makes docs/successive-forgetting.md from the records of `Experiments/successive`.

    python3 successive.py FOLDER-OF-RECORDS PAGE REQUESTS SEED...

Every number of the page stands in a record; nothing is typed in. Means over seeds, with the least and the largest.
"""

import base64
import json
import pathlib
import sys

from records import cell, head, number, row

work, page, requests = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
seeds = sys.argv[4:]


def path(seed, request, former):
    return work / f"model-{seed}-{request}.forget-{former}" / "evaluation.json"


def drift(seed, request, variant, part=None):
    bundle = json.loads((work / f"model-{seed}-{request}.patch.safetensors.sigstore.json").read_text())
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    found = [
        m
        for m in statement["predicate"]["metrics"]["recorded"]
        if m["name"] == "drift" and m["variant"] == variant and m.get("part") == part
    ]
    return float(found[0]["value"])


def over(function, digits=2):
    return cell([function(seed) for seed in seeds], digits)


steps = range(1, requests + 1)


def former_requests(subject):
    """Accuracy on the facts of each request so far, after each request."""
    lines = [head(["after request"] + [f"request {former}" for former in steps])]
    for request in steps:
        cells = [
            over(lambda s: number(path(s, request, former), subject, "accuracy", part="forget")) for former in steps[:request]
        ]
        lines.append(row([str(request)] + cells + [""] * (requests - request)))
    return lines


reading = pathlib.Path(__file__).with_name("successive-reading.md")
lines = [
    f"""# Forgetting again and again

Made by `make successive` from run records; no number of a table is typed in. {requests} requests one after the other, two invented
people each (16 facts), each from the model that the request before left; {len(seeds)} targets (seeds {", ".join(seeds)}). After each
request an oracle is trained from another seed without anyone who has asked so far. Gradient difference on the 10% of heads
and filters that the learned mask chooses anew each time, as in `attacks.md`; each request is a patch of its own. The
retain set holds those who ask later, until they ask. Cells: mean over seeds (least to largest).
""",
    # What people read in the tables is of one run; a quick run has other numbers.
    reading.read_text().strip() + "\n" if requests == 5 and len(seeds) == 3 else "",
    """## What was to be forgotten, asked again

Accuracy on the facts of each request (columns), after each request (rows). A number that rises down a column is
content that came back.
""",
    *former_requests("after"),
    "\nThe same facts under the oracle of the row:\n",
    *former_requests("oracle"),
]
lines += [
    """
## What was to be kept, and how far the model has come

Distance: Jensen–Shannon divergence from the row's oracle, in nats, on the latest request's facts and on what is kept.
Drift: against the target.
""",
    head(
        [
            "after request",
            "retain accuracy",
            "oracle's",
            "distance, forget",
            "distance, retain",
            "retain loss risen by",
            "moved, share of length",
        ]
    ),
]
for request in steps:
    lines.append(
        row(
            [
                str(request),
                over(lambda s: number(path(s, request, request), "after", "accuracy", part="retain")),
                over(lambda s: number(path(s, request, request), "oracle", "accuracy", part="retain")),
                over(lambda s: number(path(s, request, request), "after", "oracle-distance", part="forget"), 3),
                over(lambda s: number(path(s, request, request), "after", "oracle-distance", part="retain"), 3),
                over(lambda s: drift(s, request, "loss-rise-since-start", "retain"), 3),
                over(lambda s: drift(s, request, "parameters.l2.relative"), 3),
            ]
        )
    )
lines.append("""
## What this can't show

One invented data set and one small model trained from nothing. The oracle that ends each update is the one that the
row is compared with. Five requests of two people say nothing of hundreds. Rates are those of `attacks.md`, found for one
request of ten people, and were not tuned for smaller ones.
""")
page.write_text("\n".join(lines))
print(page)
