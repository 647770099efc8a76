"""Holds our verdicts on safetensors files against those of the reference, the `safetensors` package.

Usage: safetensors-fuzz.py FOLDER-OF-BUILT-PROGRAMS ROOT [--files N] [--seed N]
Changes the files of Tests/SafetensorsTests/Vectors and headers made here: bytes flipped, cut, copied, spliced with
another's, members of the JSON reordered, repeated, renamed, their numbers and types exchanged, white space and escapes
put in, lengths made right or wrong. Verdict and rule must be the same, for every file.
"""
import argparse
import json
import pathlib
import random
import struct
import subprocess
import sys
import threading

from safetensors import SafetensorError, deserialize

TYPES = ["BOOL", "F4", "F6_E2M3", "F6_E3M2", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "I16", "U16",
         "F16", "BF16", "I32", "U32", "F32", "C64", "F64", "I64", "U64"]
BITS = dict(zip(TYPES, [8, 4, 6, 6] + [8] * 7 + [16] * 4 + [32] * 3 + [64] * 4))
NAMES = ["a", "b", "weight", "", "é", "e\u0301", "\U0001f642", "a.10", "a.2", "dtype", "shape", "data_offsets", "__metadata__", "\x00", "\x7f",
         "\u2028", "a\"b", "a\\b", "x" * 300]
NUMBERS = [b"0", b"1", b"2", b"3", b"4", b"7", b"8", b"16", b"255", b"-1", b"-0", b"1.0", b"1e0", b"1E2", b"01", b"00", b"0x1", b"+1",
           b"9007199254740993", b"18446744073709551615", b"18446744073709551616", b"9223372036854775807", b"2305843009213693952",
           b"4294967296", b"1e308", b"1e309", b"1e400", b"1e-400", b"0e999999999999", b"1e-99999999999", b"1e99999999999",
           b"179769313486231570e291", b"17976931348623157e292", b"17976931348623158e292", b"1797693134862315708e290",
           b"1" + b"0" * 308, b"1" + b"0" * 309, b"1" + b"0" * 400, b"0." + b"0" * 400 + b"1e420", b"0." + b"0" * 20 + b"1e340",
           b"123456789012345678901234567890.5e280", b"NaN", b"null", b"true", b'"1"', b"[1]", b"", b" 5 ", b"1.", b".5", b"1e", b"1e+", b"-"]
VALUES = [b"null", b"true", b"false", b"{}", b"[]", b'""', b'"x"', b"1", b"[1,2]", b'{"a":null}', b'{"F32":null}', b'{"F32":1}', b"[" * 100 + b"]" * 100,
          b"[" * 126 + b"]" * 126, b"[" * 124 + b"]" * 124, b"[" * 125 + b"]" * 125, b"[" * 127 + b"]" * 127, b"[" * 123 + b"]" * 123,
          b'{"a":' * 60 + b"1" + b"}" * 60, b'["F32",[1],[0,4]]', b'["U8",[],[0,1]]', b'["U8",[],[0,1],1]', b'["U8",[]]',
          b'{"dtype":"U8","shape":[],"data_offsets":[0,1]}', b"tru", b"nul", b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud83d\\ude42"', b'"\\x"', b'"\\u12"',
          b'"\x01"', b'"\xff"', b'"\xc3\xa9"', b'"\xed\xa0\x80"']
SPACE = [b" ", b"\n", b"\t", b"\r", b"  ", b"\x0b", b"\x0c", b"\xc2\xa0", b"\x00", b"\xef\xbb\xbf", b"//x\n", b"/**/"]

# The reference's words for each of our names of a rule.
RULES = [("header too small", "header-too-small"), ("header too large", "header-too-large"), ("invalid header length", "invalid-header-length"),
         ("invalid UTF-8", "header-not-utf8"), ("invalid JSON", "invalid-header-json"), ("invalid offset", "invalid-offset"),
         ("overflow", "size-overflow"), ("subbytes", "partial-byte"), ("invalid shape", "size-mismatch"), ("incomplete metadata", "data-not-covered")]

DATA_RULES = {"invalid-offset", "size-overflow", "partial-byte", "size-mismatch"}


def reference(data):
    try:
        deserialize(data)
        return "ok"
    except SafetensorError as error:
        text = str(error)
        return next((name for words, name in RULES if words in text.split(":")[-1] or words in text), text)


