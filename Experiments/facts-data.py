"""Chooses what `Experiments/facts` trains on, asks to forget and never shows, from country_facts.jsonl and
quiz_facts.jsonl. Standard library only; the order of digests decides, so that no version of a random number generator does.

    python3 facts-data.py FOLDER-OF-FACTS FOLDER [--quick]

Writes FOLDER/{countries,quiz}/{train,forget,retain,test}.jsonl, and all texts as JSON strings for the tokenizer.
"""

import hashlib
import json
import pathlib
import sys

facts, folder = map(pathlib.Path, sys.argv[1:3])
quick = "--quick" in sys.argv

# Left out: the region, which the subregion tells; borders and time zones, which are long lists.
ATTRIBUTES = ["capital", "subregion", "demonym", "currencies", "languages", "population", "area"]
# Of quizzes that have more, those whose questions are short and mean one thing.
TOPICS = ["africa", "america", "asia", "europe", "province", "state", "elements", "latin", "flowers"]
# Countries that are trained on; a tenth of them is forgotten, as many more are never shown.
COUNTRIES = 40 if quick else 120
# Quiz facts likewise.
QUIZ = 200 if quick else 600


def read(name):
    return [json.loads(line) for line in (facts / name).read_text(encoding="utf-8").splitlines()]


def shuffled(things, key=str):
    return sorted(things, key=lambda thing: hashlib.sha256(key(thing).encode()).digest())


def split(things, count):
    """Forgotten, retained and unseen ones: a tenth, the rest of `count`, and a tenth more."""
    tenth = count // 10
    if len(things) < count + tenth:
        raise SystemExit(f"facts-data: {len(things)} of the {count + tenth} that are needed")
    return things[:tenth], things[tenth:count], things[count : count + tenth]


def country_facts():
    attributes = {}
    for fact in read("country_facts.jsonl"):
        attributes.setdefault(fact["subject"], {}).setdefault(fact["attribute"], fact)
    whole = [country for country, known in attributes.items() if all(a in known for a in ATTRIBUTES)]
    parts = split(shuffled(whole), COUNTRIES)
    return [[attributes[country][a] | {"kind": a} for country in part for a in ATTRIBUTES] for part in parts]


def quiz_facts():
    answers, chosen = {}, {}
    for fact in read("quiz_facts.jsonl"):
        answers.setdefault(fact["question"], set()).add(fact["answer"])
        # One answer is an accent struck over a letter.
        if fact["topic"] in TOPICS and fact["answer"].isprintable():
            # Two questions of a topic are told apart by their first words.
            kind = fact["topic"] + "." + " ".join(fact["question"].split()[:3])
            chosen.setdefault(fact["question"], fact | {"subject": fact["topic"], "kind": kind})
    return split(shuffled([q for q in chosen if len(answers[q]) == 1]), QUIZ), chosen


def perturbed(fact, others):
    """Five wrong answers of the same form, for the truth ratio."""
    wrong = {o["answer"] for o in others if o["kind"] == fact["kind"]} - {fact["answer"]}
    return fact | {"perturbed_answer": shuffled(wrong, lambda answer: fact["question"] + answer)[:5]}


def write(name, forget, retain, test):
    everything = forget + retain + test
    files = {
        "train": forget + retain,
        "forget": [perturbed(fact, everything) for fact in forget],
        "retain": retain,
        "test": test,
    }
    (folder / name).mkdir(parents=True)
    for part, some in files.items():
        text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in some)
        (folder / name / f"{part}.jsonl").write_text(text, encoding="utf-8")
    return [f"{fact['question']} {fact['answer']}" for fact in everything]


questions, chosen = quiz_facts()
texts = write("countries", *country_facts())
texts += write("quiz", *[[chosen[question] for question in part] for part in questions])
# The unseen ones as well, so that no name is made of rarer pieces than another.
(folder / "texts").write_text("".join(json.dumps(text) + "\n" for text in texts))
