extension Workers {
  /// The rows at the given indices, in that order.
  public func rows<Element>(of x: Matrix<Element>, at indices: [Int32]) -> Matrix<Element> {
    precondition(indices.allSatisfy { $0 >= 0 && Int($0) < x.rows })
    let columns = x.columns
    var y: Matrix<Element> = blank(rows: indices.count, columns: columns)
    let target = unsafe y.mutablePointer()
    let source = unsafe x.pointer
    split(indices.count, cost: columns) { part in
      for row in part {
        unsafe (target + row * columns).update(
          from: source + Int(indices[row]) * columns, count: columns)
      }
    }
    return y
  }

  /// Adds rows to those at the given indices; an index that comes twice gets both.
  ///
  /// Cut by columns, so that the order of additions does not depend on the number of workers.
  public func add<Element>(
    rows x: Matrix<Element>, to y: inout Matrix<Element>, at indices: [Int32]
  ) {
    precondition(x.rows == indices.count && x.columns == y.columns)
    let height = y.rows
    precondition(indices.allSatisfy { $0 >= 0 && Int($0) < height })
    let columns = x.columns
    let target = unsafe y.mutablePointer()
    let source = unsafe x.pointer
    split(columns, cost: indices.count) { part in
      let kernels = unsafe Element.kernels
      for (row, index) in indices.enumerated() {
        unsafe kernels.add(
          source + row * columns + part.lowerBound,
          target + Int(index) * columns + part.lowerBound, part.count)
      }
    }
  }

  /// The columns at the given indices, in that order.
  public func columns<Element>(of x: Matrix<Element>, at indices: [Int32]) -> Matrix<Element> {
    precondition(indices.allSatisfy { $0 >= 0 && Int($0) < x.columns })
    let ld = x.columns
    var y: Matrix<Element> = blank(rows: x.rows, columns: indices.count)
    let target = unsafe y.mutablePointer()
    let source = unsafe x.pointer
    split(x.rows, cost: indices.count) { part in
      let start = part.lowerBound
      unsafe Element.kernels.gatherColumns(
        source + start * ld, ld, indices, part.count, indices.count, target + start * indices.count)
    }
    return y
  }

  /// Puts rows in the place of those at the given indices.
  public func replace<Element>(
    rowsOf y: inout Matrix<Element>, at indices: [Int32], with x: Matrix<Element>
  ) {
    let (height, columns) = (y.rows, x.columns)
    precondition(x.rows == indices.count && columns == y.columns)
    precondition(indices.allSatisfy { $0 >= 0 && Int($0) < height })
    let target = unsafe y.mutablePointer()
    for (row, index) in indices.enumerated() {
      unsafe (target + Int(index) * columns).update(from: x.pointer + row * columns, count: columns)
    }
  }

  /// Puts columns in the place of those at the given indices.
  public func replace<Element>(
    columnsOf y: inout Matrix<Element>, at indices: [Int32], with x: Matrix<Element>
  ) {
    let ld = y.columns
    precondition(x.rows == y.rows && x.columns == indices.count)
    precondition(indices.allSatisfy { $0 >= 0 && Int($0) < ld })
    let target = unsafe y.mutablePointer()
    let source = unsafe x.pointer
    split(x.rows, cost: indices.count) { part in
      let start = part.lowerBound
      unsafe Element.kernels.scatterColumns(
        source + start * indices.count, indices, part.count, indices.count, target + start * ld, ld)
    }
  }

  /// Copies heads' features, side by side, to the given rows of another matrix.
  public func copyHeads<Element>(
    of x: Matrix<Element>, _ runs: HeadRuns, heads: Int, width: Int,
    to y: inout Matrix<Element>, rows: [Int32]
  ) {
    let (height, columns) = (y.rows, x.columns)
    precondition(rows.count == x.rows && y.columns == heads * width)
    precondition(rows.allSatisfy { $0 >= 0 && Int($0) < height })
    precondition(runs.start >= 0 && runs.start + (heads - 1) * runs.stride + width <= columns)
    let target = unsafe y.mutablePointer()
    let source = unsafe x.pointer
    for (row, index) in rows.enumerated() {
      for head in 0..<heads {
        unsafe (target + (Int(index) * heads + head) * width).update(
          from: source + row * columns + runs.start + head * runs.stride, count: width)
      }
    }
  }
}