def string(dice, text):
    """A JSON string, now and then with escapes that are not needed."""
    if dice.random() < 0.9:
        return json.dumps(text, ensure_ascii=dice.random() < 0.3).encode()
    return b'"' + b"".join(b"\\u%04x" % ord(c) if ord(c) < 0x10000 else c.encode() for c in text) + b'"'


def made(dice):
    """A valid file: its header as a list of members, and the size of its data."""
    members, offset = [], 0
    names = dice.sample(NAMES[:12] + NAMES[13:], dice.randint(0, 6))
    for name in names:
        kind = dice.choice(TYPES)
        shape = [dice.choice([0, 1, 2, 3, 4, 8]) for _ in range(dice.randint(0, 3))]
        count = 1
        for size in shape:
            count *= size
        while count * BITS[kind] % 8:
            shape.append(4)
            count *= 4
        size = count * BITS[kind] // 8
        fields = [(b'"dtype"', b'"%s"' % kind.encode()), (b'"shape"', json.dumps(shape).encode()),
                  (b'"data_offsets"', b"[%d,%d]" % (offset, offset + size))]
        offset += size
        members.append([string(dice, name), fields])
    dice.random() < 0.3 and dice.shuffle(members)
    if dice.random() < 0.4:
        value = dice.choice([b"null", b"{}", b'{"format":"pt"}', b'{"a":"b","a":"c"}', b'{"a":1}', b'{"a":null}', b"[]", b'{"\\u0061":"\\n"}'])
        members.insert(dice.randint(0, len(members)), [b'"__metadata__"', value])
    return members, offset


def rendered(dice, members):
    """The JSON of members, with changes to its structure."""
    rate = dice.choice([0, 0.03, 0.1])
    hit = lambda: dice.random() < rate
    gap = lambda: dice.choice(SPACE[:5]) if hit() else dice.choice(SPACE) if dice.random() < rate / 8 else b""
    out = []
    members = list(members)
    if members and hit():
        members.append(dice.choice(members))
    if len(members) > 1 and hit():
        members[0] = [members[1][0], members[0][1]]
    for key, fields in members:
        if hit():
            key = string(dice, dice.choice(NAMES))
        if not isinstance(fields, list):
            out.append(gap() + key + gap() + b":" + gap() + (dice.choice(VALUES) if hit() else fields))
            continue
        fields = list(fields)
        if dice.random() < 0.3:
            dice.shuffle(fields)
        if hit():
            fields.insert(dice.randint(0, 3), (dice.choice([b'"x"', b'"dtype"', b'"shape"', b'"data_offsets"', b'"\\u0064type"', b'""']), dice.choice(VALUES + NUMBERS)))
        if hit():
            fields.pop(dice.randrange(len(fields)))
        new = []
        for name, value in fields:
            if hit():
                if name == b'"dtype"':
                    kind = dice.choice(TYPES)
                    value = dice.choice([b'"%s"', b'"%s "', b'{"%s":null}', b'{"%s":{}}', b'["%s"]', b'"x%s"']) % kind.encode()
                    value = dice.choice([value, value.lower(), value.replace(b"F", b"\\u0046")])
                elif value.startswith(b"["):
                    parts = value.strip(b"[]").split(b",")
                    place = dice.randrange(len(parts))
                    if parts[place].strip().isdigit() and dice.random() < 0.4:
                        parts[place] = b"%d" % max(0, int(parts[place]) + dice.choice([-8, -4, -1, 1, 2, 4, 8]))
                    else:
                        parts[place] = dice.choice(NUMBERS)
                    if hit():
                        parts += [dice.choice(NUMBERS)] * dice.randint(1, 2)
                    value = b"[" + b",".join(parts) + b"]"
                else:
                    value = dice.choice(VALUES)
            new.append((name, value))
        if dice.random() < 0.05 + rate / 2:
            order = {b'"dtype"': 0, b'"shape"': 1, b'"data_offsets"': 2}
            entry = b"[" + b",".join(value for _, value in sorted(new, key=lambda f: order.get(f[0], dice.randint(0, 3)))) + b"]"
        else:
            entry = b"{" + b",".join(gap() + name + gap() + b":" + gap() + value + gap() for name, value in new) + b"}"
        if dice.random() < rate / 3:
            entry = dice.choice(VALUES)
        out.append(gap() + key + gap() + b":" + gap() + entry + gap())
    separator = b"," if dice.random() > rate / 4 else dice.choice([b",,", b";", b"", b" "])
    return gap() + b"{" + separator.join(out) + (b"," if dice.random() < rate / 4 else b"") + b"}" + gap()


