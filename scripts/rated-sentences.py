"""Turns VADER's rated sentences into JSONL with a label: 1 for a mean rating of at least 0.5, 0 for at most -0.5.

    python3 rated-sentences.py GROUND-TRUTH.txt OUT.jsonl

Each line of the source has an identifier, a mean rating from -4 to 4, and a sentence. Those in between are left out; of
equal sentences the first is kept.
"""

import json
import pathlib
import sys

source, output = map(pathlib.Path, sys.argv[1:3])
seen = set()
with output.open("w", encoding="ascii") as out:
    for line in source.read_text(encoding="ascii").splitlines():
        _, rating, text = line.split("\t", 2)
        rating, text = float(rating), text.strip()
        if abs(rating) >= 0.5 and text and text not in seen:
            seen.add(text)
            print(json.dumps({"sentence": text, "label": int(rating > 0)}), file=out)
