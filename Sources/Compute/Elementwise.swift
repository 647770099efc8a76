extension Workers {
  /// Adds a bias to every row.
  public func add<Element>(bias: Matrix<Element>, to x: inout Matrix<Element>) {
    precondition(bias.count == x.columns)
    let columns = x.columns
    let target = unsafe x.mutablePointer()
    let bias = unsafe bias.pointer
    split(x.rows, cost: columns) { rows in
      unsafe Element.kernels.addBias(target + rows.lowerBound * columns, bias, rows.count, columns)
    }
  }

  /// Adds one matrix to another.
  public func add<Element>(_ x: Matrix<Element>, to y: inout Matrix<Element>) {
    precondition(x.rows == y.rows && x.columns == y.columns)
    let target = unsafe y.mutablePointer()
    let source = unsafe x.pointer
    split(x.count, cost: 1) { part in
      unsafe Element.kernels.add(source + part.lowerBound, target + part.lowerBound, part.count)
    }
  }

  /// Adds the elementwise product `x ∘ y` to `sum`.
  public func add<Element>(
    product x: Matrix<Element>, _ y: Matrix<Element>, to sum: inout Matrix<Element>
  ) {
    precondition(x.count == y.count && x.count == sum.count)
    let target = unsafe sum.mutablePointer()
    let (first, second) = unsafe (x.pointer, y.pointer)
    split(x.count, cost: 1) { part in
      let start = part.lowerBound
      unsafe Element.kernels.addProduct(
        first + start, second + start, target + start, part.count)
    }
  }

  /// Multiplies every element by a number.
  public func scale<Element>(_ x: inout Matrix<Element>, by factor: Element) {
    let target = unsafe x.mutablePointer()
    split(x.count, cost: 1) { part in
      unsafe Element.kernels.scale(target + part.lowerBound, factor, part.count)
    }
  }

  /// Multiplies each column by its own number.
  public func scaleColumns<Element>(_ x: inout Matrix<Element>, by factors: Matrix<Element>) {
    precondition(factors.count == x.columns)
    let columns = x.columns
    let target = unsafe x.mutablePointer()
    let source = unsafe factors.pointer
    split(x.rows, cost: columns) { rows in
      unsafe Element.kernels.scaleColumns(
        target + rows.lowerBound * columns, source, rows.count, columns)
    }
  }

  /// Adds `x ∘ x` to `sum`.
  public func add<Element>(squareOf x: Matrix<Element>, to sum: inout Matrix<Element>) {
    precondition(x.count == sum.count)
    let target = unsafe sum.mutablePointer()
    let source = unsafe x.pointer
    split(x.count, cost: 1) { part in
      unsafe Element.kernels.addSquare(
        source + part.lowerBound, target + part.lowerBound, part.count)
    }
  }

  /// Applies an activation to every element.
  public func activate<Element>(_ kind: Activation, _ x: Matrix<Element>) -> Matrix<Element> {
    var y: Matrix<Element> = blank(rows: x.rows, columns: x.columns)
    let target = unsafe y.mutablePointer()
    let source = unsafe x.pointer
    split(x.count, cost: 8) { part in
      unsafe Element.kernels.activate(
        kind.rawValue, source + part.lowerBound, target + part.lowerBound, part.count)
    }
    return y
  }

  /// Multiplies a gradient by the activation's derivative at its input.
  public func activateBackward<Element>(
    _ kind: Activation, input x: Matrix<Element>, gradient: inout Matrix<Element>
  ) {
    precondition(x.count == gradient.count)
    let target = unsafe gradient.mutablePointer()
    let source = unsafe x.pointer
    split(x.count, cost: 8) { part in
      unsafe Element.kernels.activateBackward(
        kind.rawValue, source + part.lowerBound, target + part.lowerBound, part.count)
    }
  }

  /// `f(gate) ∘ up`: two matrices of the same size, or the two halves of one (`up` nil).
  public func gate<Element>(
    _ kind: Activation, _ gate: Matrix<Element>, _ up: Matrix<Element>?
  ) -> Matrix<Element> {
    let columns = up == nil ? gate.columns / 2 : gate.columns
    precondition(up == nil || up?.count == gate.count)
    var y: Matrix<Element> = blank(rows: gate.rows, columns: columns)
    let target = unsafe y.mutablePointer()
    let ld = gate.columns
    let first = unsafe gate.pointer
    let second = unsafe up?.pointer ?? first + columns
    split(gate.rows, cost: 8 * columns) { rows in
      let start = rows.lowerBound
      unsafe Element.kernels.gate(
        kind.rawValue, first + start * ld, ld, second + start * ld, ld, target + start * columns,
        rows.count, columns)
    }
    return y
  }

  /// The gradients of ``gate(_:_:_:)``'s inputs; one matrix of both halves where `up` is nil.
  public func gateBackward<Element>(
    _ kind: Activation, _ gate: Matrix<Element>, _ up: Matrix<Element>?, gradient: Matrix<Element>
  ) -> (gate: Matrix<Element>, up: Matrix<Element>?) {
    let columns = gradient.columns
    let ld = gate.columns
    precondition(gradient.rows == gate.rows && ld == (up == nil ? 2 : 1) * columns)
    var dGate: Matrix<Element> = blank(rows: gate.rows, columns: ld)
    var dUp: Matrix<Element>? = up.map { blank(rows: $0.rows, columns: $0.columns) }
    let first = unsafe gate.pointer
    let second = unsafe up?.pointer ?? first + columns
    let firstTarget = unsafe dGate.mutablePointer()
    let secondTarget = unsafe dUp?.mutablePointer() ?? firstTarget + columns
    let source = unsafe gradient.pointer
    split(gate.rows, cost: 8 * columns) { rows in
      let start = rows.lowerBound
      unsafe Element.kernels.gateBackward(
        kind.rawValue, first + start * ld, ld, second + start * ld, ld, source + start * columns,
        firstTarget + start * ld, secondTarget + start * ld, rows.count, columns)
    }
    return (dGate, dUp)
  }

  /// Adds the sum of each column over a range of rows to a vector: a bias's gradient.
  public func addColumnSums<Element>(
    of x: Matrix<Element>, rows: Range<Int>, to sum: inout Matrix<Element>
  ) {
    precondition(sum.count == x.columns && rows.lowerBound >= 0 && rows.upperBound <= x.rows)
    let target = unsafe sum.mutablePointer()
    let source = unsafe x.pointer + rows.lowerBound * x.columns
    let ld = x.columns
    split(x.columns, cost: rows.count) { part in
      unsafe Element.kernels.addColumnSums(
        source + part.lowerBound, ld, rows.count, part.count, target + part.lowerBound)
    }
  }

  /// Σ x² in double precision.
  public func squareSum<Element>(_ x: Matrix<Element>) -> Double {
    unsafe Element.kernels.squareSum(x.pointer, x.count)
  }

  /// For each unit of `width` columns, and each run of rows, Σ x ∘ y: what a mask's gradient is.
  ///
  /// The result has one row for each run and one column for each unit.
  public func unitDots<Element>(
    _ x: Matrix<Element>, _ y: Matrix<Element>, runs: [Range<Int>], width: Int
  ) -> Matrix<Element> {
    precondition(x.rows == y.rows && x.columns == y.columns && x.columns.isMultiple(of: width))
    precondition(runs.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= x.rows })
    let units = x.columns / width
    var result = Matrix<Element>(rows: runs.count, columns: units)
    let target = unsafe result.mutablePointer()
    let (first, second) = unsafe (x.pointer, y.pointer)
    let columns = x.columns
    run(tasks: runs.count) { task in
      let out = unsafe target + task * units
      for row in runs[task] {
        let start = row * columns
        if width == 1 {
          unsafe Element.kernels.addProduct(first + start, second + start, out, units)
        } else {
          for unit in 0..<units {
            unsafe out[unit] += Element.kernels.dot(
              first + start + unit * width, second + start + unit * width, width)
          }
        }
      }
    }
    return result
  }
}
