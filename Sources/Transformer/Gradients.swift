public import Architecture
public import Compute

/// Sums over a pass, or over several, for the trained regions alone.
public struct Gradients<Element: Scalar>: Sendable {
  /// What is summed.
  public enum Statistic: Sendable, Hashable {
    /// The gradient.
    case gradient
    /// The square of each example's own gradient, for linear maps: the diagonal of the empirical Fisher
    /// information.
    case squareOfEachExample
  }

  /// What is trained.
  public let trainable: Trainable
  /// What is summed.
  public let statistic: Statistic
  /// The sums, by parameter, each of its region's size.
  public internal(set) var sums: [Int: Matrix<Element>]
  /// Sums that count as zero whatever they hold: the first product is put there instead of added, which
  /// saves a pass over memory.
  private var blank: Set<Int>

  /// Begins at zero.
  public init(
    _ trainable: Trainable, of plan: ModelPlan, statistic: Statistic = .gradient
  ) {
    self.trainable = trainable
    self.statistic = statistic
    sums = [:]
    blank = []
    for parameter in trainable.parameters {
      let size = trainable.size(of: parameter, in: plan)
      sums[parameter] = Matrix(rows: size.rows, columns: size.columns)
    }
  }

  /// Begins anew at zero; the sums hold what they held until the next pass.
  public mutating func reset() {
    blank = Set(trainable.parameters)
  }

  /// Sets the sums to zero that no pass reached since ``reset()``.
  ///
  /// A backward pass ends with it; a step that may have no pass has to call it.
  public mutating func settle() {
    for parameter in blank { sums[parameter, default: .empty].clear() }
    blank = []
  }

  /// The sum of a parameter, to be added to.
  private mutating func settle(_ parameter: Int) {
    if blank.remove(parameter) != nil { sums[parameter, default: .empty].clear() }
  }

  /// Adds `leftᵀ · right`, or the square of each run's.
  mutating func add(
    _ left: Matrix<Element>, _ right: Matrix<Element>, _ runs: [Range<Int>], to parameter: Int,
    _ workers: Workers
  ) {
    switch statistic {
    case .gradient:
      workers.multiply(
        left, .transposed, right, .plain, into: &sums[parameter, default: .empty],
        adding: blank.remove(parameter) == nil)
    case .squareOfEachExample:
      settle(parameter)
      var one = Matrix<Element>(rows: left.columns, columns: right.columns)
      for run in runs {
        workers.multiplyTransposed(left, right, rows: run, into: &one, adding: false)
        workers.add(squareOf: one, to: &sums[parameter, default: .empty])
      }
    }
  }

  /// Adds the sum of each column, or the square of each run's.
  mutating func add(
    sumsOf x: Matrix<Element>, _ runs: [Range<Int>], to parameter: Int, _ workers: Workers
  ) {
    settle(parameter)
    switch statistic {
    case .gradient:
      workers.addColumnSums(of: x, rows: 0..<x.rows, to: &sums[parameter, default: .empty])
    case .squareOfEachExample:
      for run in runs {
        var one = Matrix<Element>(rows: 1, columns: x.columns)
        workers.addColumnSums(of: x, rows: run, to: &one)
        workers.add(squareOf: one, to: &sums[parameter, default: .empty])
      }
    }
  }

  /// Zeros of a vector's whole size where any of it is trained.
  func blank(for parameter: Int, columns: Int) -> Matrix<Element>? {
    guard trainable[parameter] != nil else { return nil }
    precondition(statistic == .gradient, "squares are summed for linear maps alone")
    return Matrix(rows: 1, columns: columns)
  }

  /// Adds a gradient of a parameter's whole size, of which the region is taken.
  mutating func add(whole: Matrix<Element>, to parameter: Int, _ workers: Workers) {
    settle(parameter)
    switch trainable[parameter] {
    case nil: break
    case .all: workers.add(whole, to: &sums[parameter, default: .empty])
    case .rows(let indices):
      workers.add(workers.rows(of: whole, at: indices), to: &sums[parameter, default: .empty])
    case .columns(let indices):
      workers.add(workers.columns(of: whole, at: indices), to: &sums[parameter, default: .empty])
    }
  }
}

extension Gradients {
  /// Goes on from a kept sum, of the size that it has.
  public mutating func restore(_ sum: Matrix<Element>, of parameter: Int) {
    precondition(sums[parameter]?.count == sum.count)
    blank.remove(parameter)
    sums[parameter] = sum
  }

  /// Adds a matrix of the region's size to a parameter's sum: the gradient of a penalty.
  public mutating func add(_ x: Matrix<Element>, to parameter: Int, _ workers: Workers) {
    precondition(trainable[parameter] != nil, "parameter \(parameter) is not trained")
    settle(parameter)
    workers.add(x, to: &sums[parameter, default: .empty])
  }

  /// Adds rows to those of a whole table.
  mutating func add(
    rows: Matrix<Element>, at indices: [Int32], to parameter: Int, _ workers: Workers
  ) {
    settle(parameter)
    workers.add(rows: rows, to: &sums[parameter, default: .empty], at: indices)
  }
}

extension Matrix {
  /// What a missing entry stands for; never met, since every trained parameter has its sum from the start.
  static var empty: Matrix { Matrix(rows: 0, columns: 0) }
}
