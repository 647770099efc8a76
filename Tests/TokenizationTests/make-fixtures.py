"""Trains tiny tokenizers of every kind and records what the reference makes of varied lines.

Needs the `tokenizers` package (0.23 made what is committed). Writes Fixtures/NAME.json, a tokenizer, and
Fixtures/NAME.expected.json for it. The training of the reference is not deterministic, so the files change with each
run; what must not change is that the tests pass with them.
"""
import base64
import json
import pathlib
import struct

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEXT = """
The quick brown fox jumps over the lazy dog. It's what they'd say: "we're done", don't you think? I'm sure she'll come.
In 1984 there were 12,345 people; in 2024, 67,890. A naïve café owner's résumé — façade, jalapeño, Zürich, Ångström.
Der Fußgängerübergang liegt neben der Straße. Les élèves étudient à l'école où l'été s'achève. El niño comió piñata.
Съешь же ещё этих мягких французских булок, да выпей чаю. Ёжик в тумане. Київ, Їжак, ґанок.
Η γρήγορη αλεπού πηδά πάνω από το τεμπέλικο σκυλί. Ὅμηρος ᾠδή.
敏捷的棕色狐狸跳过了懒狗。今天天气很好，我们去公园吧。東京都は日本の首都です。カタカナとひらがな。ﾊﾝｶｸ
다람쥐 헌 쳇바퀴에 타고파. 안녕하세요 세계. ประเทศไทยอยู่ในเอเชีย สวัสดีครับ
السلام عليكم ورحمة الله. العَرَبِيَّةُ لُغَةٌ جميلة. שלום עולם, שָׁלוֹם. हिन्दी में लिखना अच्छा लगता है। தமிழ் மொழி
def main(argc, argv): return [x**2 for x in range(10) if x % 2 == 0]  # comment\tand a tab
Emoji: 😀 👍🏽 👩‍👩‍👧‍👦 🇩🇪 ❤️ and signs ™ © ½ ² ﬁ Ⅷ ㎏ ① € £ ¥ § ¶ … „quoted“ ‹x›
"""

LINES = [
    "", " ", "  ", "a", "Hello, world!", "The quick brown fox jumps over the lazy dog.",
    "It's what they'd say: we're done, don't you think? I'M SURE SHE'LL COME.", "  leading and trailing  ",
    "many     spaces    here", "tab\tand\ttab", "line\nbreak", "line\r\nbreak\r\n", "\n\n\nthree", "a\u00a0b\u2003c\u3000d",
    "12345 3.14159 1,000,000 0x1F 2nd", "²³¹ ½ Ⅷ ① ٣٤٥ १२३", "naïve café résumé façade", "nai\u0308ve cafe\u0301 re\u0301sume\u0301",
    "Zürich Ångström Ÿ ẞ ß İstanbul ıI ǅ", "A\u030angstro\u0308m \u1e69 s\u0323\u0307 s\u0307\u0323 q\u0307\u0323",
    "Съешь же ещё этих мягких французских булок", "Киї\u0306в и\u0306 й", "Η γρήγορη αλεπού ΣΊΣΥΦΟΣ Ὅμηρος",
    "敏捷的棕色狐狸跳过了懒狗。", "東京都は日本の首都です。 ﾊﾝｶｸ ｶﾞ", "a中b文c", "다람쥐 헌 쳇바퀴에 타고파", "\u1112\u1161\u11ab 한",
    "السلام عليكم ورحمة الله", "العَرَبِيَّةُ لُغَةٌ", "שָׁלוֹם עולם", "हिन्दी में लिखना", "ประเทศไทย สวัสดี", "தமிழ் மொழி",
    "😀 👍🏽 👩‍👩‍👧‍👦 🇩🇪 ❤️", "x😀y", "e\u0301\u0327\u0323 combining", "\u0301starts with a mark", "a\u200db\u200cc\u00adsoft",
    "control\x00\x01\x1f\x7f\x85end", "\ufefffeff and \ufffd", "zero\u200bwidth\u2060joiner", "™ © ﬁ ﬀ ㎏ ℌ ∑ ﷺ",
    "[CLS] special [SEP] inside [MASK] text", "<s>start</s> <unk> <pad>", "<|endoftext|>after<|endoftext|>", "x[MASK]y [MASK] z",
    "word newtoken newtokens anewtoken newtoken, newtoken", "NewToken NEWTOKEN", "  [MASK]  spaces  [MASK]", "a<s><s>b",
    "https://example.org/path?q=1&r=2#frag", "user.name+tag@example.com", "snake_case camelCase kebab-case __init__",
    "if (x != y) { return -1; } // done", "\"quoted\" 'single' «guillemets» „low“ —dash–", "...!!!???,,,;;;", "$100 + 50% = €150",
    "supercalifragilisticexpialidocious" * 4, "ab" * 70, "\U0001d54f\U00010400\U0001f9d1\u200d\U0001f680 \U000e0001",
    "▁already ▁marked▁text", "Ġbyte Ċ letters Ģ", "<0x41> <0x0A> looks like bytes", "do not  ' n't 'm 's 've 're .",
]
PAIRS = [("Hello, world!", "How are you?"), ("", "second only"), (" first  ", ""), ("naïve [SEP]", "12345 cafe\u0301")]

