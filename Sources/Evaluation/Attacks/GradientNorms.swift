import Architecture
import Compute
import Metrics
import Training
import Transformer

/// How long each example's own gradient is: shorter for what was trained on.
enum GradientNorms {
  /// The mean over tensors of the length of the gradient of the example's mean loss, without the token that ends it;
  /// NaN where no label is left.
  ///
  /// Source: open-unlearning's GradNorm; here without dropout, which it leaves on.
  static func of(
    _ model: Model<Float>, on examples: [EncodedExample], end: Int32?
  ) throws(ComputationError) -> [Double] {
    var gradients = Gradients<Float>(.everything(of: model.plan), of: model.plan)
    var norms: [Double] = []
    for example in examples.map({ $0.withoutEnd(end) }) {
      guard example.labelCount > 0 else {
        norms.append(.nan)
        continue
      }
      gradients.reset()
      for pass in try ExamplePass.cut([example], tokens: .max, name: "attacked") {
        try computing { () throws(InputError) in
          let forward = try model.forward(pass.batch, keeping: .everything, for: pass.targets)
          _ = try model.backward(forward, pass.targets, .sum, into: &gradients)
        }
      }
      let count = Double(example.labelCount)
      let squares = gradients.trainable.parameters.map { parameter in
        (gradients.sums[parameter]?.array ?? []).reduce(0.0) { $0 + Double($1) * Double($1) }
          / (count * count)
      }
      norms.append(
        EffectEvaluation.numberOrNaN { () throws(Undefined) in
          try MembershipScore.gradientNorm(squaredNorms: squares)
        })
    }
    return norms
  }
}

extension EncodedExample {
  /// The example whose last label counts for nothing where it is the token that ends answers.
  fileprivate func withoutEnd(_ end: Int32?) -> EncodedExample {
    guard let end, case .tokens(var labels) = target, let last = labels.indices.last,
      labels[last].last == end
    else { return self }
    labels[last][labels[last].count - 1] = ignoredLabel
    return EncodedExample(sequences: sequences, tokenTypes: tokenTypes, target: .tokens(labels))
  }
}
