import Safetensors

/// The smallest exact form to say which elements of a tensor differ.
struct TensorDiff {
  /// The edit.
  let draft: TensorDraft

  /// What one index costs besides its values: U32 for rows and columns, U64 for elements.
  private static let (lineIndexBytes, elementIndexBytes) = (4, 8)

  /// - Parameter changed: The elements that differ, at least one; bytes where elements share bytes.
  init(_ info: TensorInfo, _ changed: ElementSet) {
    let geometry = Geometry(info)
    guard geometry.rowByteCount > 0 else {
      draft = TensorDraft(whole: info)
      return
    }
    draft =
      geometry.elementByteCount > 0
      ? Self.smallest(info, geometry, changed) : Self.byRows(info, geometry, changed)
  }

  /// Elements share bytes: rows where they are cheaper than all of it.
  private static func byRows(_ info: TensorInfo, _ geometry: Geometry, _ changed: ElementSet)
    -> TensorDraft
  {
    var counts = [Int](repeating: 0, count: geometry.rowCount)
    changed.forEach(rowLength: geometry.rowByteCount) { row, _ in counts[row] += 1 }
    let rows = counts.indices.filter { counts[$0] > 0 }
    let cost = rows.count * (geometry.rowByteCount + lineIndexBytes)
    return cost < info.byteCount ? TensorDraft(info: info, rows: rows) : TensorDraft(whole: info)
  }

  /// A choice of rows and columns; what they do not cover is given element by element.
  private struct Form {
    var rows = LineSet()
    var columns = LineSet()
    var elementCount: Int
  }

  private static func smallest(_ info: TensorInfo, _ geometry: Geometry, _ changed: ElementSet)
    -> TensorDraft
  {
    let rowLength = geometry.rowByteCount / geometry.elementByteCount
    let elementCost = geometry.elementByteCount + elementIndexBytes
    let rowCost = geometry.rowByteCount + lineIndexBytes
    let columnCost = geometry.rowCount * geometry.elementByteCount + lineIndexBytes
    let hasColumns = geometry.columnCount > 0

    func counts(outside rows: LineSet = LineSet(), _ columns: LineSet = LineSet()) -> Counts {
      Counts(changed, geometry.rowCount, rowLength, outside: rows, columns)
    }
    func dense(_ counts: [Int], _ lineCost: Int) -> LineSet {
      LineSet(of: counts.count) { counts[$0] * elementCost > lineCost }
    }
    func cost(_ form: Form) -> Int {
      form.rows.lines.count * rowCost + form.columns.lines.count * columnCost
        + form.elementCount * elementCost
    }

    let all = counts()
    let allRows = LineSet(of: geometry.rowCount) { all.ofRow[$0] > 0 }
    var forms = [Form(elementCount: all.count), Form(rows: allRows, elementCount: 0)]
    let rows = dense(all.ofRow, rowCost)
    var rest = rows.lines.isEmpty ? all : counts(outside: rows)
    forms.append(Form(rows: rows, elementCount: rest.count))
    if hasColumns {
      let thenColumns = dense(rest.ofColumn, columnCost)
      if !thenColumns.lines.isEmpty {
        forms.append(
          Form(
            rows: rows, columns: thenColumns,
            elementCount: counts(outside: rows, thenColumns).count))
      }
      let allColumns = LineSet(of: geometry.columnCount) { all.ofColumn[$0] > 0 }
      forms.append(Form(columns: allColumns, elementCount: 0))
      let columns = dense(all.ofColumn, columnCost)
      rest = columns.lines.isEmpty ? all : counts(outside: LineSet(), columns)
      forms.append(Form(columns: columns, elementCount: rest.count))
      let thenRows = dense(rest.ofRow, rowCost)
      if !thenRows.lines.isEmpty {
        forms.append(
          Form(
            rows: thenRows, columns: columns,
            elementCount: counts(outside: thenRows, columns).count))
      }
    }
    guard let best = forms.min(by: { cost($0) < cost($1) }), cost(best) < info.byteCount else {
      return TensorDraft(whole: info)
    }
    var elements: [Int] = []
    if best.elementCount > 0 {
      elements.reserveCapacity(best.elementCount)
      changed.forEach(rowLength: rowLength, outside: best.rows, best.columns) { row, column in
        elements.append(row * rowLength + column)
      }
    }
    return TensorDraft(
      info: info, rows: best.rows.lines, columns: best.columns.lines, elements: elements)
  }
}

/// How many elements differ in each row and column.
private struct Counts {
  var ofRow: [Int]
  var ofColumn: [Int]
  var count = 0

  init(
    _ changed: ElementSet, _ rowCount: Int, _ rowLength: Int, outside rows: LineSet,
    _ columns: LineSet
  ) {
    var ofRow = [Int](repeating: 0, count: rowCount)
    var ofColumn = [Int](repeating: 0, count: rowLength)
    changed.forEach(rowLength: rowLength, outside: rows, columns) { row, column in
      ofRow[row] += 1
      ofColumn[column] += 1
    }
    (self.ofRow, self.ofColumn) = (ofRow, ofColumn)
    count = ofRow.reduce(0, +)
  }
}
