import Architecture
import Compute
import Testing
import Training
import Transformer
import Unlearning

/// Softmax regression on features that stay as they are, with ½ μ ‖θ‖²: where retraining has one answer.
@Suite("Second-order steps on a convex head") struct ConvexHeadTests {
  /// The problem: a classifier of which the output map alone is trained, with labels that a map of its kind drew.
  private struct Head {
    var model: Model<Double>
    let weight: Int
    var examples: [EncodedExample]
    let features: Matrix<Double>
    var labels: [Int]
    let classes: Int
    /// The L2 term's weight μ beside the sum of losses.
    let ridge = 1.0

    var trainable: Trainable { Trainable([weight: .all]) }

    init(examples count: Int) throws {
      model = try MethodFixture.model("llama-sequence", Double.self)
      let output = try #require(model.plan.output?.map)
      #expect(output.bias == nil)
      (weight, classes) = (output.weight, output.outputs)
      var random = RandomNumbers(seed: 11)
      examples = (0..<count).map { _ in
        EncodedExample(
          (0..<3 + random.index(below: 3)).map { _ in Int32(3 + random.index(below: 26)) },
          class: 0)
      }
      let (batch, _) = EncodedExample.pack(examples)
      features = model.workers.rows(
        of: try model.forward(batch).hidden, at: model.outputRows(batch))
      let truth = Matrix<Double>.normal(
        rows: classes, columns: features.columns, deviation: 0.5, &random)
      labels = []
      for odds in Self.probabilities(features, truth, model.workers) {
        let draw = random.uniform()
        var (label, sum) = (0, odds[0])
        while sum < draw && label < classes - 1 {
          label += 1
          sum += odds[label]
        }
        examples[labels.count].target = .label(Int32(label))
        labels.append(label)
      }
    }

    /// The class probabilities of each example.
    private static func probabilities(
      _ features: Matrix<Double>, _ theta: Matrix<Double>, _ workers: Workers
    ) -> [[Double]] {
      let logits = workers.product(features, .plain, theta, .transposed)
      return (0..<logits.rows).map { row in
        let values = logits.row(row)
        let top = values.max() ?? 0
        let odds = values.map { exponential($0 - top) }
        let sum = odds.reduce(0, +)
        return odds.map { $0 / sum }
      }
    }

    /// The minimum of Σ ℓ + ½ μ ‖θ‖² over the examples from `first` on, by Newton's method with the exact Hessian.
    func trained(from first: Int) throws -> Matrix<Double> {
      let rows = (first..<examples.count).map { Int32($0) }
      let x = model.workers.rows(of: features, at: rows)
      let width = x.columns
      var theta = Matrix<Double>(rows: classes, columns: width)
      for _ in 0..<50 {
        let odds = Self.probabilities(x, theta, model.workers)
        var residual = Matrix<Double>(rows: x.rows, columns: classes, odds.joined())
        for row in 0..<x.rows { residual[row, labels[first + row]] -= 1 }
        var gradient = theta
        model.workers.scale(&gradient, by: ridge)
        model.workers.multiply(residual, .transposed, x, .plain, into: &gradient, adding: true)
        var hessian = Array(
          repeating: Array(repeating: 0.0, count: classes * width), count: classes * width)
        for a in 0..<classes {
          for b in 0..<classes {
            var scaled = x
            for row in 0..<x.rows {
              let factor = odds[row][a] * ((a == b ? 1 : 0) - odds[row][b])
              for column in 0..<width { scaled[row, column] *= factor }
            }
            let block = model.workers.product(x, .transposed, scaled, .plain)
            for row in 0..<width {
              for column in 0..<width {
                hessian[a * width + row][b * width + column] = block[row, column]
              }
            }
          }
        }
        for place in hessian.indices { hessian[place][place] += ridge }
        let step = solved(hessian, gradient.array)
        theta = Matrix(
          rows: classes, columns: width, zip(theta.array, step).map { $0 - $1 })
        if step.allSatisfy({ abs($0) < 1e-12 }) { return theta }
      }
      throw InputError("Newton's method did not come to an end")
    }

    /// ‖θ − θ_retrain‖ / ‖θ* − θ_retrain‖ of a step's θ, after the first examples were taken out.
    func ratios(withoutFirst count: Int, _ directions: (Head, Int) throws -> [Matrix<Double>])
      throws -> [Double]
    {
      let (start, oracle) = (try trained(from: 0), try trained(from: count))
      var head = self
      head.model.parameters[weight] = start
      func distance(_ theta: Matrix<Double>, _ factor: Double, _ step: Matrix<Double>) -> Double {
        theta.array.indices.reduce(0) {
          let d = theta.array[$1] + factor * step.array[$1] - oracle.array[$1]
          return $0 + d * d
        }.squareRoot()
      }
      let factor = 1 / Double(examples.count - count)
      return try directions(head, count).map {
        distance(start, factor, $0) / distance(start, 0, $0)
      }
    }

