package import Transformer

/// Examples cut into passes, and packed.
package struct ExamplePass {
  /// Which of the examples.
  package var range: Range<Int>
  package var batch: Batch
  package var targets: Targets

  /// Cuts examples of one kind into passes of so many tokens at most, whole examples each.
  ///
  /// - Parameter companions: Examples that are computed along with the others and count for the limit.
  package static func cut(
    _ examples: [EncodedExample], tokens limit: Int, beside companions: [EncodedExample] = [],
    name: String
  ) throws(ComputationError) -> [ExamplePass] {
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
  private static func check(_ examples: [EncodedExample], _ name: String) throws(ComputationError) {
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
}
