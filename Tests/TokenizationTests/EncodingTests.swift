import Storage
import Testing
import Tokenization

@Suite("Encoding") struct EncodingTests {
  @Test func `special tokens in a text can be taken as plain text`() throws {
    let tokenizer = try Tokenizer(path: Fixtures.path("gpt2.json"))
    let id = try #require(tokenizer.id(of: "<|endoftext|>"))
    #expect(try tokenizer.encode("a<|endoftext|>b").ids.contains(id))
    let plain = try tokenizer.encode("a<|endoftext|>b", encodesSpecialTokens: true)
    #expect(!plain.ids.contains(id))
    #expect(try tokenizer.decode(plain.ids) == "a<|endoftext|>b")
  }

  @Test func `special tokens are decoded only where wanted`() throws {
    let tokenizer = try Tokenizer(path: Fixtures.path("bert.json"))
    let encoding = try tokenizer.encode("the fox")
    #expect(try tokenizer.decode(encoding.ids) == "the fox")
    #expect(
      try tokenizer.decode(encoding.ids, skipsSpecialTokens: false) == "[CLS] the fox [SEP]")
    #expect(try tokenizer.decode([1_000_000, -1]) == "")
    #expect(tokenizer.specialTokens.map(\.content).contains("[MASK]"))
    #expect(tokenizer.token(2) == "[CLS]")
    #expect(tokenizer.token(1_000_000) == nil)
  }

  @Test func `a limit counts what the template adds, and cuts the longer text first`() throws {
    let tokenizer = try Tokenizer(path: Fixtures.path("bert.json"))
    let text = "the quick brown fox jumps over the lazy dog"
    let whole = try tokenizer.encode(text)
    let cut = try tokenizer.encode(text, limit: 6)
    #expect(cut.ids == whole.ids.prefix(5) + whole.ids.suffix(1))
    #expect(try tokenizer.encode(text, limit: 1000) == whole)
    let plain = try tokenizer.encode(text, addsSpecialTokens: false, limit: 3)
    #expect(plain.ids == Array(whole.ids[1..<4]))
    for limit in 3...20 {
      let pair = try tokenizer.encode(text, pair: "a fox", limit: limit)
      let whole = try tokenizer.encode(text, pair: "a fox")
      #expect(pair.count == min(limit, whole.count))
    }
    let error = try #require(throws: TokenizerError.self) {
      try tokenizer.encode(text, limit: 1)
    }
    #expect(error.reason == .limitTooSmall(limit: 1, added: 2))
  }

  @Test func `offsets are bytes of the original`() throws {
    let tokenizer = try Tokenizer(path: Fixtures.path("bert.json"))
    let text = "Nai\u{308}ve \u{FB01}sh"
    let bytes = Array(text.utf8)
    let encoding = try tokenizer.encode(text)
    for (offsets, isSpecial) in zip(encoding.offsets, encoding.isSpecial) where !isSpecial {
      #expect(String(validating: bytes[offsets], as: UTF8.self) != nil)
    }
    #expect(encoding.offsets.dropLast().last?.upperBound == bytes.count)
  }

  @Test func `texts that Unicode calls equal are different tokens`() throws {
    let text = HostileFileTests.file(
      model:
        #"{"type":"WordLevel","unk_token":"u","vocab":{"u":0,"\u00e9":1,"e\u0301":2}}"#)
    let tokenizer = try Tokenizer(parsing: Array(text.utf8))
    #expect(try tokenizer.encode("\u{E9}").ids == [1])
    #expect(try tokenizer.encode("e\u{301}").ids == [2])
  }

  @Test func `truncation and padding of the file are values`() throws {
    let text = HostileFileTests.file()
      .replacing(
        #""truncation":null"#,
        with:
          #""truncation":{"direction":"Right","max_length":128,"strategy":"LongestFirst","stride":0}"#
      )
      .replacing(
        #""padding":null"#,
        with:
          #""padding":{"strategy":{"Fixed":128},"direction":"Right","pad_to_multiple_of":null,"#
          + #""pad_id":0,"pad_type_id":0,"pad_token":"[PAD]"}"#)
    let tokenizer = try Tokenizer(parsing: Array(text.utf8))
    #expect(tokenizer.truncation?.limit == 128)
    #expect(tokenizer.truncation?.strategy == .longestFirst)
    #expect(tokenizer.padding?.length == 128)
    #expect(tokenizer.padding?.token == "[PAD]")
    #expect(try tokenizer.encode("ab").ids == [2])
  }

  @Test func `an unknown text without a token for it is an error`() throws {
    let text = HostileFileTests.file(
      model: #"{"type":"Unigram","vocab":[["a",-1.5]],"unk_id":null}"#)
    let tokenizer = try Tokenizer(parsing: Array(text.utf8))
    #expect(try tokenizer.encode("aa").ids == [0, 0])
    let error = try #require(throws: TokenizerError.self) { try tokenizer.encode("ab") }
    #expect(error.reason == .noUnknownToken)
  }

  @Test(.timeLimit(.minutes(1)), arguments: ["gpt2", "llama2", "bert", "xlmr", "unigram-whole"])
  func `a long word takes time in proportion to its length`(kind: String) throws {
    let tokenizer = try Tokenizer(path: Fixtures.path("\(kind).json"))
    for unit in ["a", "ab", "\u{301}", " ", "é"] {
      let text = String(repeating: unit, count: 100_000 / unit.utf8.count)
      let encoding = try tokenizer.encode(text)
      #expect(encoding.count <= text.utf8.count + 5)
    }
  }

  @Test func `a file that is missing is an error of storage`() throws {
    let error = try #require(throws: TokenizerError.self) { try Tokenizer(path: "no/such/file") }
    guard case .storage = error.reason else {
      Issue.record("\(error)")
      return
    }
  }
}
