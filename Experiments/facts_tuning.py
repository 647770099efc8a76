"""Which rate a row of `Experiments/facts` gets, from the trials on the pilot target.

    python3 facts_tuning.py FOLDER-OF-RECORDS SET ROW RATE...

One rule for all rows: of the rates that keep retain accuracy at 0.95 at least and bring forget accuracy to 0.05 above
the oracle's at most, the one that ends nearest to the oracle (Jensen-Shannon, forget and retain set). Without the second
condition what forgot nothing would win: an oracle is about as far from one that is right as from one that is wrong in
a way of its own. Where no rate meets both, of those that keep what is to be kept the one whose forget accuracy is nearest
to the oracle's; where none does, the one that keeps most.
"""

import json
import pathlib
import sys

RETAIN = 0.95
ABOVE_ORACLE = 0.05


class Trial:
    def __init__(self, work, group, row, rate):
        self.rate = rate
        metrics = json.loads((work / f"pilot-{group}-{row}-{rate}.json").read_text())["metrics"]

        def value(subject, name, part):
            (found,) = [m for m in metrics if (m["subject"], m["name"], m.get("part")) == (subject, name, part)]
            return float(found["value"])

        self.forget = value("after", "accuracy", "forget")
        self.retain = value("after", "accuracy", "retain")
        self.oracle = value("oracle", "accuracy", "forget")
        self.distance = value("after", "oracle-distance", "forget") + value("after", "oracle-distance", "retain")

    @property
    def keeps(self):
        return self.retain >= RETAIN

    @property
    def meets_both(self):
        return self.keeps and self.forget <= self.oracle + ABOVE_ORACLE


def trials(work, group, row, rates):
    return [Trial(work, group, row, rate) for rate in rates]


def chosen(some):
    """The best trial; of equal ones the first, which has the smallest rate."""
    if both := [one for one in some if one.meets_both]:
        return min(both, key=lambda one: one.distance)
    if keeping := [one for one in some if one.keeps]:
        return min(keeping, key=lambda one: abs(one.forget - one.oracle))
    return max(some, key=lambda one: one.retain)


if __name__ == "__main__":
    work, group, row, *rates = sys.argv[1:]
    print(chosen(trials(pathlib.Path(work), group, row, rates)).rate)
