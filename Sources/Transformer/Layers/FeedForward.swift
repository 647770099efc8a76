import Architecture
import Compute

/// The feed-forward network: one map and an activation, or a gated pair, then the output map.
extension Model {
  /// Adds the network's output to `y`; gives the input maps' outputs, which the backward pass needs.
  func feedForward(
    _ layer: Int, _ x: Matrix<Element>, _ context: PassContext<Element>,
    addingTo y: inout Matrix<Element>
  ) -> [Matrix<Element>] {
    let network = plan.layers[layer].feedForward
    let inner = network.inputs.map { apply($0, x) }
    apply(network.output, gated(filters(network, inner), layer, context), addingTo: &y)
    return inner
  }

  /// The filters' activations before any gate.
  private func filters(
    _ network: ModelPlan.FeedForward, _ inner: [Matrix<Element>]
  ) -> Matrix<Element> {
    network.isGated
      ? workers.gate(network.activation.function, inner[0], inner.count > 1 ? inner[1] : nil)
      : workers.activate(network.activation.function, inner[0])
  }

  private func gated(
    _ filters: Matrix<Element>, _ layer: Int, _ context: PassContext<Element>
  ) -> Matrix<Element> {
    guard let gates = context.gates else { return filters }
    var filters = filters
    workers.scaleColumns(&filters, by: gates.filterColumns(layer))
    return filters
  }

  /// The gradient of the network's input; nil where it is not asked for.
  func feedForwardBackward(
    _ layer: Int, input x: @autoclosure () -> Matrix<Element>, _ inner: [Matrix<Element>],
    _ dy: Matrix<Element>, _ context: PassContext<Element>, needsInput: Bool,
    _ sums: inout PassSums<Element>
  ) -> Matrix<Element>? {
    let network = plan.layers[layer].feedForward
    let runs = context.outputRuns(layer)
    let wantsFilters = sums.masks != nil || trains(network.output, sums.gradients.trainable)
    let filters = wantsFilters ? filters(network, inner) : .empty
    addGradients(
      network.output, input: gated(filters, layer, context), output: dy, runs: runs,
      to: &sums.gradients)
    let trainsInputs = network.inputs.contains { trains($0, sums.gradients.trainable) }
    guard needsInput || trainsInputs || sums.masks != nil else { return nil }
    var dFilters = inputGradient(network.output, dy)
    sums.masks?.filters[layer] = workers.unitDots(filters, dFilters, runs: runs, width: 1)
    guard needsInput || trainsInputs else { return nil }
    if let gates = context.gates {
      workers.scaleColumns(&dFilters, by: gates.filterColumns(layer))
    }
    let gradients: [Matrix<Element>]
    if network.isGated {
      let both = workers.gateBackward(
        network.activation.function, inner[0], inner.count > 1 ? inner[1] : nil,
        gradient: dFilters)
      gradients = both.up.map { [both.gate, $0] } ?? [both.gate]
    } else {
      workers.activateBackward(network.activation.function, input: inner[0], gradient: &dFilters)
      gradients = [dFilters]
    }
    let input = trainsInputs ? x() : .empty
    var dx: Matrix<Element>?
    for (map, gradient) in zip(network.inputs, gradients) {
      addGradients(map, input: input, output: gradient, runs: runs, to: &sums.gradients)
      if needsInput { inputGradient(map, gradient, addingTo: &dx) }
    }
    return dx
  }
}