GPT2 = "<|endoftext|>"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def charsmap(rules):
    """A `precompiled_charsmap`: a double array over the keys' bytes, and the replacements."""
    replacements, places = b"", {}
    for key, value in sorted(rules.items()):
        places[key.encode()] = len(replacements)
        replacements += value.encode() + b"\0"
    root = {}
    for key, place in places.items():
        node = root
        for byte in key:
            node = node.setdefault(byte, {})
        node[0] = place
    units, used = {}, {0}

    def put(node, position):
        base = 1
        while any((base ^ label) in used for label in node):
            base += 1
        used.update(base ^ label for label in node)
        units[position] = units.get(position, 0) | (position ^ base) << 10 | (256 if 0 in node else 0)
        for label, child in sorted(node.items()):
            if label == 0:
                units[base] = 1 << 31 | child
            else:
                units[base ^ label] = label
                put(child, base ^ label)

    put(root, 0)
    size = (max(units) | 255) + 1
    trie = b"".join(struct.pack("<I", units.get(position, 0)) for position in range(size))
    return struct.pack("<I", len(trie)) + trie + replacements


CHARSMAP = charsmap({
    "ﬁ": "fi", "ﬀ": "ff", "½": "1⁄2", "²": "2", "㎏": "kg", "①": "1", "\u3000": " ", "\u00a0": " ", "\t": " ", "\n": " ",
    "\r": " ", "\u200b": " ", "\u0001": "", "\u007f": "", "ｶﾞ": "ガ", "e\u0301": "é", "a\u030a": "å", "A\u030a": "Å", "…": "...", "\ufeff": "",
    "Ⅷ": "VIII", "ﷺ": "صلى الله عليه وسلم",
})


def train(tokenizer, trainer, text=TEXT):
    tokenizer.train_from_iterator(text.split("\n"), trainer)
    return tokenizer


def byte_level(pre_tokenizer, normalizer=None, size=400, special=(GPT2,), **options):
    tokenizer = Tokenizer(models.BPE(**options))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    return train(tokenizer, trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(special), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False))


def split_then_bytes(pattern):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def template(tokenizer, single, pair, *names):
    tokenizer.post_processor = processors.TemplateProcessing(
        single=single, pair=pair, special_tokens=[(name, tokenizer.token_to_id(name)) for name in names])


def gpt2():
    tokenizer = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False))
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def roberta():
    tokenizer = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True), special=("<s>", "<pad>", "</s>", "<unk>", "[MASK]"))
    tokenizer.add_special_tokens([AddedToken("[MASK]", lstrip=True)])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", tokenizer.token_to_id("</s>")), ("<s>", tokenizer.token_to_id("<s>")), True, True)
    return tokenizer


