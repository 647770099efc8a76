import Storage
import StrictJSON
import Testing
import Tokenization

/// Compares with what the `tokenizers` package made of the same lines, recorded by `make-fixtures.py`.
@Suite("Reference") struct ReferenceTests {
  static let kinds = [
    "gpt2", "roberta", "llama3", "qwen", "o200k", "smollm", "byte-normalizer", "llama2",
    "llama2-unfused", "gemma", "bpe-suffix", "bpe-prefix", "bert", "bert-cased", "bert-accents",
    "xlmr", "t5", "unigram-whole", "word-level", "split-removed", "split-isolated",
    "split-contiguous", "split-previous", "split-next", "split-inverted",
  ]

  @Test("encodes and decodes as the reference", arguments: kinds)
  func sameAsReference(kind: String) throws {
    let tokenizer = try Tokenizer(path: Fixtures.path("\(kind).json"))
    let lines = try Fixtures.json("lines.json").elements()
    let answers = try Fixtures.json("\(kind).expected.json").elements()
    #expect(lines.count == answers.count)
    #expect(lines.count > 60)
    for (line, answer) in zip(lines, answers) {
      let texts = try line.elements().map { try $0.text() }
      let encoding = try tokenizer.encode(texts[0], pair: texts.count > 1 ? texts[1] : nil)
      let comment = Comment(rawValue: "\(kind): \(texts)")
      #expect(try encoding.ids.map(Int.init) == answer["ids"].integers(), comment)
      #expect(try encoding.typeIDs.map(Int.init) == answer["types"].integers(), comment)
      #expect(try encoding.offsets.map(\.lowerBound) == answer["starts"].integers(), comment)
      #expect(try encoding.offsets.map(\.upperBound) == answer["ends"].integers(), comment)
      #expect(
        try encoding.isSpecial.map { $0 ? 1 : 0 } == answer["special"].integers(), comment)
      let decoded = try Array(tokenizer.decode(encoding.ids).utf8)
      #expect(try decoded == answer["text"].bytes().bytes, comment)
    }
  }

  @Test("gives the same from its cache", arguments: ["gpt2", "bert", "xlmr"])
  func cache(kind: String) throws {
    let tokenizer = try Tokenizer(path: Fixtures.path("\(kind).json"))
    let lines = try Fixtures.json("lines.json").elements().map { try $0.elements()[0].text() }
    let first = try lines.map { try tokenizer.encode($0) }
    let second = try lines.map { try tokenizer.encode($0) }
    #expect(first == second)
  }

  @Test func `many tasks share one tokenizer`() async throws {
    let tokenizer = try Tokenizer(path: Fixtures.path("gpt2.json"))
    let text = String(repeating: "The quick brown fox naïve 敏捷 12345 ", count: 200)
    let expected = try tokenizer.encode(text)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<16 { group.addTask { try tokenizer.encode(text) == expected } }
      for try await isSame in group { #expect(isSame) }
    }
  }
}