    /// The direction of the block step.
    func block(_ count: Int, _ curvature: BlockFisherStep.Curvature) throws -> Matrix<Double> {
      let (forget, retain) = (Array(examples[..<count]), Array(examples[count...]))
      var sum = Gradients<Double>(trainable, of: model.plan)
      try ExampleGradients().add(forget, of: model, to: &sum)
      let step = BlockFisherStep(
        damping: 0, ridge: ridge / Double(retain.count), curvature: curvature)
      let slices = try step.direction(of: model, forget: sum, retain: retain)
      return try #require(slices.matrices[weight])
    }

    /// The direction of the diagonal step, damped by the same L2 term.
    func diagonal(_ count: Int) throws -> Matrix<Double> {
      let (forget, retain) = (Array(examples[..<count]), Array(examples[count...]))
      var memory = SecondOrderMemory<Double>(trainable, of: model.plan)
      try memory.addRetained(retain, of: model)
      try memory.forget(forget, wereRetained: false, of: model)
      let step = SecondOrderStep(damping: ridge / Double(retain.count) / memory.retain.mean)
      return try #require(try step.direction(of: memory).slices.matrices[weight])
    }
  }

  @Test func `a step with the model's Fisher is retraining, the nearer the less is taken out`()
    throws
  {
    let head = try Head(examples: 600)
    let one = try head.ratios(withoutFirst: 6) { head, count in
      [
        try head.block(count, .model), try head.block(count, .empirical),
        try head.diagonal(count),
      ]
    }
    #expect(one[0] < 0.05, "\(one)")
    // What the label's own gradients, and what their squares alone, miss of the Hessian.
    #expect(one[1] > 2 * one[0] && one[2] > one[1], "\(one)")
    let more = try [30, 120].map {
      try head.ratios(withoutFirst: $0) { head, count in [try head.block(count, .model)] }[0]
    }
    #expect(one[0] < more[0] && more[0] < more[1] && more[1] < 1, "\(one) \(more)")
  }

  @Test func `the model's Fisher is the Hessian of an output map, whichever system is smaller`()
    throws
  {
    // 20 examples have 40 gradients, more than the map has elements; 10 have fewer.
    for count in [10, 20] {
      var head = try Head(examples: count + 2)
      head.model.parameters[head.weight] = try head.trained(from: 0)
      let direction = try head.block(2, .model)
      // (H + μ I) direction / N = g_f, with H v by differences of gradients.
      func gradient(_ examples: ArraySlice<EncodedExample>, at step: Double) throws -> [Double] {
        var moved = head.model
        let workers = moved.workers
        var scaled = direction
        workers.scale(&scaled, by: step)
        workers.add(scaled, to: &moved.parameters[head.weight])
        var sum = Gradients<Double>(head.trainable, of: moved.plan)
        try ExampleGradients().add(Array(examples), of: moved, to: &sum)
        return try #require(sum.sums[head.weight]).array
      }
      let step = 1e-6
      let up = try gradient(head.examples[2...], at: step)
      let down = try gradient(head.examples[2...], at: -step)
      let forget = try gradient(head.examples[..<2], at: 0)
      let scale = forget.reduce(0) { max($0, abs($1)) }
      for place in forget.indices {
        let curved = (up[place] - down[place]) / (2 * step)
        let left = (curved + head.ridge * direction.array[place]) / Double(count)
        #expect(abs(left - forget[place]) < 1e-6 * scale)
      }
    }
  }

  @Test func `what the block step is not defined for is refused`() throws {
    let head = try Head(examples: 4)
    var sum = Gradients<Double>(head.trainable, of: head.model.plan)
    try ExampleGradients().add(head.examples, of: head.model, to: &sum)
    for step in [BlockFisherStep(damping: 0), BlockFisherStep(damping: 0.1, ridge: -1)] {
      #expect(throws: ComputationError.self) {
        try step.direction(of: head.model, forget: sum, retain: head.examples)
      }
    }
    let language = try MethodFixture.model("gpt2", Double.self)
    let weight = language.plan.layers[0].feedForward.output.weight
    let trainable = Trainable([weight: .all])
    #expect(throws: ComputationError.self) {
      try BlockFisherStep(curvature: .model).direction(
        of: language, forget: Gradients<Double>(trainable, of: language.plan),
        retain: [EncodedExample([3, 4, 5])])
    }
  }
}

/// Solves a x = b by elimination with the largest pivot.
private func solved(_ a: [[Double]], _ b: [Double]) -> [Double] {
  var (a, b) = (a, b)
  for column in a.indices {
    let pivot = (column..<a.count).max { abs(a[$0][column]) < abs(a[$1][column]) } ?? column
    a.swapAt(column, pivot)
    b.swapAt(column, pivot)
    for row in column + 1..<a.count {
      let factor = a[row][column] / a[column][column]
      for k in column..<a.count { a[row][k] -= factor * a[column][k] }
      b[row] -= factor * b[column]
    }
  }
  for row in a.indices.reversed() {
    for k in row + 1..<a.count { b[row] -= a[row][k] * b[k] }
    b[row] /= a[row][row]
  }
  return b
}
