"""Makes docs/successive-forgetting.md from the records of `Experiments/successive`.

    python3 successive.py FOLDER-OF-RECORDS PAGE REQUESTS SEED...

Every number of the page stands in a record; nothing is typed in. Means over seeds, with the least and the largest.
"""

import base64
import json
import pathlib
import sys

work, page, requests = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
seeds = sys.argv[4:]


def number(seed, request, former, subject, name, part=None, variant=None):
    path = work / f"model-{seed}-{request}.forget-{former}" / "evaluation.json"
    found = [
        m
        for m in json.loads(path.read_text())["measurements"]
        if m["subject"] == subject
        and m["name"] == name
        and m.get("part") == part
        and (variant is None or m.get("variant", "").startswith(variant))
    ]
    if len(found) != 1:
        raise SystemExit(f"{path}: {len(found)} measurements of {subject} {name} {part}")
    return float(found[0]["value"])


def drift(seed, request, variant, part=None):
    bundle = json.loads((work / f"model-{seed}-{request}.patch.safetensors.sigstore.json").read_text())
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    found = [
        m
        for m in statement["predicate"]["metrics"]["recorded"]
        if m["name"] == "drift" and m["variant"] == variant and m.get("part") == part
    ]
    return float(found[0]["value"])


def cell(values, digits=2):
    return f"{sum(values) / len(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def over(function, digits=2):
    return cell([function(seed) for seed in seeds], digits)


def row(cells):
    return "| " + " | ".join(cells) + " |"


def head(titles):
    return row(titles) + "\n" + "|---" * len(titles) + "|"


steps = range(1, requests + 1)
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
    head(["after request"] + [f"request {j}" for j in steps]),
]
for request in steps:
    lines.append(
        row(
            [str(request)]
            + [
                over(lambda s: number(s, request, former, "after", "accuracy", "forget")) if former <= request else ""
                for former in steps
            ]
        )
    )
lines += ["\nThe same facts under the oracle of the row:\n", head(["after request"] + [f"request {j}" for j in steps])]
for request in steps:
    lines.append(
        row(
            [str(request)]
            + [
                over(lambda s: number(s, request, former, "oracle", "accuracy", "forget")) if former <= request else ""
                for former in steps
            ]
        )
    )
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
                over(lambda s: number(s, request, request, "after", "accuracy", "retain")),
                over(lambda s: number(s, request, request, "oracle", "accuracy", "retain")),
                over(lambda s: number(s, request, request, "after", "oracle-distance", "forget"), 3),
                over(lambda s: number(s, request, request, "after", "oracle-distance", "retain"), 3),
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
