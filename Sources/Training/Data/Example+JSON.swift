import Storage
import StrictJSON

extension Example {
  /// Reads one object; its members decide what it is.
  init(_ line: JSONField) throws(JSONFieldError) {
    _ = try line.object()
    if line["choices"].isPresent {
      self = try Self.choice(line)
    } else if line["context"].isPresent {
      self = .span(try Span(line))
    } else if line["tokens"].isPresent {
      let words = try Self.texts(line["tokens"])
      let field = line["tags"].optional ?? line["ner_tags"]
      var tags: [Int] = []
      for tag in try field.elements() { tags.append(try Self.label(tag)) }
      guard tags.count == words.count else {
        throw JSONFieldError(field.path, expected: "\(words.count) tags, one for each token")
      }
      self = .tagged(words: words, tags: tags)
    } else if line["label"].isPresent {
      let first = try Self.first(
        ["sentence", "sentence1", "text", "premise", "question"], of: line)
      let second = ["sentence2", "hypothesis"].map { line[$0] }.first { $0.isPresent }
      self = .labelled(
        first: try first.text(), second: try second?.text(), label: try Self.label(line["label"]))
    } else if line["question"].isPresent || line["prompt"].isPresent {
      self = .answered(try Answered(line))
    } else {
      self = .text(try line["text"].text())
    }
  }

  private static func choice(_ line: JSONField) throws(JSONFieldError) -> Example {
    let choices = try texts(line["choices"])
    let right: Int
    if case .string(let letter) = line["answer"].value {
      // MMLU in letters.
      right = letter.bytes.count == 1 ? Int(letter.bytes[0]) - Int(UInt8(ascii: "A")) : -1
    } else {
      right = try line["answer"].integer()
    }
    guard choices.indices.contains(right) else {
      throw JSONFieldError(
        line["answer"].path, expected: "the number, from 0, of one of \(choices.count) choices")
    }
    return .choice(
      question: try line["question"].text(), choices: choices, right: right)
  }

  private static func first(_ keys: [String], of line: JSONField) throws(JSONFieldError)
    -> JSONField
  {
    guard let field = keys.map({ line[$0] }).first(where: { $0.isPresent }) else {
      throw JSONFieldError(line.path, expected: "one of \(keys.joined(separator: ", "))")
    }
    return field
  }

  fileprivate static func texts(_ field: JSONField) throws(JSONFieldError) -> [String] {
    var texts: [String] = []
    for element in try field.elements() { texts.append(try element.text()) }
    return texts
  }

  /// A class, from 0 to 65,535.
  private static func label(_ field: JSONField) throws(JSONFieldError) -> Int {
    let label = try field.integer()
    guard (0..<1 << 16).contains(label) else {
      throw JSONFieldError(field.path, expected: "a class from 0 to 65535")
    }
    return label
  }
}

extension Example.Answered {
  fileprivate init(_ line: JSONField) throws(JSONFieldError) {
    let isPrompt = line["prompt"].isPresent
    let perturbed = line["perturbed_answer"]
    var wrong: [String] = []
    if case .string = perturbed.value {
      wrong = [try perturbed.text()]
    } else if perturbed.isPresent {
      wrong = try Example.texts(perturbed)
    }
    self.init(
      question: try line[isPrompt ? "prompt" : "question"].text(),
      answer: try (line["gt"].optional ?? line[isPrompt ? "completion" : "answer"]).text(),
      paraphrasedQuestion: try line["paraphrased_question"].optional?.text(),
      paraphrasedAnswer: try line["paraphrased_answer"].optional?.text(), perturbedAnswers: wrong)
  }
}

extension Example.Span {
  /// SQuAD's `answers` counts code points; both its form with lists and that with objects are read.
  fileprivate init(_ line: JSONField) throws(JSONFieldError) {
    question = try line["question"].text()
    context = try line["context"].text()
    let field = line["answers"]
    var starts: [Int] = []
    if case .object = field.value {
      answers = try Example.texts(field["text"])
      for start in try field["answer_start"].elements() { starts.append(try start.count()) }
    } else {
      answers = []
      for answer in try field.elements() {
        answers.append(try answer["text"].text())
        starts.append(try answer["answer_start"].count())
      }
    }
    guard starts.count == answers.count else {
      throw JSONFieldError(field.path, expected: "as many answer_start as text")
    }
    place = nil
    if let start = starts.first, let answer = answers.first {
      let scalars = context.unicodeScalars
      guard start <= scalars.count else {
        throw JSONFieldError(field.path, expected: "an answer_start inside the context")
      }
      let before = String(scalars.prefix(start)).utf8.count
      let end = before + answer.utf8.count
      guard Array(context.utf8.dropFirst(before).prefix(answer.utf8.count)) == Array(answer.utf8)
      else {
        throw JSONFieldError(field.path, expected: "the answer's text where answer_start points")
      }
      place = before..<end
    }
  }
}
