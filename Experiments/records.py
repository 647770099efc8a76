"""What the pages of the experiments read from run records, and how they write it."""

import base64
import json


def number(path, subject, name, variant=None, part=None, condition=None):
    """The one measurement of an `evaluation.json` that is meant; None where it has no value."""
    found = [
        m
        for m in json.loads(path.read_text())["measurements"]
        if m["subject"] == subject
        and m["name"] == name
        and (variant is None or m.get("variant", "").startswith(variant))
        and m.get("part") == part
        and m.get("condition") == condition
    ]
    if len(found) != 1:
        raise SystemExit(f"{path}: {len(found)} measurements of {subject} {name} {variant} {part} {condition}")
    return float(found[0]["value"]) if "value" in found[0] else None


def statement(bundle):
    """What a signed patch says of itself: the predicate of its statement."""
    envelope = json.loads(bundle.read_text())["dsseEnvelope"]
    return json.loads(base64.b64decode(envelope["payload"]))["predicate"]


def cell(values, digits=2):
    """Mean over seeds, the least and the largest; how many have a value, where not all do."""
    known = [v for v in values if v is not None]
    if not known:
        return "not defined"
    # Adding 0 to what was rounded takes the sign off a zero.
    mean, least, most = (f"{round(v, digits) + 0:.{digits}f}" for v in (sum(known) / len(known), min(known), max(known)))
    text = f"{mean} ({least} to {most})"
    return text if len(known) == len(values) else f"{text}, {len(known)} of {len(values)} seeds"


def row(cells):
    return "| " + " | ".join(cells) + " |"


def head(titles):
    return row(titles) + "\n" + "|---" * len(titles) + "|"
