"""Holds Tokenization against the `tokenizers` package: numbers, types, offsets and decoded text of generated lines.

Usage: tokenization.py FOLDER-OF-BUILT-PROGRAMS ROOT [--lines N] [--seed N] [--tokenizer NAME=FILE]... [--text FILE]...
Trains the tokenizers of Tests/TokenizationTests/make-fixtures.py, and one with our own trainer, and checks each on
N lines of mixed scripts (100,000; a tenth for variants of a family), the given texts, and every code point there is.
Tokenizers that are given by a file are checked as well.
"""
import argparse
import importlib.util
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import threading

from tokenizers import Tokenizer

FAMILIES = ["llama3", "smollm", "bert", "llama2", "xlmr"]  # the full number of lines
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
# Blocks that text is written in, so that lines look like text, and parts of Unicode where tables differ.
BLOCKS = [
    (0x20, 0x7E, 30), (0xA0, 0x17F, 6), (0x180, 0x24F, 1), (0x250, 0x2AF, 1), (0x2B0, 0x36F, 3), (0x370, 0x3FF, 3), (0x400, 0x52F, 4),
    (0x531, 0x58F, 1), (0x591, 0x5F4, 2), (0x600, 0x6FF, 4), (0x700, 0x8FF, 1), (0x900, 0x97F, 3), (0x980, 0xDFF, 2),
    (0xE01, 0xE5B, 2), (0xE80, 0xFFF, 1), (0x1000, 0x10FF, 1), (0x1100, 0x11FF, 2), (0x1200, 0x1FFF, 2), (0x2000, 0x206F, 4),
    (0x2070, 0x2BFF, 3), (0x2C00, 0x2FFF, 1), (0x3000, 0x30FF, 4), (0x3100, 0x33FF, 2), (0x3400, 0x4DBF, 1), (0x4E00, 0x9FFF, 6),
    (0xA000, 0xABFF, 1), (0xAC00, 0xD7A3, 4), (0xD7B0, 0xD7FF, 1), (0xE000, 0xE00F, 1), (0xF900, 0xFFFF, 3), (0x10000, 0x12FFF, 2),
    (0x16000, 0x16FFF, 1), (0x1B000, 0x1BCAF, 1), (0x1CC00, 0x1E95F, 2), (0x1EC00, 0x1EEFF, 1), (0x1F000, 0x1FAFF, 4), (0x1FB00, 0x1FBFF, 1),
    (0x20000, 0x323AF, 1), (0xE0001, 0xE01EF, 1), (0xF0000, 0x10FFFD, 1),
]


def generated(dice, words, special):
    """One line: words, code points of one block after another, runs of spaces, marks, digits and special tokens."""
    parts = []
    for _ in range(dice.randint(1, 12)):
        kind = dice.random()
        if kind < 0.45:
            word = dice.choice(words)
            if dice.random() < 0.2:
                word = dice.choice([str.upper, str.capitalize, str.swapcase])(word)
            parts.append(word)
        elif kind < 0.75:
            first, last, _ = dice.choices(BLOCKS, [weight for *_, weight in BLOCKS])[0]
            parts.append("".join(chr(dice.randint(first, last)) for _ in range(dice.randint(1, 8))))
        elif kind < 0.80:
            parts.append(dice.choice("aeiouAEIOUynscqé") + "".join(chr(dice.randint(0x300, 0x36F)) for _ in range(dice.randint(1, 4))))
        elif kind < 0.85:
            parts.append(str(dice.randint(0, 10 ** dice.randint(1, 12))))
        elif kind < 0.90:
            parts.append(dice.choice([" ", "  ", "    ", "\t", "\n", "\r\n", "\n\n", " \n ", "\u00a0", "\u3000", "\u2028", "\x0b", "\x85"]))
        elif kind < 0.93:
            parts.append(dice.choice(special))
        elif kind < 0.96:
            parts.append(dice.choice(["👩‍👩‍👧‍👦", "🇩🇪🇫🇷", "👍🏽", "❤️", "1️⃣", "\u200d", "\ufe0f", "\u0000", "\ufffd", "\ufeff", "▁", "Ġ"]))
        elif kind < 0.98:
            parts.append(dice.choice(["'s", "'t", "'re", "'VE", "n't", "'ſ", "K", "…", "—", "``", "''", "...", "#!", "://"]))
        else:
            parts.append(dice.choice("abcxyz-_=. ") * dice.randint(10, 300))
        if dice.random() < 0.7:
            parts.append(" ")
    return "".join(c for c in "".join(parts) if not 0xD800 <= ord(c) <= 0xDFFF)


def offsets_in_bytes(line, offsets):
    if line.isascii():
        return [start for start, _ in offsets], [end for _, end in offsets]
    table, place = [0], 0
    for character in line:
        code = ord(character)
        place += 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
        table.append(place)
    last = len(table) - 1
    return [table[min(start, last)] for start, _ in offsets], [table[min(end, last)] for _, end in offsets]


