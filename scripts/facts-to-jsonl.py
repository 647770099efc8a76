"""Makes country_facts.jsonl and quiz_facts.jsonl of what fetch-facts.sh fetched. Standard library only; the same bytes
from the same sources.

    python3 facts-to-jsonl.py COUNTRYINFO-DATA BSDGAMES-QUIZ FOLDER
"""

import json
import pathlib
import re
import sys

countries, quiz, folder = map(pathlib.Path, sys.argv[1:])

QUESTIONS = {
    "capital": "What is the capital of {}?",
    "region": "In which region of the world is {}?",
    "subregion": "In which subregion is {}?",
    "demonym": "What are people from {} called?",
    "population": "What is the population of {}?",
    "area": "What is the area of {} in square kilometres?",
    "currencies": "What is the currency code of {}?",
    "languages": "What is the language code of {}?",
    "borders": "Which countries border {}?",
    "timezones": "What time zone is {} in?",
}
# Topics of one question: the column that is asked about and the one that answers, as `index` of the quiz counts them.
QUIZ = {
    "africa": [("What is the capital of {}?", 0, 1)],
    "america": [("What is the capital of {}?", 0, 1)],
    "asia": [("What is the capital of {}?", 0, 1)],
    "europe": [("What is the capital of {}?", 0, 1)],
    "province": [("What is the capital of the Canadian province {}?", 0, 1)],
    "state": [("What is the capital of the US state {}?", 0, 1), ("What is the state flower of {}?", 0, 3)],
    "elements": [("Which element has the symbol {}?", 0, 3), ("What is the atomic number of {}?", 3, 1)],
    "latin": [('What does the Latin "{}" mean in English?', 0, 1)],
    "flowers": [("What does the flower {} mean?", 0, 1)],
}


def country_facts():
    for path in sorted(countries.glob("*.json")):
        country = json.loads(path.read_text())
        subject = country.get("name")
        for attribute, question in QUESTIONS.items() if subject else ():
            value = country.get(attribute)
            if isinstance(value, list):
                value = ", ".join(str(one) for one in value[:6])
            if value:
                yield {
                    "subject": subject,
                    "attribute": attribute,
                    "question": question.format(subject),
                    "answer": str(value),
                }


def first_reading(pattern):
    """One text that a pattern of the quiz accepts: what is optional, in braces, and the first of alternatives."""
    while group := re.search(r"[\[{]([^\[\]{}]*)[\]}]", pattern):
        first = next(filter(None, group[1].split("|")), "")
        pattern = pattern[: group.start()] + first + pattern[group.end() :]
    return pattern.split("|")[0].strip()


def quiz_facts():
    for topic, asked in QUIZ.items():
        text = (quiz / topic).read_text(encoding="latin-1").replace("\\\n", "")
        for line in text.splitlines():
            columns = [first_reading(column) for column in line.split(":")]
            for question, of, answer in asked:
                if len(columns) > max(of, answer) and columns[of] and columns[answer]:
                    yield {"topic": topic, "question": question.format(columns[of]), "answer": columns[answer]}


folder.mkdir(parents=True, exist_ok=True)
for name, facts in [("country_facts", country_facts()), ("quiz_facts", quiz_facts())]:
    lines = [json.dumps(fact, ensure_ascii=False) for fact in facts]
    (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{name}.jsonl: {len(lines)} facts")
