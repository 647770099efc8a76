/// The runs of bytes that one part of an edit covers, in the order of its values.
///
/// That order is also the order of the bytes in the tensor, for every kind: rows one after the other, the
/// columns of row 0 before those of row 1, elements ascending. A digest over the values is therefore a
/// digest over exactly the touched bytes, and the values of a window of the tensor lie side by side.
struct EditRuns: Sendable {
  let kind: EditKind
  let geometry: Geometry
  /// How many indices there are.
  let count: Int
  /// Neighbouring columns, joined; empty for the other kinds.
  let columnGroups: [ColumnGroup]

  /// Columns that lie side by side.
  struct ColumnGroup: Sendable {
    /// The first column.
    var column: Int
    /// Its place among the indices.
    var place: Int
    /// How many columns there are.
    var count: Int
  }

  /// What a window of the tensor holds of the runs.
  struct Extent: Hashable, Sendable {
    /// The smallest range of the tensor's bytes that holds them all.
    var bytes: Range<Int>
    /// Where their values lie among the part's values.
    var values: Range<Int>
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
      for row in rows(meeting: window) {
        for group in columnGroups {
          try cut(range(of: group, in: row), valueOffset(of: group, in: row), window, body)
        }
      }
    }
  }

  /// What a window holds; nil where it holds nothing.
  ///
  /// - Complexity: O(log count); for columns O(groups).
  func extent(in window: Range<Int>, indexAt: (Int) -> Int) -> Extent? {
    guard !window.isEmpty, geometry.byteCount > 0 else { return nil }
    switch kind {
    case .whole:
      let inside = (0..<geometry.byteCount).clamped(to: window)
      return inside.isEmpty ? nil : Extent(bytes: inside, values: inside)
    case .rows: return spacedExtent(geometry.rowByteCount, window, indexAt)
    case .elements: return spacedExtent(geometry.elementByteCount, window, indexAt)
    case .columns: return columnExtent(window)
    }
  }

  /// The rows of the tensor that a window meets.
  func rows(meeting window: Range<Int>) -> Range<Int> {
    window.lowerBound / geometry.rowByteCount..<(window.upperBound - 1) / geometry.rowByteCount + 1
  }

  /// Where a group of columns lies in a row.
  func range(of group: ColumnGroup, in row: Int) -> Range<Int> {
    let start = row * geometry.rowByteCount + group.column * geometry.elementByteCount
    return start..<start + group.count * geometry.elementByteCount
  }

  /// Where the values of a group of columns of a row begin.
  func valueOffset(of group: ColumnGroup, in row: Int) -> Int {
    (row * count + group.place) * geometry.elementByteCount
  }

  private func columnExtent(_ window: Range<Int>) -> Extent? {
    let rows = rows(meeting: window)
    var first: (bytes: Int, value: Int)?
    search: for row in rows.prefix(2) {
      for group in columnGroups {
        let range = range(of: group, in: row)
        if range.upperBound <= window.lowerBound { continue }
        guard range.lowerBound < window.upperBound else { return nil }
        let start = max(range.lowerBound, window.lowerBound)
        first = (start, valueOffset(of: group, in: row) + start - range.lowerBound)
        break search
      }
    }
    guard let first else { return nil }
    for row in rows.suffix(2).reversed() {
      for group in columnGroups.reversed() {
        let range = range(of: group, in: row)
        if range.lowerBound >= window.upperBound { continue }
        let end = min(range.upperBound, window.upperBound)
        return Extent(
          bytes: first.bytes..<end,
          values: first.value..<valueOffset(of: group, in: row) + end - range.lowerBound)
      }
    }
    return nil
  }

  private func spacedExtent(_ width: Int, _ window: Range<Int>, _ indexAt: (Int) -> Int) -> Extent?
  {
    let first = firstPlace(notBelow: window.lowerBound / width, indexAt)
    let end = firstPlace(notBelow: (window.upperBound - 1) / width + 1, indexAt)
    guard first < end else { return nil }
    let (start, last) = (indexAt(first) * width, indexAt(end - 1) * width)
    let bytes = max(start, window.lowerBound)..<min(last + width, window.upperBound)
    return Extent(
      bytes: bytes,
      values: first * width + bytes.lowerBound - start..<(end - 1) * width + bytes.upperBound - last
    )
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
