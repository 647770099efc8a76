import Safetensors
import Storage

/// Finds what differs within one tensor and the smallest exact form to say it.
struct TensorDiff {
  /// The edit; nil where nothing differs.
  let draft: TensorDraft?

  /// What one index costs besides its values: U32 for rows and columns, U64 for elements.
  private static let (lineIndexBytes, elementIndexBytes) = (4, 8)

  init(_ info: TensorInfo, _ old: RawSpan, _ new: RawSpan) {
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
    draft = Self.smallest(info, geometry, old, new)
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
    _ info: TensorInfo, _ geometry: Geometry, _ old: RawSpan, _ new: RawSpan
  ) -> TensorDraft {
    let changes = Changes(geometry, old, new)
    let elementCost = geometry.elementByteCount + elementIndexBytes
    let rowCost = geometry.rowByteCount + lineIndexBytes
    let columnCost = geometry.rowCount * geometry.elementByteCount + lineIndexBytes
    let hasColumns = geometry.columnCount > 0

    func form(rows: Set<Int>, columns: Set<Int>, changes: Changes) -> Form {
      Form(
        rows: rows, columns: columns,
        cost: rows.count * rowCost + columns.count * columnCost + changes.count * elementCost)
    }
    func without(_ rows: Set<Int>, _ columns: Set<Int>) -> Changes {
      rows.isEmpty && columns.isEmpty
        ? changes : Changes(geometry, old, new, skippingRows: rows, skippingColumns: columns)
    }
    func dense(_ counts: [Int], _ lineCost: Int) -> Set<Int> {
      Set(counts.indices.filter { counts[$0] * elementCost > lineCost })
    }

    var forms: [Form] = [form(rows: [], columns: [], changes: changes)]
    let changedRows = Set(changes.ofRow.indices.filter { changes.ofRow[$0] > 0 })
    forms.append(
      Form(rows: changedRows, columns: [], cost: changedRows.count * rowCost))
    let rowsFirst = dense(changes.ofRow, rowCost)
    let restOfRows = without(rowsFirst, [])
    let thenColumns = hasColumns ? dense(restOfRows.ofColumn, columnCost) : []
    forms.append(
      form(rows: rowsFirst, columns: thenColumns, changes: without(rowsFirst, thenColumns)))
    if hasColumns {
      let changedColumns = Set(changes.ofColumn.indices.filter { changes.ofColumn[$0] > 0 })
      forms.append(
        Form(rows: [], columns: changedColumns, cost: changedColumns.count * columnCost))
      let columnsFirst = dense(changes.ofColumn, columnCost)
      let restOfColumns = without([], columnsFirst)
      let thenRows = dense(restOfColumns.ofRow, rowCost)
      forms.append(
        form(
          rows: thenRows, columns: columnsFirst, changes: without(thenRows, columnsFirst)))
    }
    guard let best = forms.min(by: { $0.cost < $1.cost }), best.cost < info.byteCount else {
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
    for row in 0..<geometry.rowCount where !rows.contains(row) {
      let range = row * geometry.rowByteCount..<(row + 1) * geometry.rowByteCount
      let (left, right) = (old.extracting(range), new.extracting(range))
      if left.hasSameBytes(as: right) { continue }
      for column in 0..<rowLength where columns.isEmpty || !columns.contains(column) {
        for offset in column * width..<(column + 1) * width
        where left.byte(at: offset) != right.byte(at: offset) {
          body(row * rowLength + column)
          break
        }
      }
    }
  }
}
