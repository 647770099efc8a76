import Architecture
import Compute

/// What one layer keeps for its backward pass, besides its input.
struct LayerRecord<Element: Scalar>: Sendable {
  var attention: AttentionRecord<Element>
  /// What the feed-forward network's input maps put out.
  var inner: [Matrix<Element>]
  /// The sum after attention; with post-norm before its normalisation.
  var middle: Matrix<Element>
  /// With post-norm the sum after the feed-forward network, before its normalisation.
  var last: Matrix<Element>
  var attentionNorm: NormStatistics<Element>
  var feedForwardNorm: NormStatistics<Element>?
}

/// What a backward pass adds up.
struct PassSums<Element: Scalar>: Sendable {
  var gradients: Gradients<Element>
  var masks: MaskGradients<Element>?
}

/// One layer: attention and feed-forward network, joined as the plan arranges them.
extension Model {
  func layer(
    _ index: Int, _ x: Matrix<Element>, _ context: PassContext<Element>,
    _ cache: inout KeyValueCache<Element>?
  ) -> (output: Matrix<Element>, record: LayerRecord<Element>) {
    let layer = plan.layers[index]
    let needed = context.needed(index)
    switch layer.arrangement {
    case .preNorm:
      let (normed, first) = apply(layer.attentionNorm, x)
      var middle = rows(of: x, needed)
      let attention = attend(index, normed, context, &cache, addingTo: &middle)
      let (again, second) = apply(layer.feedForwardNorm ?? layer.attentionNorm, middle)
      var output = middle
      let inner = feedForward(index, again, context, addingTo: &output)
      return (
        output,
        LayerRecord(
          attention: attention, inner: inner, middle: middle, last: .empty, attentionNorm: first,
          feedForwardNorm: second)
      )
    case .postNorm:
      var middle = rows(of: x, needed)
      let attention = attend(index, x, context, &cache, addingTo: &middle)
      let (normed, first) = apply(layer.attentionNorm, middle)
      var last = normed
      let inner = feedForward(index, normed, context, addingTo: &last)
      let (output, second) = apply(layer.feedForwardNorm ?? layer.attentionNorm, last)
      return (
        output,
        LayerRecord(
          attention: attention, inner: inner, middle: middle, last: last, attentionNorm: first,
          feedForwardNorm: second)
      )
    case .parallel:
      let (normed, first) = apply(layer.attentionNorm, x)
      var output = rows(of: x, needed)
      let other = layer.feedForwardNorm.map { apply($0, output) }
      let attention = attend(index, normed, context, &cache, addingTo: &output)
      let inner = feedForward(
        index, other?.0 ?? rows(of: normed, needed), context, addingTo: &output)
      return (
        output,
        LayerRecord(
          attention: attention, inner: inner, middle: .empty, last: .empty, attentionNorm: first,
          feedForwardNorm: other?.1)
      )
    }
  }

  /// The gradient of the layer's input; nil where nothing below needs it.
  ///
  /// - Parameter dy: The gradient of the layer's output; of the last layer the needed rows.
  func layerBackward(
    _ index: Int, input x: Matrix<Element>, _ record: LayerRecord<Element>, _ dy: Matrix<Element>,
    _ context: PassContext<Element>, needsInput: Bool, _ sums: inout PassSums<Element>
  ) -> Matrix<Element>? {
    let layer = plan.layers[index]
    let needed = context.needed(index)
    let firstNorm = layer.attentionNorm
    let secondNorm = layer.feedForwardNorm ?? layer.attentionNorm
    switch layer.arrangement {
    case .preNorm:
      var dMiddle = dy
      if let dNormed = feedForwardBackward(
        index, input: apply(secondNorm, record.middle).0, record.inner, dy, context,
        needsInput: true, &sums), let statistics = record.feedForwardNorm
      {
        workers.add(
          inputGradient(secondNorm, input: record.middle, statistics, dNormed, &sums.gradients),
          to: &dMiddle)
      }
      let needsNormed = needsInput || trains(firstNorm, sums.gradients.trainable)
      let dNormed = attentionBackward(
        index, input: apply(firstNorm, x).0, record.attention, dMiddle, context,
        needsInput: needsNormed, &sums)
      guard let dNormed else { return nil }
      var dx = inputGradient(firstNorm, input: x, record.attentionNorm, dNormed, &sums.gradients)
      add(dMiddle, needed, to: &dx)
      return dx
    case .postNorm:
      guard let statistics = record.feedForwardNorm else { return nil }
      var dNormed = inputGradient(
        secondNorm, input: record.last, statistics, dy, &sums.gradients)
      if let more = feedForwardBackward(
        index, input: apply(firstNorm, record.middle).0, record.inner, dNormed, context,
        needsInput: true, &sums)
      {
        workers.add(more, to: &dNormed)
      }
      let dMiddle = inputGradient(
        firstNorm, input: record.middle, record.attentionNorm, dNormed, &sums.gradients)
      let more = attentionBackward(
        index, input: x, record.attention, dMiddle, context, needsInput: needsInput, &sums)
      guard var dx = more else { return nil }
      add(dMiddle, needed, to: &dx)
      return dx
    case .parallel:
      let needsFirst = needsInput || trains(firstNorm, sums.gradients.trainable)
      let needsSecond = needsInput || trains(secondNorm, sums.gradients.trainable)
      var dFirst = attentionBackward(
        index, input: apply(firstNorm, x).0, record.attention, dy, context, needsInput: needsFirst,
        &sums)
      let dSecond = feedForwardBackward(
        index, input: apply(secondNorm, rows(of: x, needed)).0, record.inner, dy, context,
        needsInput: needsSecond, &sums)
      var dOutput = dy
      if layer.feedForwardNorm != nil, let statistics = record.feedForwardNorm, let dSecond {
        let part = inputGradient(
          secondNorm, input: rows(of: x, needed), statistics, dSecond, &sums.gradients)
        workers.add(part, to: &dOutput)
      } else if let dSecond {
        // One normalised input for both.
        var sum = dFirst.take() ?? workers.zeros(rows: x.rows, columns: x.columns)
        add(dSecond, needed, to: &sum)
        dFirst = sum
      }
      guard needsInput || dFirst != nil else { return nil }
      var dx =
        dFirst.map { inputGradient(firstNorm, input: x, record.attentionNorm, $0, &sums.gradients) }
        ?? workers.zeros(rows: x.rows, columns: x.columns)
      guard needsInput else { return nil }
      add(dOutput, needed, to: &dx)
      return dx
    }
  }

  private func trains(_ norm: ModelPlan.Norm, _ trainable: Trainable) -> Bool {
    trainable[norm.weight] != nil || norm.bias.flatMap { trainable[$0] } != nil
  }
}
