"""Makes the data, the tokenizer and the config.json of `Experiments/classification`.

    python3 classification-data.py LINES.jsonl FOLDER CLASSES TRAIN TEST ENTRIES [CLASS]

Of the CLASSES most frequent labels, TRAIN and TEST sentences, as many of each label; a tenth of the training sentences is
to be forgotten, or those of CLASS, a label as it is numbered in LINES. Which sentence goes where is decided by its digest,
so that it depends on neither order nor seed. The tokenizer is a WordPiece one of ENTRIES, learned from the training text.
"""

import collections
import hashlib
import json
import pathlib
import re
import sys
import unicodedata

source, folder = map(pathlib.Path, sys.argv[1:3])
classes, train_count, test_count, entries = map(int, sys.argv[3:7])
forgotten = int(sys.argv[7]) if len(sys.argv) > 7 else None
special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def split(text):
    """The words of a text as BertNormalizer and BertPreTokenizer see them: lower case, no accents, punctuation alone."""
    text = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
    return re.findall(r"[^\W_]+|[^\s]", text)


def learn(texts):
    """The most frequent pair of neighbours becomes a piece, until there are enough; of equal ones the first by name."""
    counts = collections.Counter(word for text in texts for word in split(text))
    words = {word: [c if i == 0 else "##" + c for i, c in enumerate(word)] for word in counts}
    pieces = special + sorted({piece for parts in words.values() for piece in parts})
    pairs, where = collections.Counter(), collections.defaultdict(set)

    def count(word, sign):
        for pair in zip(words[word], words[word][1:]):
            pairs[pair] += sign * counts[word]
            where[pair].add(word)

    for word in words:
        count(word, 1)
    while len(pieces) < entries and pairs:
        pair = min(pairs, key=lambda p: (-pairs[p], p))
        if pairs[pair] < 2:
            break
        joined = pair[0] + pair[1][2:]
        pieces.append(joined)
        for word in where.pop(pair):
            count(word, -1)
            parts, old = [], words[word]
            for piece in old:
                if parts and (parts[-1], piece) == pair:
                    parts[-1] = joined
                else:
                    parts.append(piece)
            words[word] = parts
            count(word, 1)
        del pairs[pair]
    return list(dict.fromkeys(pieces))


def tokenizer(pieces):
    added = [
        {"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for i, t in enumerate(special)
    ]
    single = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    end = [{"SpecialToken": {"id": "[SEP]", "type_id": 0}}]
    second = [{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}]
    named = {t: {"id": t, "ids": [special.index(t)], "tokens": [t]} for t in ("[CLS]", "[SEP]")}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": single + end,
            "pair": single + end + second,
            "special_tokens": named,
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {piece: index for index, piece in enumerate(pieces)},
        },
    }


def config(pieces):
    return {
        "architectures": ["BertForSequenceClassification"],
        "model_type": "bert",
        "num_hidden_layers": 3,
        "num_attention_heads": 8,
        "hidden_size": 64,
        "intermediate_size": 256,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0,
        "attention_probs_dropout_prob": 0,
        "initializer_range": 0.05,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": 64,
        "type_vocab_size": 2,
        "pad_token_id": 0,
        "vocab_size": len(pieces),
    }


def digest(line):
    return hashlib.sha256(line["sentence"].encode()).digest()


lines = [json.loads(line) for line in source.read_text().splitlines()]
frequent = sorted(label for label, _ in collections.Counter(line["label"] for line in lines).most_common(classes))
train, test = [], []
for label in frequent:
    drawn = sorted((line for line in lines if line["label"] == label), key=digest)
    size, held = train_count // classes, test_count // classes
    if len(drawn) < size + held:
        sys.exit(f"{source}: {len(drawn)} sentences of label {label}; {size + held} are needed")
    train += drawn[:size]
    test += drawn[size : size + held]
train.sort(key=lambda line: hashlib.sha256(b"order" + digest(line)).digest())
tenth = [line for index, line in enumerate(train) if index < len(train) // 10]
rest = train[len(tenth) :]
sets = {"train": train, "test": test, "random.forget": tenth, "random.retain": rest, "random.test": test, "random.like": test}
if forgotten is not None:
    sets |= {
        "class.forget": [line for line in train if line["label"] == forgotten],
        "class.retain": [line for line in train if line["label"] != forgotten],
        # What a model without the class should still do, and what is like the class but was never seen.
        "class.test": [line for line in test if line["label"] != forgotten],
        "class.like": [line for line in test if line["label"] == forgotten],
    }
pieces = learn(line["sentence"] for line in train)
folder.mkdir(parents=True, exist_ok=True)
for name, lines in sets.items():
    text = "".join(
        json.dumps({"sentence": line["sentence"], "label": frequent.index(line["label"])}) + "\n" for line in lines
    )
    (folder / f"{name}.jsonl").write_text(text)
write = lambda name, value: (folder / name).write_text(json.dumps(value, indent=1) + "\n")
write("tokenizer.json", tokenizer(pieces))
write("config.json", config(pieces))
