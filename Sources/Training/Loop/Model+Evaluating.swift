public import Compute
public import Transformer

/// How well a model does on examples.
public struct Evaluation: Sendable, Hashable {
  /// How many examples there were.
  public let examples: Int
  /// How many labels.
  public let labels: Int
  /// The mean negative log-probability of a label, in nats.
  public let loss: Double
  /// Each example's loss, summed over its labels.
  public let losses: [Double]
  /// Each example's number of labels.
  public let counts: [Int]
}

extension Model<Float> {
  /// Computes the losses of examples, in passes of so many tokens at most.
  public func evaluate(
    _ examples: [EncodedExample], tokensPerPass: Int = 4096, advance: (Int) -> Void = { _ in }
  ) throws(InputError) -> Evaluation {
    var sums: [Double] = []
    var counts: [Int] = []
    for pass in EncodedExample.passes(examples.map(\.count), tokens: tokensPerPass) {
      let (batch, targets) = EncodedExample.pack(examples[pass])
      let losses = try losses(forward(batch, for: targets), targets)
      sums += losses.sums
      counts += losses.counts
      advance(pass.count)
    }
    let labels = counts.reduce(0, +)
    return Evaluation(
      examples: examples.count, labels: labels, loss: sums.reduce(0, +) / Double(labels),
      losses: sums, counts: counts)
  }
}
