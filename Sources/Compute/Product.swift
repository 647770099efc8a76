/// Whether a factor of a product is read as it lies or with rows and columns exchanged.
public enum Factor: Sendable {
  /// As it lies.
  case plain
  /// Rows as columns.
  case transposed
}

/// Up to how many rows a product reads the other factor as it lies: OpenBLAS would copy all of it first, which for
/// few rows, as when tokens are generated, is most of the time.
private let fewRows = 8

extension Workers {
  /// Computes `target = a · b`, or adds it to what is there.
  ///
  /// Sizes are those after transposition: (m × k) · (k × n) gives (m × n). Cut along the longer side of the
  /// result, one part for each worker.
  public func multiply<Element>(
    _ a: Matrix<Element>, _ aFactor: Factor = .plain, _ b: Matrix<Element>,
    _ bFactor: Factor = .plain, into target: inout Matrix<Element>, adding: Bool = false
  ) {
    let (m, k) = aFactor == .plain ? (a.rows, a.columns) : (a.columns, a.rows)
    let (inner, n) = bFactor == .plain ? (b.rows, b.columns) : (b.columns, b.rows)
    precondition(k == inner, "inner sizes \(k) and \(inner) differ")
    precondition(
      target.rows == m && target.columns == n,
      "the product is \(m) × \(n), the target \(target.rows) × \(target.columns)")
    unsafe multiply(
      aFactor, bFactor, m: m, n: n, k: k, a.pointer, a.columns, b.pointer, b.columns,
      into: target.mutablePointer(), n, adding: adding)
  }

  /// The product `a · b` as a new matrix.
  public func product<Element>(
    _ a: Matrix<Element>, _ aFactor: Factor = .plain, _ b: Matrix<Element>,
    _ bFactor: Factor = .plain
  ) -> Matrix<Element> {
    var target: Matrix<Element> = blank(
      rows: aFactor == .plain ? a.rows : a.columns,
      columns: bFactor == .plain ? b.columns : b.rows)
    multiply(a, aFactor, b, bFactor, into: &target)
    return target
  }

  /// The same for the rows `range` of `a` and `b` where both are read transposed or plain along them:
  /// `target += a[range]ᵀ · b[range]`, which is how one example's weight gradient is made.
  public func multiplyTransposed<Element>(
    _ a: Matrix<Element>, _ b: Matrix<Element>, rows range: Range<Int>,
    into target: inout Matrix<Element>, adding: Bool
  ) {
    precondition(a.rows == b.rows && range.lowerBound >= 0 && range.upperBound <= a.rows)
    precondition(target.rows == a.columns && target.columns == b.columns)
    unsafe multiply(
      .transposed, .plain, m: a.columns, n: b.columns, k: range.count,
      a.pointer + range.lowerBound * a.columns, a.columns,
      b.pointer + range.lowerBound * b.columns, b.columns, into: target.mutablePointer(),
      b.columns, adding: adding)
  }

  private func multiply<Element: Scalar>(
    _ aFactor: Factor, _ bFactor: Factor, m: Int, n: Int, k: Int, _ a: UnsafePointer<Element>,
    _ lda: Int, _ b: UnsafePointer<Element>, _ ldb: Int,
    into c: UnsafeMutablePointer<Element>, _ ldc: Int, adding: Bool
  ) {
    guard let meter else {
      return unsafe multiplyParts(
        aFactor, bFactor, m: m, n: n, k: k, a, lda, b, ldb, into: c, ldc, adding: adding)
    }
    meter.time(operations: 2 * Double(m) * Double(n) * Double(k)) {
      unsafe multiplyParts(
        aFactor, bFactor, m: m, n: n, k: k, a, lda, b, ldb, into: c, ldc, adding: adding)
    }
  }

  private func multiplyParts<Element: Scalar>(
    _ aFactor: Factor, _ bFactor: Factor, m: Int, n: Int, k: Int, _ a: UnsafePointer<Element>,
    _ lda: Int, _ b: UnsafePointer<Element>, _ ldb: Int,
    into c: UnsafeMutablePointer<Element>, _ ldc: Int, adding: Bool
  ) {
    guard m > 0, n > 0 else { return }
    let beta: Element = adding ? 1 : 0
    guard k > 0 else {
      if !adding { unsafe c.update(repeating: 0, count: m * n) }
      return
    }
    if m <= fewRows, aFactor == .plain, bFactor == .transposed {
      let kernel = unsafe Element.kernels.fewRows
      return split(n, cost: m * k / 4) { part in
        let start = part.lowerBound
        unsafe kernel(
          a, lda, b + start * ldb, ldb, c + start, ldc, m, part.count, k, adding ? 1 : 0)
      }
    }
    let product = unsafe Element.kernels.product
    // Each part is a multiple of 16 wide, which keeps the kernels of OpenBLAS on their fast path.
    let isTall = m >= n
    let blocks = ((isTall ? m : n) + 15) / 16
    split(blocks, cost: 16 * k * (isTall ? n : m) / 64) { part in
      let start = part.lowerBound * 16
      let end = min(part.upperBound * 16, isTall ? m : n)
      if isTall {
        let offset = aFactor == .plain ? start * lda : start
        unsafe product(
          aFactor == .transposed, bFactor == .transposed, end - start, n, k, 1, a + offset, lda, b,
          ldb, beta, c + start * ldc, ldc)
      } else {
        let offset = bFactor == .plain ? start : start * ldb
        unsafe product(
          aFactor == .transposed, bFactor == .transposed, m, end - start, k, 1, a, lda, b + offset,
          ldb, beta, c + start, ldc)
      }
    }
  }
}
