/// Elements of one tensor, a bit each; stretches without any take no memory.
struct ElementSet: Sendable {
  /// A stretch of elements, at least one of which is in the set.
  struct Stretch: Sendable {
    /// The first element; a multiple of 64.
    var start: Int
    /// One bit for each element, the lowest first.
    var words: [UInt64]
  }

  /// The stretches, in order.
  private(set) var stretches: [Stretch] = []
  /// How many elements there are.
  private(set) var count = 0

  /// Whether there are none.
  var isEmpty: Bool { count == 0 }

  /// Adds a stretch, which lies behind those that are there.
  mutating func append(_ stretch: Stretch) {
    count += stretch.words.reduce(0) { $0 + $1.nonzeroBitCount }
    stretches.append(stretch)
  }

  /// Calls `body` with each element, ascending.
  func forEach(_ body: (Int) -> Void) {
    for stretch in stretches {
      for (index, word) in stretch.words.enumerated() {
        var left = word
        while left != 0 {
          body(stretch.start + index * 64 + left.trailingZeroBitCount)
          left &= left - 1
        }
      }
    }
  }

  /// Calls `body` with each element as row and column, ascending, without those in rows or columns given.
  ///
  /// - Parameter rowLength: How many elements a row has.
  func forEach(
    rowLength: Int, outside rows: LineSet = LineSet(), _ columns: LineSet = LineSet(),
    _ body: (_ row: Int, _ column: Int) -> Void
  ) {
    // Elements ascend, so the row is found by going on from the last one.
    var (row, start) = (0, 0)
    forEach { element in
      if element >= start + rowLength {
        row = element / rowLength
        start = row * rowLength
      }
      if rows.contains(row) || columns.contains(element - start) { return }
      body(row, element - start)
    }
  }
}

/// Rows or columns of one tensor.
struct LineSet: Sendable {
  private var isIn: [Bool] = []
  /// The lines, ascending.
  private(set) var lines: [Int] = []

  /// No line.
  init() {}

  /// The lines of a range that a condition holds for.
  init(of count: Int, where isIn: (Int) -> Bool) {
    self.isIn = (0..<count).map(isIn)
    lines = self.isIn.indices.filter { self.isIn[$0] }
  }

  /// Whether a line is among them.
  func contains(_ line: Int) -> Bool { line < isIn.count && isIn[line] }
}
