import Compute
import Testing

/// Against values that PyTorch 2.13 (`AdamW`, `SGD`) gives for the same two steps, and Sophia by hand.
struct UpdateTests {
  private let workers = Workers(count: 1)
  private let theta = Matrix<Double>(rows: 1, columns: 3, [1, -2, 0.5])
  private let gradients = [
    Matrix<Double>(rows: 1, columns: 3, [0.1, -0.2, 0]),
    Matrix<Double>(rows: 1, columns: 3, [0.3, 0.4, -0.5]),
  ]
  private let zeros = Matrix<Double>(rows: 1, columns: 3)

  @Test func `AdamW`() {
    var (x, m, v) = (theta, zeros, zeros)
    for (step, gradient) in gradients.enumerated() {
      workers.adamW(
        &x, gradient: gradient, first: &m, second: &v, step: step + 1, rate: 0.1, beta1: 0.9,
        beta2: 0.99, epsilon: 1e-8, decay: 0.2)
    }
    // m̂₂ and v̂₂ for each element by the paper's equations.
    func expected(_ x: Double, _ first: Double, _ second: Double) -> Double {
      var x = x * 0.98
      if first != 0 { x -= 0.1 * first / ((first * first).squareRoot() + 1e-8) }
      let m = (0.09 * first + 0.1 * second) / 0.19
      let v = (0.0099 * first * first + 0.01 * second * second) / 0.0199
      return x * 0.98 - 0.1 * m / (v.squareRoot() + 1e-8)
    }
    #expect(abs(x[0, 0] - expected(1, 0.1, 0.3)) < 1e-12)
    #expect(abs(x[0, 1] - expected(-2, -0.2, 0.4)) < 1e-12)
    #expect(abs(x[0, 2] - expected(0.5, 0, -0.5)) < 1e-12)
  }

  @Test(arguments: [false, true]) func `momentum`(isNesterov: Bool) {
    var (x, m) = (theta, zeros)
    for gradient in gradients {
      workers.momentum(
        &x, gradient: gradient, velocity: &m, rate: 0.1, momentum: 0.9, isNesterov: isNesterov,
        decay: 0.5)
    }
    func expected(_ x: Double, _ first: Double, _ second: Double) -> Double {
      let g1 = first + 0.5 * x
      let x1 = x - 0.1 * (isNesterov ? g1 + 0.9 * g1 : g1)
      let g2 = second + 0.5 * x1
      let m2 = 0.9 * g1 + g2
      return x1 - 0.1 * (isNesterov ? g2 + 0.9 * m2 : m2)
    }
    #expect(abs(x[0, 0] - expected(1, 0.1, 0.3)) < 1e-12)
    #expect(abs(x[0, 1] - expected(-2, -0.2, 0.4)) < 1e-12)
    #expect(abs(x[0, 2] - expected(0.5, 0, -0.5)) < 1e-12)
  }

  @Test func `Sophia clips each element to its curvature`() {
    var (x, m) = (theta, zeros)
    let curvature = Matrix<Double>(rows: 1, columns: 3, [100, 0.001, 0])
    workers.sophia(
      &x, gradient: gradients[0], first: &m, curvature: curvature, rate: 0.1, beta1: 0.9,
      gamma: 0.05, epsilon: 1e-12, decay: 0.2)
    #expect(abs(x[0, 0] - (0.98 - 0.1 * 0.01 / 5)) < 1e-12)
    #expect(abs(x[0, 1] - (-2 * 0.98 + 0.1)) < 1e-12)
    #expect(abs(x[0, 2] - 0.49) < 1e-12)
  }

  @Test func `random numbers are those of the published generator, and go on from a kept state`() {
    // The first outputs of xoshiro256++ from the state 1, 2, 3, 4.
    var numbers = RandomNumbers(state: [1, 2, 3, 4])
    #expect(
      (0..<4).map { _ in numbers?.next() } == [
        41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386,
      ])
    var again = numbers.flatMap { RandomNumbers(state: $0.state) }
    #expect(again?.next() == numbers?.next())
    #expect(RandomNumbers(state: [0, 0, 0, 0]) == nil)
    var seeded = RandomNumbers(seed: 7)
    let sample = (0..<20_000).map { _ in seeded.normal() }
    let mean = sample.reduce(0, +) / 20_000
    let variance = sample.reduce(0) { $0 + $1 * $1 } / 20_000
    #expect(abs(mean) < 0.03 && abs(variance - 1) < 0.05)
  }
}
