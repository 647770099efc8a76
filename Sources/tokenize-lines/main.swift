// Encodes lines in bulk, for comparing with other software: a tokenizer's path as the argument, on standard input a
// JSON string or an array of two a line, on standard output a JSON object a line.

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

do {
  guard CommandLine.arguments.count == 2 else {
    fail("usage: tokenize-lines TOKENIZER.JSON < LINES")
  }
  let tokenizer = try Tokenizer(path: CommandLine.arguments[1])
  while let line = readLine() {
    let value = try JSONValue(parsing: Array(line.utf8), byteLimit: 1 << 26)
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
