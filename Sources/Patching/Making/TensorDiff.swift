import Safetensors
import Storage

/// Finds what differs within one tensor and the smallest exact form to say it.
struct TensorDiff {
  /// The edit; nil where nothing differs.
  let draft: TensorDraft?

  /// What the index of a row costs besides its values.
  private static let lineIndexBytes = 4

  /// - Parameter encoding: Decides what the forms cost.
  init(_ info: TensorInfo, _ old: RawSpan, _ new: RawSpan, for encoding: PatchEncoding) {
    if old.hasSameBytes(as: new) {
      draft = nil
      return
    }
    let geometry = Geometry(info)
    guard geometry.elementByteCount > 0, geometry.rowByteCount > 0 else {
      // Elements share bytes, or there is one only: rows where they are whole bytes, else all of it.
      draft = Self.byRows(info, geometry, old, new)
      return
    }
    draft = Self.smallest(
      info, geometry, old, new,
      FormCost(encoding, elementByteCount: geometry.elementByteCount))
  }

  private static func byRows(
    _ info: TensorInfo, _ geometry: Geometry, _ old: RawSpan, _ new: RawSpan
  ) -> TensorDraft {
    guard geometry.rowByteCount > 0 else { return TensorDraft(whole: info) }
    let rows = (0..<geometry.rowCount).filter { row in
      let range = row * geometry.rowByteCount..<(row + 1) * geometry.rowByteCount
      return !old.extracting(range).hasSameBytes(as: new.extracting(range))
    }
    let cost = rows.count * (geometry.rowByteCount + lineIndexBytes)
    return cost < info.byteCount ? TensorDraft(info: info, rows: rows) : TensorDraft(whole: info)
  }

  /// A choice of rows and columns; what they do not cover is given element by element.
  private struct Form {
    var rows: Set<Int>
    var columns: Set<Int>
    var cost: Int
  }

  private static func smallest(
    _ info: TensorInfo, _ geometry: Geometry, _ old: RawSpan, _ new: RawSpan, _ cost: FormCost
  ) -> TensorDraft {
    let changes = Changes(geometry, old, new)
    let rowLength = geometry.rowByteCount / geometry.elementByteCount
    let hasColumns = geometry.columnCount > 0

    func lines(_ chosen: Set<Int>, _ counts: [Int], _ length: Int) -> Int {
      chosen.reduce(0) { $0 + cost.line(changed: counts[$1], of: length) }
    }
    func without(_ rows: Set<Int>, _ columns: Set<Int>) -> Changes {
      rows.isEmpty && columns.isEmpty
        ? changes : Changes(geometry, old, new, skippingRows: rows, skippingColumns: columns)
    }
    func dense(_ counts: [Int], _ length: Int) -> Set<Int> {
      Set(
        counts.indices.filter {
          counts[$0] > 0
            && cost.elements(counts[$0]) > cost.line(changed: counts[$0], of: length)
        })
    }
    func changed(_ counts: [Int]) -> Set<Int> { Set(counts.indices.filter { counts[$0] > 0 }) }

    var forms = [Form(rows: [], columns: [], cost: cost.elements(changes.count))]
    let changedRows = changed(changes.ofRow)
    forms.append(
      Form(rows: changedRows, columns: [], cost: lines(changedRows, changes.ofRow, rowLength)))
    let rowsFirst = dense(changes.ofRow, rowLength)
    let restOfRows = without(rowsFirst, [])
    let thenColumns = hasColumns ? dense(restOfRows.ofColumn, geometry.rowCount) : []
    forms.append(
      Form(
        rows: rowsFirst, columns: thenColumns,
        cost: lines(rowsFirst, changes.ofRow, rowLength)
          + lines(thenColumns, restOfRows.ofColumn, geometry.rowCount)
          + cost.elements(without(rowsFirst, thenColumns).count)))
    if hasColumns {
      let changedColumns = changed(changes.ofColumn)
      forms.append(
        Form(
          rows: [], columns: changedColumns,
          cost: lines(changedColumns, changes.ofColumn, geometry.rowCount)))
      let columnsFirst = dense(changes.ofColumn, geometry.rowCount)
      let restOfColumns = without([], columnsFirst)
      let thenRows = dense(restOfColumns.ofRow, rowLength)
      forms.append(
        Form(
          rows: thenRows, columns: columnsFirst,
          cost: lines(columnsFirst, changes.ofColumn, geometry.rowCount)
            + lines(thenRows, restOfColumns.ofRow, rowLength)
            + cost.elements(without(thenRows, columnsFirst).count)))
    }
    let whole = cost.line(changed: changes.count, of: rowLength * geometry.rowCount)
    guard let best = forms.min(by: { $0.cost < $1.cost }), best.cost < whole else {
      return TensorDraft(whole: info)
    }
    var elements: [Int] = []
    Changes.forEach(geometry, old, new, best.rows, best.columns) { elements.append($0) }
    return TensorDraft(
      info: info, rows: best.rows.sorted(), columns: best.columns.sorted(), elements: elements)
  }
}

/// How many elements differ in each row and column.
private struct Changes {
  var ofRow: [Int]
  var ofColumn: [Int]
  var count = 0

  init(
    _ geometry: Geometry, _ old: RawSpan, _ new: RawSpan, skippingRows: Set<Int> = [],
    skippingColumns: Set<Int> = []
  ) {
    let rowLength = geometry.rowByteCount / geometry.elementByteCount
    var rows = [Int](repeating: 0, count: geometry.rowCount)
    var columns = [Int](repeating: 0, count: geometry.columnCount)
    var total = 0
    Self.forEach(geometry, old, new, skippingRows, skippingColumns) { element in
      rows[element / rowLength] += 1
      if !columns.isEmpty { columns[element % rowLength] += 1 }
      total += 1
    }
    (ofRow, ofColumn, count) = (rows, columns, total)
  }

  /// Calls `body` with the flat index of each element that differs, outside the rows and columns given.
  static func forEach(
    _ geometry: Geometry, _ old: RawSpan, _ new: RawSpan, _ rows: Set<Int>, _ columns: Set<Int>,
    _ body: (Int) -> Void
  ) {
    let width = geometry.elementByteCount
    let rowLength = geometry.rowByteCount / width
    var isTaken = [Bool](repeating: false, count: rowLength)
    for column in columns { isTaken[column] = true }
    for row in 0..<geometry.rowCount where !rows.contains(row) {
      let range = row * geometry.rowByteCount..<(row + 1) * geometry.rowByteCount
      let (left, right) = (old.extracting(range), new.extracting(range))
      if left.hasSameBytes(as: right) { continue }
      for column in 0..<rowLength where !isTaken[column] {
        for offset in column * width..<(column + 1) * width
        where left.byte(at: offset) != right.byte(at: offset) {
          body(row * rowLength + column)
          break
        }
      }
    }
  }
}