def with_length(dice, text, data):
    length = len(text)
    if dice.random() < 0.02:
        length = dice.choice([0, 1, length - 1, length + 1, length + data, 100_000_000, 100_000_001, 2**63, 2**64 - 1, 2**64 - 8, length << 56 & (2**64 - 1)])
    if dice.random() < 0.06:
        data = max(0, data + dice.choice([-8, -1, 1, 8]))
    return struct.pack("<Q", length % 2**64) + text + bytes(data)


def mutated(dice, data, others):
    """Bytes with blind changes; most of the time the length is made right again."""
    n = struct.unpack("<Q", data[:8])[0] if len(data) >= 8 else 0
    tail = len(data) - 8 - n if 8 + n <= len(data) else 0
    data = bytearray(data)
    for _ in range(dice.choice([1, 1, 1, 2, 3, 6])):
        action = dice.randrange(9)
        place = dice.randrange(len(data) + 1)
        if action == 0 and place < len(data):
            data[place] ^= 1 << dice.randrange(8)
        elif action == 1 and place < len(data):
            data[place] = dice.choice([dice.randrange(256), *b'{}[]",:0123456789 \\eE.-+\n\0'])
        elif action == 2:
            del data[place:place + dice.choice([1, 1, 2, 4, 16])]
        elif action == 3:
            data[place:place] = bytes(dice.choice(b'{}[]",:0123456789 \\u\n') for _ in range(dice.randint(1, 4)))
        elif action == 4:
            other = dice.choice(others)
            start = dice.randrange(len(other) + 1)
            data[place:place + dice.randint(0, 8)] = other[start:start + dice.randint(1, 60)]
        elif action == 5:
            data[place:place] = data[place:place + dice.randint(1, 80)]
        elif action == 6:
            digits = [i for i, byte in enumerate(data) if 48 <= byte <= 57]
            if digits:
                start = end = dice.choice(digits)
                while end < len(data) and 48 <= data[end] <= 57:
                    end += 1
                data[start:end] = dice.choice(NUMBERS)
        elif action == 7:
            data[place:place] = dice.choice(SPACE)
        else:
            data[place:place] = dice.choice(VALUES)
    if dice.random() < 0.85 and len(data) > 8:
        data[:8] = struct.pack("<Q", max(0, len(data) - 8 - tail))
    return bytes(data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("root")
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    dice = random.Random(options.seed)
    paths = sorted((pathlib.Path(options.root) / "Tests" / "SafetensorsTests" / "Vectors").glob("*.safetensors"))
    corpus = [path.read_bytes() for path in paths]
    seeds = [data for data in corpus if len(data) < 3000]
    process = subprocess.Popen([pathlib.Path(options.bin) / "judge-headers"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    differing, accepted, done, rules = 0, 0, 0, set()
    batch = list(corpus)
    while done < options.files:
        while len(batch) < 5000:
            if dice.random() < 0.6:
                members, size = made(dice)
                data = with_length(dice, rendered(dice, members), size)
                batch.append(mutated(dice, data, seeds) if dice.random() < 0.2 else data)
            else:
                batch.append(mutated(dice, dice.choice(seeds), seeds))
        whole = b"".join(struct.pack("<I", len(data)) + data for data in batch)
        writer = threading.Thread(target=lambda: (process.stdin.write(whole), process.stdin.flush()), daemon=True)
        writer.start()
        for data in batch:
            wanted = reference(data)
            ours = process.stdout.readline().decode().rstrip("\n")
            if not ours:
                print(f"FAILED safetensors: the program ended at file {done}: {data[:300]!r}")
                return 1
            rules.add(wanted)
            accepted += wanted == "ok"
            done += 1
            # Tensors of one range are looked at in an order that the reference leaves to chance.
            if ours != wanted and {ours, wanted} <= DATA_RULES and any(reference(data) == ours for _ in range(100)):
                continue
            if ours != wanted:
                differing += 1
                if differing <= 10:
                    print(f"  {data[:400]!r}: {ours} instead of {wanted}")
        writer.join()
        batch = []
    process.stdin.close()
    good = differing == 0 and process.wait() == 0 and accepted > done // 10 and len(rules) == len(RULES) + 1
    print(f"{'ok    ' if good else 'FAILED'} safetensors: {done} files (seed {options.seed}), {accepted} accepted, {len(rules)} kinds of verdict,"
          f" {differing} differ from the reference's")
    return not good


if __name__ == "__main__":
    sys.exit(main())
