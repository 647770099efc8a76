import Storage
import StrictJSON

/// Reads the JSON of a header, as widely as the reference reader and not wider.
///
/// The reference goes through `serde`: an entry may be an object with unknown fields or an array of three,
/// a type may be a map with one `null`, the last of several equal names counts. What is ignored is not built.
struct HeaderParser: ~Escapable {
  /// The nesting at which `serde_json` gives up: 127 levels are read.
  private static let depthLimit = 127

  var reader: JSONReader
  let mode: Header.Mode
  /// Whether faults of entries are noted and the reading goes on.
  private let collects: Bool
  private(set) var faults = HeaderFaults()
  var table = TensorTable()
  let words = HeaderWords()
  /// The place of the type that was read last.
  var lastDType = 0
  private(set) var metadata: HeaderMetadata?

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, range: Range<Int>, mode: Header.Mode, collects: Bool = false) {
    reader = JSONReader(bytes, range: range, depthLimit: Self.depthLimit)
    self.mode = mode
    self.collects = collects
    // Room for as much as there can be, of which only what is used becomes resident: details are never longer than
    // the entry that they are read from.
    table.records.reserveCapacity(range.count / TensorTable.shortestEntry + 1)
    table.details.reserveCapacity(range.count)
  }

  /// Reads the whole header; what was found is in ``table``, ``metadata`` and ``faults``.
  @_lifetime(self: copy self)
  mutating func parse() throws(HeaderError) {
    try read { reader throws(JSONError) in try reader.beginObject() }
    var hasMetadata = false
    var isFirst = true
    while let key = try nextKey(isFirst: isFirst) {
      isFirst = false
      let start = reader.stringStart
      guard try isMetadataKey(key) else {
        try readEntry(key, at: start)
        continue
      }
      let mark = reader.mark
      do throws(HeaderError) {
        if hasMetadata { throw HeaderError(.entry("__metadata__ is given twice"), at: start) }
        hasMetadata = true
        try readMetadata()
      } catch { try goOn(after: error, from: mark) }
    }
    try read { reader throws(JSONError) in try reader.finish() }
    try closeTable()
  }

  /// Runs a reading and makes its error one of a header.
  @_lifetime(self: copy self)
  mutating func read<Value>(_ body: (inout JSONReader) throws(JSONError) -> Value)
    throws(HeaderError) -> Value
  {
    do throws(JSONError) { return try body(&reader) } catch { throw HeaderError(error) }
  }

  @_lifetime(self: copy self)
  mutating func nextKey(isFirst: Bool) throws(HeaderError) -> JSONReader.StringToken? {
    try read { reader throws(JSONError) in try reader.nextKeyToken(isFirst: isFirst) }
  }

  private func isMetadataKey(_ key: JSONReader.StringToken) throws(HeaderError) -> Bool {
    do throws(JSONError) { return try reader.matches(key, "__metadata__") } catch {
      throw HeaderError(error)
    }
  }

  /// Notes a fault and skips the value that has it; throws where faults are not collected, or where the text is
  /// no JSON.
  @_lifetime(self: copy self)
  private mutating func goOn(after fault: HeaderError, from mark: JSONReader.Mark)
    throws(HeaderError)
  {
    guard collects else { throw fault }
    reader.rewind(to: mark)
    do throws(JSONError) { try reader.skipValue() } catch {
      if error.byteOffset == fault.byteOffset { throw fault }
      faults.add(fault)
      throw HeaderError(error)
    }
    faults.add(fault)
  }

  @_lifetime(self: copy self)
  private mutating func readMetadata() throws(HeaderError) {
    if try read({ reader throws(JSONError) in try reader.peek() }) == .null {
      return try read { reader throws(JSONError) in try reader.readNull() }
    }
    let start = reader.position
    var members = HeaderMetadata()
    try read { reader throws(JSONError) in
      try reader.beginObject()
      var isFirst = true
      while let key = try reader.nextKeyToken(isFirst: isFirst) {
        isFirst = false
        let value = try reader.readToken()
        if key.hasEscapes || value.hasEscapes {
          let (keyText, valueText) = (try reader.text(of: key), try reader.text(of: value))
          members.add(
            key: keyText.bytes.count, { $0 += keyText.bytes },
            value: valueText.bytes.count, { $0 += valueText.bytes })
        } else {
          try members.add(
            key: key.range.count, { (text) throws(JSONError) in try reader.append(key, to: &text) },
            value: value.range.count,
            { (text) throws(JSONError) in try reader.append(value, to: &text) })
        }
      }
    }
    if let key = members.close(), mode == .strict {
      throw HeaderError(.json(.duplicateKey(key)), at: start)
    }
    metadata = members
  }

  @_lifetime(self: copy self)
  private mutating func readEntry(_ key: JSONReader.StringToken, at start: Int) throws(HeaderError)
  {
    let mark = reader.mark
    let draft: TensorTable.Draft
    do throws(JSONError) {
      if key.hasEscapes {
        let name = try reader.text(of: key).bytes
        draft = table.draft(name: name.count) { $0 += name }
      } else {
        draft = try table.draft(name: key.range.count) { (text) throws(JSONError) in
          try reader.append(key, to: &text)
        }
      }
    } catch { throw HeaderError(error) }
    if readPlainEntry(draft, at: start) { return }
    do throws(HeaderError) { try readFields(draft, at: start) } catch {
      table.discard(draft)
      let name: ByteString
      do throws(JSONError) { name = try reader.text(of: key) } catch { throw HeaderError(error) }
      try goOn(after: error.about(name), from: mark)
    }
  }

  @_lifetime(self: copy self)
  private mutating func closeTable() throws(HeaderError) {
    guard mode == .strict else { return table.close { _, _ in } }
    var again = HeaderFaults()
    var earliest: HeaderError?
    table.close { name, entry in
      let fault = HeaderError(.duplicateName, at: entry).about(name)
      again.add(fault)
      if entry < earliest?.byteOffset ?? .max { earliest = fault }
    }
    if let earliest, !collects { throw earliest }
    faults.add(again)
  }
}