def llama3():
    tokenizer = byte_level(split_then_bytes(LLAMA3), ignore_merges=True)
    template(tokenizer, GPT2 + " $A", f"{GPT2} $A {GPT2}:1 $B:1", GPT2)
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=True, add_prefix_space=False), tokenizer.post_processor])
    return tokenizer


def qwen():
    return byte_level(split_then_bytes(QWEN), normalizers.NFC())


def o200k():
    return byte_level(split_then_bytes(O200K))


def smollm():
    return byte_level(pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]))


def byte_normalizer():
    tokenizer = byte_level(pre_tokenizers.Split(Regex(r"\s+"), "merged_with_next"), normalizers.ByteLevel())
    tokenizer.add_tokens([AddedToken("newtoken", normalized=True), AddedToken("café", normalized=True)])
    return tokenizer


BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def llama2(fuse=True):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=fuse, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    train(tokenizer, trainers.BpeTrainer(
        vocab_size=500, special_tokens=["<unk>", "<s>", "</s>"] + BYTES, limit_alphabet=90, show_progress=False))
    # Bytes are no special tokens in real files.
    data = json.loads(tokenizer.to_str())
    data["added_tokens"] = data["added_tokens"][:3]
    tokenizer = Tokenizer.from_str(json.dumps(data))
    template(tokenizer, "<s> $A", "<s> $A <s>:1 $B:1", "<s>")
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return tokenizer


def gemma():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    train(tokenizer, trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<pad>", "<unk>", "<s>"], limit_alphabet=80, show_progress=False))
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return tokenizer


def bpe_suffix():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace(Regex(r"\s+"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.BPEDecoder("</w>")
    return train(tokenizer, trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<unk>"], end_of_word_suffix="</w>", limit_alphabet=80, show_progress=False))


def bpe_prefix():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", continuing_subword_prefix="##"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("contiguous")])
    tokenizer.decoder = decoders.WordPiece("##", cleanup=False)
    return train(tokenizer, trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<unk>"], continuing_subword_prefix="##", limit_alphabet=80, show_progress=False))


def bert(lowercase=True, strip_accents=None, limit=100):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=limit))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=strip_accents)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    train(tokenizer, trainers.WordPieceTrainer(
        vocab_size=400, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], limit_alphabet=120, show_progress=False))
    template(tokenizer, "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", "[CLS]", "[SEP]")
    return tokenizer


def bert_cased():
    tokenizer = bert(lowercase=False, limit=20)
    tokenizer.add_tokens([AddedToken("newtoken", single_word=True), AddedToken("café", rstrip=True, normalized=True)])
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", tokenizer.token_to_id("[SEP]")), ("[CLS]", tokenizer.token_to_id("[CLS]")))
    return tokenizer


def unigram(normalizer, pre_tokenizer, byte_fallback=False, size=700):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    train(tokenizer, trainers.UnigramTrainer(
        vocab_size=size, special_tokens=["<unk>", "<s>", "</s>"] + (BYTES if byte_fallback else []), unk_token="<unk>",
        show_progress=False), TEXT[:1100] if byte_fallback else TEXT)
    data = json.loads(tokenizer.to_str())
    data["model"]["byte_fallback"] = byte_fallback
    data["added_tokens"] = data["added_tokens"][:3]
    return Tokenizer.from_str(json.dumps(data))


def xlmr():
    precompiled = normalizers.Precompiled(CHARSMAP)
    tokenizer = unigram(
        normalizers.Sequence([precompiled, normalizers.Replace(Regex(" {2,}"), " ")]),
        pre_tokenizers.Metaspace(prepend_scheme="always"))
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    template(tokenizer, "<s> $A </s>", "<s> $A </s> </s> $B </s>", "<s>", "</s>")
    return tokenizer


def t5():
    tokenizer = unigram(
        normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Strip(), normalizers.Replace(Regex("^x"), "y")]),
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="first")]),
        byte_fallback=True, size=700)
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="first")])
    return tokenizer


