import StrictJSON

/// The short way through entries that are written as the reference writes them.
extension HeaderParser {
  /// Reads an entry with its three fields in the usual order and without white space; false where it is anything
  /// else, and then nothing was read.
  @_lifetime(self: copy self)
  mutating func readPlainEntry(_ draft: TensorTable.Draft, at start: Int) -> Bool {
    let mark = reader.mark
    let detailCount = table.details.count
    var draft = draft
    guard reader.skip("{\"dtype\":\""), let text = reader.plainText(),
      let dtype = position(of: text), reader.skip(",\"shape\":["),
      readPlainShape(&draft), reader.skip(",\"data_offsets\":["),
      let begin = reader.plainUnsigned(), reader.skip(","), let end = reader.plainUnsigned(),
      reader.skip("]}")
    else {
      reader.rewind(to: mark)
      table.details.removeLast(table.details.count - detailCount)
      return false
    }
    table.add(draft, dtype: dtype, begin: begin, end: end, entry: start)
    return true
  }

  /// A type's place in ``DType/ordered``; first what the entry before had, as most files have one type.
  @_lifetime(self: copy self)
  private mutating func position(of dtype: PackedText) -> Int? {
    if words.dtypes[lastDType] == dtype { return lastDType }
    guard let position = words.dtypes.firstIndex(of: dtype) else { return nil }
    lastDType = position
    return position
  }

  /// Reads dimensions and the bracket behind them.
  @_lifetime(self: copy self)
  private mutating func readPlainShape(_ draft: inout TensorTable.Draft) -> Bool {
    if reader.skip("]") { return true }
    repeat {
      guard let dimension = reader.plainUnsigned() else { return false }
      table.details.appendCompact(dimension)
      draft.rank += 1
    } while reader.skip(",")
    return reader.skip("]")
  }
}
