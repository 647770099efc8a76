import Compute
import Training
import Transformer

/// Examples cut into passes, and packed.
struct ExamplePass {
  /// Which of the examples.
  var range: Range<Int>
  var batch: Batch
  var targets: Targets

  /// Cuts examples of one kind into passes of so many tokens at most, whole examples each.
  ///
  /// - Parameter companions: Examples that are computed along with the others and count for the limit.
  static func cut(
    _ examples: [EncodedExample], tokens limit: Int, beside companions: [EncodedExample] = [],
    name: String
  ) throws(MethodError) -> [ExamplePass] {
    try check(examples, name)
    let lengths = examples.enumerated().map {
      $0.element.count + (companions.isEmpty ? 0 : companions[$0.offset].count)
    }
    return EncodedExample.passes(lengths, tokens: limit).map { range in
      let (batch, targets) = EncodedExample.pack(examples[range])
      return ExamplePass(range: range, batch: batch, targets: targets)
    }
  }

  /// Refuses what can't be packed together, or has nothing to count.
  private static func check(_ examples: [EncodedExample], _ name: String) throws(MethodError) {
    guard let first = examples.first else { throw .missing("there are no \(name) examples") }
    for (index, example) in examples.enumerated() {
      var isLabelled = example.labelCount > 0
      if case .label(let label) = example.target { isLabelled = label >= 0 }
      guard isLabelled else {
        throw .mismatch("\(name) example \(index + 1) has no label within the limit of its length")
      }
      guard !example.sequences.isEmpty, example.sequences.count == first.sequences.count,
        example.tokenTypes.map(\.count) == example.sequences.map(\.count)
      else { throw .mismatch("\(name) example \(index + 1) has other sequences than the first") }
      let isAlike =
        switch (first.target, example.target) {
        case (.tokens, .tokens(let labels)), (.places, .places(let labels)):
          labels.map(\.count) == example.sequences.map(\.count)
        case (.label, .label), (.span, .span), (.choice, .choice): true
        default: false
        }
      guard isAlike else {
        throw .mismatch("\(name) example \(index + 1) has another kind of target than the first")
      }
    }
  }

  /// The rows whose logits have a distribution over the output's columns, at the given places.
  func distributionRows<Element>(_ places: UnlearningLoss.Places, _ model: Model<Element>)
    throws(MethodError) -> [Int32]
  {
    switch targets {
    case .tokens(let labels):
      return labels.indices.filter { places == .every || labels[$0] >= 0 }.map { Int32($0) }
    case .classes(let classes):
      return zip(model.outputRows(batch), classes).filter { $0.1 >= 0 }.map(\.0)
    case .spans, .choices:
      throw .unsupported(
        "the divergence from the reference is not defined for answers' places and for choices")
    }
  }

  /// The rows of hidden states at the given places: those of the labelled tokens themselves.
  func stateRows(_ places: UnlearningLoss.Places, _ examples: [EncodedExample]) -> [Int32] {
    var rows: [Int32] = []
    var row: Int32 = 0
    for example in examples[range] {
      switch example.target {
      case .tokens(let labels) where places == .labels, .places(let labels) where places == .labels:
        for label in labels.joined() {
          if label >= 0 { rows.append(row) }
          row += 1
        }
      default:
        rows += (row..<row + Int32(example.count))
        row += Int32(example.count)
      }
    }
    return rows
  }
}
