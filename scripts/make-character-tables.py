"""Writes Sources/Tokenization/CharacterTables.swift: which code points the reference takes for what.

The reference is the `tokenizers` package, whose parts know different versions of Unicode, so each property is asked
of the part that uses it, one code point at a time. Needs that package; takes minutes.
Usage: make-character-tables.py > Sources/Tokenization/CharacterTables.swift
"""
import unicodedata

from tokenizers import Regex, normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def ranges(predicate):
    found = []
    for c in SCALARS:
        if predicate(c):
            if found and found[-1][1] == c - 1:
                found[-1][1] = c
            else:
                found.append([c, c])
    return found


def removed_by(normalizer):
    return ranges(lambda c: normalizer.normalize_str(chr(c)) == "")


def pieces(splitter, count):
    return ranges(lambda c: len(splitter.pre_tokenize_str("a" + chr(c) + "a")) == count)


def matched_by(pattern):
    splitter = pre_tokenizers.Split(Regex(pattern), "isolated")
    return {c for c in SCALARS if len(splitter.pre_tokenize_str("\0" + chr(c))) == 2}


def bert(**options):
    return normalizers.BertNormalizer(
        **(dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False) | options))


def newer(name):
    """What the reference's patterns know of a category or script beyond Unicode 14."""
    known = matched_by(r"\p{%s}" % name)
    if len(name) <= 2:
        return ranges(lambda c: c in known and not unicodedata.category(chr(c)).startswith(name))
    return ranges(lambda c: c in known and unicodedata.category(chr(c)) == "Cn")


def inert():
    """Code points that later versions of Unicode decompose or reorder, and the reference's normalisers do not."""
    nfd, nfkd = normalizers.NFD(), normalizers.NFKD()
    marks = matched_by(r"\p{M}")

    def is_inert(c):
        if nfkd.normalize_str(chr(c)) != chr(c):
            return False
        if c in marks or unicodedata.combining(chr(c)):
            after, before = nfd.normalize_str("a" + chr(c) + "\u0334"), nfd.normalize_str("a\U0001D16D" + chr(c))
            if len(after) == 3 and after[1] == "\u0334" or len(before) == 3 and before[1] == chr(c):
                return False  # it moves, so its class is known
            return unicodedata.combining(chr(c)) != 0 or unicodedata.category(chr(c)) == "Cn"
        return unicodedata.normalize("NFKD", chr(c)) != chr(c)

    later = [(0x1E030, 0x1E06D), (0x16D68, 0x16D6A), (0x1CCD6, 0x1CCF9), (0xA7F1, 0xA7F1)]  # Unicode 15 to 17
    return ranges(lambda c: is_inert(c) or any(a <= c <= b for a, b in later))


def show(name, comment, table):
    print(f"\n  /// {comment}\n  static let {name}: [UInt32] = [")
    line = "   "
    for a, b in table:
        item = f" {a:#x}, {b:#x},"
        if len(line) + len(item) > 98:
            print(line)
            line = "   "
        line += item
    print(line)
    print("  ]")


assert unicodedata.unidata_version == "14.0.0", "newer() compares with Unicode 14"
print("// Written by scripts/make-character-tables.py.\n")
print("/// Code points by property, as the reference has them: first and last of each range.")
print("enum CharacterTables {", end="")
show("word", "Letters, marks, digits, connectors and joiners: what a word is made of.",
     pieces(pre_tokenizers.Whitespace(), 1))
show("numeric", "Numbers of all kinds.", pieces(pre_tokenizers.Digits(individual_digits=True), 3))
show("punctuation", "Punctuation, and all of ASCII's symbols.", pieces(pre_tokenizers.Punctuation(), 3))
show("removed", "What the cleaning of BERT removes.", removed_by(bert(clean_text=True)))
show("nonspacing", "The nonspacing marks that BERT strips.", removed_by(bert(strip_accents=True)))
show("combining", "The combining marks that StripAccents strips.", removed_by(normalizers.StripAccents()))
show("inert", "What later versions of Unicode decompose or reorder, and the reference does not.", inert())
for name in ["L", "M", "N", "P", "S", "Lu", "Ll", "Lm", "Lo", "Mn", "Mc", "Nd", "No", "Cf", "Pd", "Po", "Sm", "So"]:
    show(f"newer{name}", f"Taken for category {name}, but not by Unicode 14.", newer(name))
for name in ["Han", "Hiragana", "Katakana", "Latin", "Cyrillic", "Arabic"]:
    show(f"newer{name}", f"Assigned after Unicode 14 in the script {name}.", newer(name))
print("}")