def differences(program, path, lines, shown=3):
    """How many lines differ, and how many tokens were compared."""
    reference = Tokenizer.from_file(str(path))
    reference.no_truncation()
    reference.no_padding()
    process = subprocess.Popen([program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def feed():
        for line in lines:
            process.stdin.write(json.dumps(line).encode() + b"\n")
        process.stdin.close()

    threading.Thread(target=feed, daemon=True).start()
    differing = tokens = 0
    for start in range(0, len(lines), 2000):
        batch = lines[start:start + 2000]
        encodings = reference.encode_batch(batch)
        texts = reference.decode_batch([encoding.ids for encoding in encodings])
        for line, encoding, text in zip(batch, encodings, texts):
            starts, ends = offsets_in_bytes(line, encoding.offsets)
            wanted = {"ids": encoding.ids, "types": encoding.type_ids, "starts": starts, "ends": ends, "text": text}
            answer = process.stdout.readline()
            try:
                ours = json.loads(answer)
            except ValueError:
                print(answer)
                return len(lines), tokens
            tokens += len(encoding.ids)
            if ours != wanted:
                differing += 1
                if differing <= shown:
                    for key in wanted:
                        if ours.get(key) != wanted[key]:
                            print(f"  {json.dumps(line)}: {key}: {ours.get(key, ours)} instead of {wanted[key]}")
    return differing, tokens


def decoding_differences(program, path, dice, count=3000):
    """How many of some random lists of numbers are decoded differently."""
    reference = Tokenizer.from_file(str(path))
    size = reference.get_vocab_size()
    lists = [[dice.randrange(size) for _ in range(dice.randint(1, 20))] for _ in range(count)]
    answers = subprocess.run([program, path], input="".join(json.dumps(ids) + "\n" for ids in lists), text=True,
                             capture_output=True, check=True).stdout.split("\n")
    texts = reference.decode_batch(lists, skip_special_tokens=False)
    return sum(json.loads(answer)["text"] != text for answer, text in zip(answers, texts))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("root")
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--tokenizer", action="append", default=[])
    parser.add_argument("--text", action="append", default=[])
    parser.add_argument("--only", action="append", help="a name; others are left out")
    options = parser.parse_args()
    spec = importlib.util.spec_from_file_location(
        "fixtures", pathlib.Path(options.root) / "Tests" / "TokenizationTests" / "make-fixtures.py")
    fixtures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fixtures)

    dice = random.Random(options.seed)
    words = (fixtures.TEXT + " ".join(fixtures.LINES)).split()
    special = ["<|endoftext|>", "[MASK]", "[CLS]", "[SEP]", "<s>", "</s>", "<unk>", "<pad>", "newtoken", "NEWTOKEN", " [MASK] ",
               "<|im_start|>", "<0x41>", "café"]
    lines = [generated(dice, words, special) for _ in range(options.lines)]
    texts = []
    for path in options.text:
        texts += pathlib.Path(path).read_text().split("\n")
    # Every code point once, in short words and alone.
    sweep = ["".join(chr(c) + "a " for c in CODE_POINTS[start:start + 64]) for start in range(0, len(CODE_POINTS), 64)]
    sweep += ["x" + "".join(chr(c) for c in CODE_POINTS[start:start + 7]) for start in range(0, 0x3000, 7)]

    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        entries = [tuple(item.split("=", 1)) for item in options.tokenizer]
        for name, make in fixtures.KINDS.items():
            path = pathlib.Path(folder) / f"{name}.json"
            make().save(str(path))
            entries.append((name, path))
        program = pathlib.Path(options.bin) / "tokenize-lines"
        trained = pathlib.Path(folder) / "trained-by-us.json"
        sample = lines[:2000] + fixtures.TEXT.split("\n") * 3
        subprocess.run([program, "--train", "2000", trained], check=True, text=True,
                       input="".join(json.dumps(line) + "\n" for line in sample))
        entries.append(("trained-by-us", trained))
        given = len(options.tokenizer)
        for index, (name, path) in enumerate(entries):
            if options.only and name not in options.only:
                continue
            if index < given or name in FAMILIES:
                checked = lines + texts + sweep
            else:
                checked = lines[:len(lines) // 10] + texts + sweep[::10]
            differing, tokens = differences(program, path, checked)
            decoded = decoding_differences(program, path, dice)
            good = differing == 0 and decoded == 0
            failed += not good
            print(f"{'ok    ' if good else 'FAILED'} {name}: {len(checked)} lines, {tokens} tokens, {differing} lines differ;"
                  f" 3000 random lists of numbers, {decoded} decoded differently", flush=True)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
