public import Architecture
import Compute
public import Tokenization

/// Turns examples into tokens and targets for one model and task.
public struct ExampleEncoder: Sendable {
  /// The tokenizer.
  public let tokenizer: Tokenizer
  /// What the model is asked for.
  public let task: ModelPlan.Task
  /// How many tokens a sequence has at most.
  public let limit: Int
  /// How a question becomes a prompt.
  public let format: PromptFormat
  /// The token that ends an answer or a text; nil for none.
  public let end: Int32?

  /// Sets an encoder up.
  public init(
    _ tokenizer: Tokenizer, task: ModelPlan.Task, limit: Int, format: PromptFormat = .plain,
    end: Int32? = nil
  ) {
    self.tokenizer = tokenizer
    self.task = task
    self.limit = max(2, limit)
    self.format = format
    self.end = end
  }

  /// Encodes the examples of a file; an error names the first that does not fit the task.
  public func encode(_ file: DataFile) throws(DataError) -> [EncodedExample] {
    var encoded: [EncodedExample] = []
    for (index, example) in file.examples.enumerated() {
      do throws(DataError) { encoded += try encode(example) } catch {
        throw DataError("\(file.path): example \(index + 1): \(error)")
      }
    }
    return encoded
  }

  /// Encodes one example; a long text becomes several.
  public func encode(_ example: Example) throws(DataError) -> [EncodedExample] {
    switch (task, example) {
    case (.languageModel, .text(let text)): return try windows(text)
    case (.languageModel, .answered(let answered)):
      return [try answer(answered.answer, to: answered.question)]
    case (.languageModel, .choice(let question, let choices, let right)):
      return [try answer(choices[right], to: question)]
    case (.maskedLanguageModel, .text(let text)):
      let encoding = try tokens(text, limit: limit)
      let labels = zip(encoding.ids, encoding.isSpecial).map { $1 ? ignoredLabel : $0 }
      return [
        EncodedExample(
          sequences: [encoding.ids], tokenTypes: [encoding.typeIDs], target: .places([labels]))
      ]
    case (.sequenceClassification, .labelled(let first, let second, let label)):
      let encoding = try tokens(first, pair: second, limit: limit)
      return [
        EncodedExample(
          sequences: [encoding.ids], tokenTypes: [encoding.typeIDs], target: .label(Int32(label)))
      ]
    case (.tokenClassification, .tagged(let words, let tags)): return [try tagged(words, tags)]
    case (.questionAnswering, .span(let span)): return [try self.span(span)]
    case (.multipleChoice, .choice(let question, let choices, let right)):
      var encodings: [Encoding] = []
      for choice in choices { encodings.append(try tokens(question, pair: choice, limit: limit)) }
      return [
        EncodedExample(
          sequences: encodings.map(\.ids), tokenTypes: encodings.map(\.typeIDs),
          target: .choice(Int32(right)))
      ]
    default: throw DataError("its members do not fit the task \(task.rawValue)")
    }
  }

  /// The tokens of a prompt, as they stand before its answer.
  public func prompt(_ question: String) throws(DataError) -> [Int32] {
    try tokens(format.prompt(question), limit: limit).ids
  }

  /// A question with an answer, of which the answer counts, and the token that ends it.
  ///
  /// Prompt and answer are encoded as one text, and a token counts to the answer where any of it lies beyond
  /// the prompt.
  public func answer(_ answer: String, to question: String) throws(DataError) -> EncodedExample {
    let prompt = format.prompt(question)
    let encoding = try tokens(prompt + format.separator + answer, limit: limit)
    let boundary = prompt.utf8.count
    var tokens = encoding.ids
    var types = encoding.typeIDs
    var labels = zip(tokens, zip(encoding.offsets, encoding.isSpecial)).map {
      $1.1 || $1.0.upperBound <= boundary ? ignoredLabel : $0
    }
    appendEnd(&tokens, &types, &labels)
    return EncodedExample(sequences: [tokens], tokenTypes: [types], target: .tokens([labels]))
  }

  /// A text in windows that follow each other without overlap.
  private func windows(_ text: String) throws(DataError) -> [EncodedExample] {
    let encoding = try tokens(text)
    var tokens = encoding.ids
    var types = encoding.typeIDs
    if let end, tokens.last != end {
      tokens.append(end)
      types.append(types.last ?? 0)
    }
    return stride(from: 0, to: tokens.count, by: limit).map { start in
      let window = start..<min(start + limit, tokens.count)
      return EncodedExample(
        sequences: [Array(tokens[window])], tokenTypes: [Array(types[window])],
        target: .tokens([Array(tokens[window])]))
    }.filter { $0.count > 1 }
  }

  /// Ends an answer; where it fills the limit, it stays open.
  private func appendEnd(_ tokens: inout [Int32], _ types: inout [Int32], _ labels: inout [Int32]) {
    guard let end, tokens.count < limit else { return }
    if tokens.last == end {
      labels[labels.count - 1] = end
    } else {
      tokens.append(end)
      types.append(types.last ?? 0)
      labels.append(end)
    }
  }

  /// The first token of each word has the word's class, the others none.
  private func tagged(_ words: [String], _ tags: [Int]) throws(DataError) -> EncodedExample {
    var starts: [Int: Int] = [:]
    var text = ""
    for (word, tag) in zip(words, tags) {
      if !text.isEmpty { text += " " }
      starts[text.utf8.count] = tag
      text += word
    }
    let encoding = try tokens(text, limit: limit)
    let labels = zip(encoding.offsets, encoding.isSpecial).map { offset, isSpecial -> Int32 in
      guard !isSpecial else { return ignoredLabel }
      // A byte-level token may begin with the space before its word.
      let tag =
        starts.removeValue(forKey: offset.lowerBound)
        ?? (offset.isEmpty ? nil : starts.removeValue(forKey: offset.lowerBound + 1))
      return tag.map { Int32($0) } ?? ignoredLabel
    }
    return EncodedExample(
      sequences: [encoding.ids], tokenTypes: [encoding.typeIDs], target: .places([labels]))
  }

  /// Question and context, of which the context is cut where both are too long; an answer that is not there,
  /// or was cut, is the first token.
  private func span(_ span: Example.Span) throws(DataError) -> EncodedExample {
    let encoding = try tokens(span.question, pair: span.context, limit: limit)
    var (start, end): (Int32, Int32) = (0, 0)
    if let place = span.place {
      let inside = encoding.offsets.indices.filter {
        encoding.texts[$0] == 1 && encoding.offsets[$0].overlaps(place)
      }
      if let first = inside.first, let last = inside.last,
        encoding.offsets[last].upperBound >= place.upperBound
      {
        (start, end) = (Int32(first), Int32(last))
      }
    }
    return EncodedExample(
      sequences: [encoding.ids], tokenTypes: [encoding.typeIDs],
      target: .span(start: start, end: end))
  }

  func tokens(_ text: String, pair: String? = nil, limit: Int? = nil) throws(DataError)
    -> Encoding
  {
    do throws(TokenizerError) {
      return try tokenizer.encode(text, pair: pair, limit: limit)
    } catch { throw DataError(error.description) }
  }
}
