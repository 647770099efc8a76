import Storage
import StrictJSON
import Testing
import Tokenization

@Suite("Training") struct TrainerTests {
  static let texts = [
    "the cat sat on the mat, the cat ran", "a naïve café 敏捷的棕色狐狸 the the 12345 12 345",
    "lower lowest newer newest wider widest",
  ]

  @Test func `what is trained is read, and encodes and decodes every text`() throws {
    let trainer = BPETrainer(vocabularySize: 300, specialTokens: ["<|endoftext|>", "<pad>"])
    let tokenizer = try Tokenizer(parsing: trainer.train(Self.texts))
    #expect(tokenizer.vocabularySize <= 300)
    #expect(tokenizer.vocabularySize > 260)
    #expect(tokenizer.id(of: "<pad>") == 1)
    #expect(tokenizer.specialTokens.map(\.content) == ["<|endoftext|>", "<pad>"])
    for text in Self.texts + ["", "never seen: Ж 😀 \u{0} \r\n", "e\u{301}"] {
      let encoding = try tokenizer.encode(text)
      #expect(Array(try tokenizer.decode(encoding.ids).utf8) == Array(text.utf8))
    }
    let the = try tokenizer.encode(" the")
    #expect(the.ids.count == 1)
    #expect(try tokenizer.encode("12345").ids.count == 5)
  }

  @Test func `the same texts give the same bytes, and ties go to the smaller numbers`() throws {
    let trainer = BPETrainer(vocabularySize: 320, specialTokens: ["<s>"])
    let first = try trainer.train(Self.texts)
    #expect(try trainer.train(Self.texts) == first)
    // "xy", "Ġa" and "ab" occur twice each; bytes are numbers here, and the space's is the smallest.
    let small = BPETrainer(vocabularySize: 258)
    let tokenizer = try Tokenizer(parsing: small.train(["xy ab", "xy ab"]))
    #expect(tokenizer.token(256) == "Ġa")
    #expect(tokenizer.token(257) == "xy")
  }

  @Test func `a text that two pairs make is one token, and a special token is never made`() throws {
    let texts = Array(repeating: "abc abc bcd <s> <s> <s> xbc", count: 5)
    let trainer = BPETrainer(vocabularySize: 300, specialTokens: ["<s>"])
    let bytes = try trainer.train(texts)
    let tokenizer = try Tokenizer(parsing: bytes)
    #expect(tokenizer.id(of: "<s>") == 0)
    let encoding = try tokenizer.encode("x<s>", encodesSpecialTokens: true)
    #expect(!encoding.ids.contains(0))
    #expect(try tokenizer.encode("x<s>").ids.contains(0))
    #expect(try tokenizer.decode(encoding.ids) == "x<s>")
  }

  @Test func `sizes that cannot be made are refused`() {
    #expect(throws: TokenizerError.self) { try BPETrainer(vocabularySize: 255).train(["a"]) }
    #expect(throws: TokenizerError.self) { try BPETrainer(vocabularySize: 1 << 30).train(["a"]) }
    #expect(throws: TokenizerError.self) {
      try BPETrainer(vocabularySize: 300, specialTokens: ["a", "a"]).train(["a"])
    }
    #expect(throws: TokenizerError.self) {
      try BPETrainer(vocabularySize: 300, specialTokens: ["a"]).train(["a"])
    }
  }

  @Test func `without texts there are the bytes`() throws {
    let tokenizer = try Tokenizer(parsing: BPETrainer(vocabularySize: 1000).train([]))
    #expect(tokenizer.vocabularySize == 256)
    #expect(try tokenizer.decode(tokenizer.encode("né").ids) == "né")
  }
}
