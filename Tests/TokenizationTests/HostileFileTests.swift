import Testing
import Tokenization

/// Files that must end in an error which names the place, and never in a trap.
@Suite("Hostile files") struct HostileFileTests {
  static func file(
    model: String =
      #"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"],"unk_token":null}"#,
    normalizer: String = "null", preTokenizer: String = "null", postProcessor: String = "null",
    decoder: String = "null", added: String = "[]", more: String = ""
  ) -> String {
    #"{"version":"1.0","truncation":null,"padding":null,"added_tokens":\#(added),"#
      + #""normalizer":\#(normalizer),"pre_tokenizer":\#(preTokenizer),"#
      + #""post_processor":\#(postProcessor),"decoder":\#(decoder),"model":\#(model)\#(more)}"#
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    var text: String
    var place: String
    var words: String
    var testDescription: String { "\(place): \(words)" }

    init(_ text: String, _ place: String, _ words: String) {
      (self.text, self.place, self.words) = (text, place, words)
    }
  }

  static func bpe(_ vocabulary: String, _ merges: String) -> String {
    file(model: #"{"type":"BPE","vocab":\#(vocabulary),"merges":\#(merges)}"#)
  }

  static func added(_ members: String) -> String {
    file(
      added:
        #"[{"id":3,"content":"<x>","single_word":false,"lstrip":false,"rstrip":false,"#
        + #""normalized":false,"special":true},{\#(members)}]"#)
  }

  static let faults: [Fault] = [
    Fault("", "$", "ends inside"),
    Fault(String(file().dropLast(20)), "$", "ends inside"),
    Fault("[]", "$.model.vocab", "found nothing"),
    Fault("{}", "$.model.vocab", "found nothing"),
    Fault(String(repeating: "[", count: 100), "$", "nested deeper"),
    Fault(#"{"version":"2.0"}"#, "$.version", #"expected "1.0""#),
    Fault(file(model: #"{"type":"GPT"}"#), "$.model.type", "not supported"),
    Fault(file(more: #","model":{}"#), "$", "given twice"),
    Fault(bpe("[]", "[]"), "$.model.vocab", "expected an object"),
    Fault(bpe(#"{"a":"0"}"#, "[]"), #"$.model.vocab["a"]"#, "expected an integer"),
    Fault(bpe(#"{"a":-1}"#, "[]"), #"$.model.vocab["a"]"#, "found -1"),
    Fault(bpe(#"{"a":1.5}"#, "[]"), #"$.model.vocab["a"]"#, "found 1.5"),
    Fault(bpe(#"{"a":16777216}"#, "[]"), #"$.model.vocab["a"]"#, "expected an integer"),
    Fault(bpe(#"{"a":4294967296}"#, "[]"), #"$.model.vocab["a"]"#, "expected an integer"),
    Fault(
      bpe(#"{"a":99999999999999999999999999}"#, "[]"), #"$.model.vocab["a"]"#,
      "expected an integer"),
    Fault(bpe(#"{"a":1e999}"#, "[]"), "$", "none that a double can hold"),
    Fault(bpe(#"{"a":0,"b":0}"#, "[]"), #"$.model.vocab["b"]"#, "the number 0 is given twice"),
    Fault(bpe(#"{"a":0,"a":1}"#, "[]"), "$", "given twice"),
    Fault(bpe(#"{"a":0,"b":1}"#, #"["a b"]"#), "$.model.merges[0]", #"no token "ab""#),
    Fault(bpe(#"{"a":0}"#, #"["a b"]"#), "$.model.merges[0]", #"no token "b""#),
    Fault(bpe(#"{"a":0,"aa":1}"#, #"["a a","a"]"#), "$.model.merges[1]", "one space"),
    Fault(bpe(#"{"a":0,"aa":1}"#, #"["a a","a a a"]"#), "$.model.merges[1]", "one space"),
    Fault(bpe(#"{"a":0,"aa":1}"#, #"[["a","a"],["a"]]"#), "$.model.merges[1]", "two tokens"),
    Fault(bpe(#"{"a":0}"#, "[7]"), "$.model.merges[0]", "two tokens"),
    Fault(bpe(#"{"a":0}"#, "null"), "$.model.merges", "expected an array"),
    Fault(
      file(model: #"{"type":"BPE","vocab":{},"merges":[],"dropout":0.1}"#), "$.model.dropout",
      "dropout is not supported"),
    Fault(
      file(
        model: #"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"],"#
          + #""continuing_subword_prefix":"abc"}"#), "$.model.merges[0]", "prefix"),
    Fault(
      bpe(#"{"\#(String(repeating: "x", count: 5000))":0}"#, "[]"), "$.model.vocab", "5000 bytes"),
    Fault(
      file(model: #"{"type":"WordPiece","vocab":{},"unk_token":"[UNK]"}"#),
      "$.model.max_input_chars_per_word", "found nothing"),
    Fault(
      file(
        model: #"{"type":"WordPiece","vocab":{},"unk_token":"[UNK]","#
          + #""continuing_subword_prefix":"+","max_input_chars_per_word":-5}"#),
      "$.model.max_input_chars_per_word", "found -5"),
    Fault(
      file(model: #"{"type":"Unigram","vocab":[["a",0]],"unk_id":1}"#), "$.model.unk_id",
      "from 0 to 0"),
    Fault(
      file(model: #"{"type":"Unigram","vocab":[],"unk_id":0}"#), "$.model.unk_id", "no tokens"),
    Fault(
      file(model: #"{"type":"Unigram","vocab":[["a","x"]]}"#), "$.model.vocab[0][1]", "a number"),
    Fault(
      file(model: #"{"type":"Unigram","vocab":[["a",0],["a",1]]}"#), "$.model.vocab[1]", "twice"),
    Fault(file(model: #"{"type":"WordLevel","vocab":{}}"#), "$.model.unk_token", "a string"),
    Fault(
      file(normalizer: #"{"type":"Uppercase"}"#), "$.normalizer.type",
      #"the normalizer "Uppercase" is not supported"#),
    Fault(
      file(normalizer: #"{"type":"Sequence","normalizers":[{"type":"NFC"},{}]}"#),
      "$.normalizer.normalizers[1].type", "a string"),
    Fault(
      file(
        normalizer: String(repeating: #"{"type":"Sequence","normalizers":["#, count: 10)
          + String(repeating: "]}", count: 10)), "$.normalizer.normalizers[0]", "this deep"),
    Fault(
      file(
        normalizer:
          #"{"type":"Replace","pattern":{"String":"a"},"content":"\#(String(repeating: "b", count: 999))"}"#
      ), "$.normalizer.content", "at most 256 bytes"),
    Fault(
      file(normalizer: #"{"type":"Precompiled","precompiled_charsmap":"!!!!"}"#),
      "$.normalizer.precompiled_charsmap", "Base64"),
    Fault(
      file(normalizer: #"{"type":"Precompiled","precompiled_charsmap":""}"#),
      "$.normalizer.precompiled_charsmap", "a trie"),
    Fault(
      file(normalizer: #"{"type":"Precompiled","precompiled_charsmap":"/////wAAAAA="}"#),
      "$.normalizer.precompiled_charsmap", "a trie"),
    Fault(
      file(normalizer: #"{"type":"Precompiled","precompiled_charsmap":"BAAAAAAAAAD//w=="}"#),
      "$.normalizer.precompiled_charsmap", "UTF-8"),
    Fault(
      file(preTokenizer: #"{"type":"UnicodeScripts"}"#), "$.pre_tokenizer.type",
      #"the pre-tokenizer "UnicodeScripts" is not supported"#),
    Fault(
      file(preTokenizer: #"{"type":"FixedLength","length":5}"#), "$.pre_tokenizer.type",
      "not supported"),
    Fault(
      file(preTokenizer: #"{"type":"Split","pattern":"a","behavior":"Removed","invert":false}"#),
      "$.pre_tokenizer.pattern", "an object"),
    Fault(
      file(
        preTokenizer:
          #"{"type":"Split","pattern":{"String":"a"},"behavior":"Cut","invert":false}"#),
      "$.pre_tokenizer.behavior", "Isolated"),
    Fault(
      file(preTokenizer: #"{"type":"Metaspace","replacement":"ab"}"#),
      "$.pre_tokenizer.replacement", "one character"),
    Fault(
      file(
        preTokenizer:
          #"{"type":"Metaspace","replacement":"_","prepend_scheme":"first","add_prefix_space":false}"#
      ), "$.pre_tokenizer.prepend_scheme", "never"),
    Fault(
      file(
        postProcessor:
          #"{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x","type_id":0}}],"pair":[],"special_tokens":{}}"#
      ), "$.post_processor.single[0].SpecialToken.id", "special_tokens"),
    Fault(
      file(
        postProcessor:
          #"{"type":"TemplateProcessing","single":[{"Sequence":{"id":"B","type_id":0}}],"pair":[],"special_tokens":{}}"#
      ), "$.post_processor.single[0]", "the first"),
    Fault(
      file(postProcessor: #"{"type":"BertProcessing","sep":["a",-1],"cls":["b",0]}"#),
      "$.post_processor.sep[1]", "found -1"),
    Fault(
      file(
        postProcessor: #"{"type":"Sequence","processors":["#
          + #"{"type":"TemplateProcessing","single":[],"pair":[],"special_tokens":{}},"#
          + #"{"type":"BertProcessing","sep":["a",1],"cls":["b",0]}]}"#),
      "$.post_processor.processors", "after a template"),
    Fault(file(decoder: #"{"type":"CTC"}"#), "$.decoder.type", "not supported"),
    Fault(
      file(decoder: #"{"type":"Strip","content":"x","start":-1,"stop":0}"#), "$.decoder.start",
      "found -1"),
    Fault(added(#""id":4"#), "$.added_tokens[1].content", "a string"),
    Fault(
      added(
        #""id":9,"content":"<y>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true"#
      ), "$.added_tokens[1].id", "expected 4"),
    Fault(
      added(
        #""id":3,"content":"<x>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true"#
      ), "$.added_tokens[1]", "twice"),
    Fault(
      file(more: #","truncation":{"max_length":-1}"#).replacing(#""truncation":null,"#),
      "$.truncation.max_length", "found -1"),
    Fault(
      file(more: #","padding":{"strategy":"Never"}"#).replacing(#""padding":null,"#),
      "$.padding.strategy", "BatchLongest"),
  ]

  @Test("is refused with its place", arguments: faults)
  func refused(fault: Fault) throws {
    let error = try #require(throws: TokenizerError.self) {
      try Tokenizer(parsing: Array(fault.text.utf8))
    }
    let description = error.description
    #expect(error.place.hasPrefix(fault.place), "\(description)")
    #expect(description.contains(fault.words), "\(description)")
  }

  @Test(
    "patterns that are not understood are refused",
    arguments: [
      "(", "[a", "a{2,1}", "*", #"\"#, #"\p{Nonsense}"#, #"\g<1>"#, "[a[b]]", "[a&&b]", "(?~x)",
      #"[\W]"#,
      "a(?i)b", "a{1,2}+", #"\xFF"#, "(*UTF)", #"\C"#, String(repeating: "(", count: 5000),
      String(repeating: "a", count: 70_000),
    ])
  func badPattern(pattern: String) throws {
    let quoted = pattern.replacing(#"\"#, with: #"\\"#)
    let text = Self.file(
      preTokenizer:
        #"{"type":"Split","pattern":{"Regex":"\#(quoted)"},"behavior":"Isolated","invert":false}"#)
    let error = try #require(throws: TokenizerError.self) {
      try Tokenizer(parsing: Array(text.utf8))
    }
    #expect(error.place == "$.pre_tokenizer.pattern.Regex")
    let description = error.description
    #expect(description.contains("pattern"), "\(description)")
  }

  @Test(.timeLimit(.minutes(1)), arguments: ["(a+)+$", "(?:a|a)*b", "(a*)*b", "(?=(a+)+b)a"])
  func `a catastrophic pattern ends in an error`(pattern: String) throws {
    let text = Self.file(
      preTokenizer:
        #"{"type":"Split","pattern":{"Regex":"\#(pattern)"},"behavior":"Isolated","invert":false}"#)
    let tokenizer = try Tokenizer(parsing: Array(text.utf8))
    do throws(TokenizerError) {
      _ = try tokenizer.encode(String(repeating: "a", count: 5000) + "c")
    } catch { #expect(error.reason == .patternTooCostly) }
  }

  @Test func `every cut of a file is an error`() throws {
    let bytes = Array(try Fixtures.text("bert.json"))
    for count in stride(from: 0, to: bytes.count - 2, by: 499) {
      #expect(throws: TokenizerError.self) { try Tokenizer(parsing: Array(bytes[..<count])) }
    }
  }

  /// Changes bytes at random; what is read must encode and decode, or fail with an error.
  @Test(
    "a damaged file never traps", arguments: ["xlmr", "bert-cased", "llama3", "t5", "word-level"])
  func damaged(kind: String) throws {
    let bytes = Array(try Fixtures.text("\(kind).json"))
    var generator = Seeded(state: 7)
    let letters = Array(#"{}[]",:0123456789ABCz/+="#.utf8)
    for _ in 0..<40 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0..<changed.count, using: &generator)
        changed[place] = letters[Int.random(in: letters.indices, using: &generator)]
      }
      do throws(TokenizerError) {
        let tokenizer = try Tokenizer(parsing: changed)
        let encoding = try tokenizer.encode("Hello ﬁ ½ naïve 敏捷 \u{3000} [MASK] 12", pair: "b")
        _ = try tokenizer.decode(encoding.ids)
      } catch { _ = error.description }
    }
  }

  /// The map is most of such a file, so that changes inside it are aimed at.
  @Test func `a damaged charsmap never traps`() throws {
    let bytes = Array(try Fixtures.text("xlmr.json"))
    let name = Array(#""precompiled_charsmap":""#.utf8)
    let start =
      try #require(
        bytes.indices.first { bytes[$0...].starts(with: name) }) + name.count
    let end = try #require(bytes[start...].firstIndex(of: UInt8(ascii: "\"")))
    var generator = Seeded(state: 11)
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    for _ in 0..<60 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...400, using: &generator) {
        let place = Int.random(in: start..<end - 4, using: &generator)
        changed[place] = letters[Int.random(in: letters.indices, using: &generator)]
      }
      do throws(TokenizerError) {
        let tokenizer = try Tokenizer(parsing: changed)
        _ = try tokenizer.encode("ﬁ ﬀ ½ ² ㎏ ① \u{3000} \t ｶﾞ e\u{301} … Ⅷ ﷺ plain")
      } catch { _ = error.description }
    }
  }
}

/// A small generator that gives the same numbers on each run.
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

extension String {
  /// Without a part, which is found byte for byte.
  fileprivate func replacing(_ part: String) -> String { replacing(part, with: "") }
}