def unigram_whole():
    tokenizer = unigram(
        normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Strip(left=False)]),
        pre_tokenizers.Metaspace(prepend_scheme="never", split=False))
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="never")
    return tokenizer


def word_level():
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.CharDelimiterSplit(" "), pre_tokenizers.Punctuation("merged_with_previous"),
        pre_tokenizers.Digits(individual_digits=False)])
    train(tokenizer, trainers.WordLevelTrainer(vocab_size=200, special_tokens=["<unk>", "<s>"], show_progress=False))
    tokenizer.add_tokens([AddedToken("newtoken", single_word=True, lstrip=True, rstrip=True, normalized=False),
                          AddedToken("NEWTOKENS", normalized=True)])
    tokenizer.add_special_tokens([AddedToken("[MASK]", lstrip=True, rstrip=True)])
    return tokenizer


def splits(behavior, invert):
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "a": 1, " ": 2, "ab": 3}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\-_.,]|\d+|(?=[A-Z])|\bthe\b"), behavior, invert)
    return tokenizer


KINDS = {
    "gpt2": gpt2, "roberta": roberta, "llama3": llama3, "qwen": qwen, "o200k": o200k, "smollm": smollm,
    "byte-normalizer": byte_normalizer, "llama2": llama2, "llama2-unfused": lambda: llama2(False), "gemma": gemma,
    "bpe-suffix": bpe_suffix, "bpe-prefix": bpe_prefix, "bert": bert, "bert-cased": bert_cased,
    "bert-accents": lambda: bert(strip_accents=False), "xlmr": xlmr, "t5": t5, "unigram-whole": unigram_whole,
    "word-level": word_level,
    "split-removed": lambda: splits("removed", False), "split-isolated": lambda: splits("isolated", True),
    "split-contiguous": lambda: splits("contiguous", False), "split-previous": lambda: splits("merged_with_previous", False),
    "split-next": lambda: splits("merged_with_next", False), "split-inverted": lambda: splits("removed", True),
}


def expected(tokenizer, text, pair=None):
    """What the reference gives, offsets as bytes of UTF-8."""
    encoding = tokenizer.encode(text, pair)
    tables = []
    for part in (text, pair or ""):
        table, place = [0], 0
        for character in part:
            place += len(character.encode())
            table.append(place)
        tables.append(table)
    starts, ends = [], []
    for (start, end), sequence in zip(encoding.offsets, encoding.sequence_ids):
        table = tables[sequence or 0]
        starts.append(table[min(start, len(table) - 1)])
        ends.append(table[min(end, len(table) - 1)])
    return {"ids": encoding.ids, "types": encoding.type_ids, "starts": starts, "ends": ends,
            "special": encoding.special_tokens_mask, "text": tokenizer.decode(encoding.ids)}


def main():
    folder = pathlib.Path(__file__).parent / "Fixtures"
    folder.mkdir(exist_ok=True)
    lines = [{"input": [line]} for line in LINES] + [{"input": list(pair)} for pair in PAIRS]
    (folder / "lines.json").write_text(json.dumps([line["input"] for line in lines], ensure_ascii=False) + "\n")
    for name, make in KINDS.items():
        tokenizer = make()
        data = json.loads(tokenizer.to_str())
        (folder / f"{name}.json").write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n")
        tokenizer = Tokenizer.from_file(str(folder / f"{name}.json"))
        answers = [expected(tokenizer, *line["input"]) for line in lines]
        (folder / f"{name}.expected.json").write_text(
            json.dumps(answers, ensure_ascii=False, separators=(",", ":")).replace("},{", "},\n{") + "\n")


if __name__ == "__main__":
    main()
