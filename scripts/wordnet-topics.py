"""Turns WordNet 3.0's database into JSONL: definitions, and which of its 45 files of topics each stands in.

    python3 wordnet-topics.py FOLDER-OF-DATA-FILES OUT.jsonl

One line a synset, in the order of the files: {"sentence": "a small knob", "label": 6}. The label is the number of the
lexicographer file (lexnames(5WN)). Examples of use are left out; of equal definitions the first is kept.
"""

import json
import pathlib
import sys

folder, output = map(pathlib.Path, sys.argv[1:3])
seen = set()
with output.open("w", encoding="ascii") as out:
    for part in ("adj", "adv", "noun", "verb"):
        for line in (folder / f"data.{part}").read_text(encoding="utf-8").splitlines():
            # The licence stands above the synsets, each of its lines after two spaces.
            if line.startswith("  "):
                continue
            synset, gloss = line.split(" | ", 1)
            text = gloss.split('; "')[0].strip()
            if text and text not in seen:
                seen.add(text)
                print(json.dumps({"sentence": text, "label": int(synset.split()[1])}), file=out)
