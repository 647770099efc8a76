import Compute
import Training
import Transformer

extension ExamplePass {
  /// The rows whose logits have a distribution over the output's columns, at the given places.
  func distributionRows<Element>(_ places: UnlearningLoss.Places, _ model: Model<Element>)
    throws(ComputationError) -> [Int32]
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
