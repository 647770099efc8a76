// Encodes lines in bulk, for comparing with other software: a tokenizer's path as the argument, on standard input a
// JSON string, an array of two, or an array of numbers to decode a line, on standard output a JSON object a line. With `--train SIZE PATH` instead, the
// lines are what a byte-level tokenizer is trained on.

import Storage
import StrictJSON
import Tokenization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

func fail(_ words: String) -> Never {
  print("tokenize-lines: error: \(words)")
  exit(2)
}

func array(_ numbers: [Int]) -> JSONValue { .array(numbers.map { .integer(Int64($0)) }) }

func nextValue() throws -> JSONValue? {
  guard let line = readLine() else { return nil }
  return try JSONValue(parsing: Array(line.utf8), byteLimit: 1 << 26)
}

do {
  let arguments = CommandLine.arguments
  if arguments.count == 4, arguments[1] == "--train", let size = Int(arguments[2]) {
    var texts: [String] = []
    while case .string(let text)? = try nextValue() { texts.append(text.text) }
    let trainer = BPETrainer(vocabularySize: size, specialTokens: ["<|endoftext|>", "<pad>"])
    try trainer.train(texts, writingTo: arguments[3])
    exit(0)
  }
  guard arguments.count == 2 else {
    fail("usage: tokenize-lines [--train SIZE] TOKENIZER.JSON < LINES")
  }
  let tokenizer = try Tokenizer(path: arguments[1])
  while let value = try nextValue() {
    if case .array(let values) = value, case .integer? = values.first {
      let ids = values.compactMap { value in
        if case .integer(let id) = value { return Int32(exactly: id) }
        return nil
      }
      let text = try tokenizer.decode(ids, skipsSpecialTokens: false)
      let bytes = try CanonicalJSON.encode(.members(["text": .text(text)]))
      print(String(decoding: bytes, as: UTF8.self))
      continue
    }
    let texts: [String]
    switch value {
    case .string(let text): texts = [text.text]
    case .array(let values):
      texts = values.compactMap { value in
        if case .string(let text) = value { return text.text }
        return nil
      }
    default: texts = []
    }
    guard let text = texts.first, texts.count <= 2 else { fail("a line is not a text or a pair") }
    var answer: JSONObject
    do throws(TokenizerError) {
      let encoding = try tokenizer.encode(text, pair: texts.count == 2 ? texts[1] : nil)
      answer = JSONObject([
        ("ids", array(encoding.ids.map(Int.init))),
        ("types", array(encoding.typeIDs.map(Int.init))),
        ("starts", array(encoding.offsets.map(\.lowerBound))),
        ("ends", array(encoding.offsets.map(\.upperBound))),
        ("text", .text(try tokenizer.decode(encoding.ids))),
      ])
    } catch {
      answer = JSONObject([("error", .text(error.description))])
    }
    let bytes = try CanonicalJSON.encode(.object(answer))
    print(String(decoding: bytes, as: UTF8.self))
  }
} catch { fail("\(error)") }
