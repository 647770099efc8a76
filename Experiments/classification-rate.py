"""The rate whose pilot is nearest to retraining, by the mean of the four gaps; of equal ones the first.

    python3 classification-rate.py PREFIX-OF-RECORDS RATE...
"""

import pathlib
import sys

from records import number

prefix, rates = sys.argv[1], sys.argv[2:]
gap = lambda rate: number(
    pathlib.Path(f"{prefix}-{rate}.evaluate/evaluation.json"), "after", "gap-to-retrain", "mean-of-4"
)
print(min(rates, key=gap))
