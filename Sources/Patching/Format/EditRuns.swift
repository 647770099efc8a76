/// The runs of bytes that one part of an edit covers, in the order of its values.
///
/// That order is also the order of the bytes in the tensor, for every kind: rows one after the other, the
/// columns of row 0 before those of row 1, elements ascending. A digest over the values is therefore a
/// digest over exactly the touched bytes.
struct EditRuns: Sendable {
  let kind: EditKind
  let geometry: Geometry
  /// How many indices there are.
  let count: Int
  /// Neighbouring columns, joined; empty for the other kinds.
  private let columnGroups: [ColumnGroup]

  private struct ColumnGroup {
    var column: Int
    var place: Int
    var count: Int
  }

  /// - Parameter indexAt: The index at a place, ascending.
  init(kind: EditKind, geometry: Geometry, count: Int, indexAt: (Int) -> Int) {
    self.kind = kind
    self.geometry = geometry
    self.count = count
    var groups: [ColumnGroup] = []
    if kind == .columns {
      for place in 0..<count {
        let column = indexAt(place)
        if let last = groups.last, last.column + last.count == column {
          groups[groups.count - 1].count += 1
        } else {
          groups.append(ColumnGroup(column: column, place: place, count: 1))
        }
      }
    }
    columnGroups = groups
  }

  /// How many bytes all runs have.
  var byteCount: Int { count * geometry.valueByteCount(kind) }

  /// Calls `body` with each run that meets a window of the tensor's bytes, cut to the window.
  ///
  /// - Parameters:
  ///   - window: A range of the tensor's bytes.
  ///   - indexAt: The same as at the start.
  ///   - body: Takes the run's range in the tensor, and where its values begin among the part's values.
  /// - Complexity: O(log count + runs in the window); for columns also the rows in the window.
  func forEach<Failure: Error>(
    in window: Range<Int>, indexAt: (Int) -> Int,
    _ body: (_ range: Range<Int>, _ valueOffset: Int) throws(Failure) -> Void
  ) throws(Failure) {
    switch kind {
    case .whole: try cut(0..<geometry.byteCount, 0, window, body)
    case .rows: try forEachSpaced(geometry.rowByteCount, window, indexAt, body)
    case .elements: try forEachSpaced(geometry.elementByteCount, window, indexAt, body)
    case .columns:
      guard !window.isEmpty, geometry.rowByteCount > 0 else { return }
      let element = geometry.elementByteCount
      for row in window.lowerBound / geometry.rowByteCount...(window.upperBound - 1)
        / geometry.rowByteCount
      {
        for group in columnGroups {
          let start = row * geometry.rowByteCount + group.column * element
          try cut(
            start..<start + group.count * element, (row * count + group.place) * element, window,
            body)
        }
      }
    }
  }

  /// Calls `body` with each run whose values meet a range of the part's values, cut to it, in order.
  ///
  /// - Parameters:
  ///   - values: A range of the bytes of the part's values.
  ///   - indexAt: The same as at the start.
  ///   - body: Takes the run's range in the tensor, and where its values begin among the part's values.
  func forEach<Failure: Error>(
    values: Range<Int>, indexAt: (Int) -> Int,
    _ body: (_ range: Range<Int>, _ valueOffset: Int) throws(Failure) -> Void
  ) throws(Failure) {
    func cut(_ run: Range<Int>, _ valueOffset: Int) throws(Failure) {
      let inside = (valueOffset..<valueOffset + run.count).clamped(to: values)
      if inside.isEmpty { return }
      let start = run.lowerBound + inside.lowerBound - valueOffset
      try body(start..<start + inside.count, inside.lowerBound)
    }
    let width = geometry.valueByteCount(kind)
    guard !values.isEmpty, width > 0 else { return }
    switch kind {
    case .whole: try cut(0..<geometry.byteCount, 0)
    case .rows, .elements:
      var place = values.lowerBound / width
      while place < count, place * width < values.upperBound {
        let (first, index) = (place, indexAt(place))
        repeat {
          place += 1
        } while place < count && place * width < values.upperBound
          && indexAt(place) == index + place - first
        try cut(index * width..<(index + place - first) * width, first * width)
      }
    case .columns:
      let element = geometry.elementByteCount
      let rowValues = count * element
      for row in values.lowerBound / rowValues...(values.upperBound - 1) / rowValues {
        for group in columnGroups {
          let start = row * geometry.rowByteCount + group.column * element
          try cut(start..<start + group.count * element, row * rowValues + group.place * element)
        }
      }
    }
  }

  /// Rows or elements: index times a fixed width.
  private func forEachSpaced<Failure: Error>(
    _ width: Int, _ window: Range<Int>, _ indexAt: (Int) -> Int,
    _ body: (Range<Int>, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var place = firstPlace(notBelow: window.lowerBound / width, indexAt)
    while place < count {
      let first = place
      let start = indexAt(place) * width
      if start >= window.upperBound { return }
      // Neighbours are joined, which makes one write of many.
      repeat {
        place += 1
      } while place < count
        && indexAt(place) * width == start
          + (place - first) * width
        && start + (place - first) * width < window.upperBound
      try cut(start..<start + (place - first) * width, first * width, window, body)
    }
  }

  private func firstPlace(notBelow index: Int, _ indexAt: (Int) -> Int) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = low + (high - low) / 2
      if indexAt(middle) < index { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func cut<Failure: Error>(
    _ run: Range<Int>, _ valueOffset: Int, _ window: Range<Int>,
    _ body: (Range<Int>, Int) throws(Failure) -> Void
  ) throws(Failure) {
    let inside = run.clamped(to: window)
    if inside.isEmpty { return }
    try body(inside, valueOffset + inside.lowerBound - run.lowerBound)
  }
}
