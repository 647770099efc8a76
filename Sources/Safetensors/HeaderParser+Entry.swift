import Storage
import StrictJSON

/// The fields of one tensor's entry.
extension HeaderParser {
  private struct Fields {
    /// The type's place in `DType.ordered`.
    var dtype: Int?
    var hasShape = false
    var offsets: (begin: UInt64, end: UInt64)?
    var draft: TensorTable.Draft
  }

  /// Reads an entry, whose value is next, into the table.
  @_lifetime(self: copy self)
  mutating func readFields(_ draft: TensorTable.Draft, at start: Int) throws(HeaderError) {
    var fields = Fields(draft: draft)
    switch try read({ reader throws(JSONError) in try reader.peek() }) {
    case .object: try readObject(into: &fields)
    case .array:
      if mode == .strict {
        throw HeaderError(
          .unusualForm("the entry is an array, which not all readers know"), at: start)
      }
      try readArray(into: &fields)
    default:
      throw HeaderError(
        .entry("the entry must be an object with dtype, shape and data_offsets"), at: start)
    }
    guard let dtype = fields.dtype, fields.hasShape, let offsets = fields.offsets else {
      let missing = fields.dtype == nil ? "dtype" : fields.hasShape ? "data_offsets" : "shape"
      throw HeaderError(.entry("\(missing) is missing"), at: start)
    }
    table.add(
      fields.draft, dtype: dtype, begin: offsets.begin, end: offsets.end, entry: start)
  }

  @_lifetime(self: copy self)
  private mutating func readObject(into fields: inout Fields) throws(HeaderError) {
    try read { reader throws(JSONError) in try reader.beginObject() }
    var isFirst = true
    while let key = try nextKey(isFirst: isFirst) {
      isFirst = false
      let start = reader.stringStart
      func once(_ isNew: Bool, _ name: String) throws(HeaderError) {
        guard isNew else { throw HeaderError(.entry("\(name) is given twice"), at: start) }
      }
      switch try packed(key) {
      case words.dtype:
        try once(fields.dtype == nil, "dtype")
        fields.dtype = try readDType()
      case words.shape:
        try once(!fields.hasShape, "shape")
        try readShape(into: &fields)
      case words.offsets:
        try once(fields.offsets == nil, "data_offsets")
        fields.offsets = try readOffsets()
      default: try read { reader throws(JSONError) in try reader.skipValue() }
      }
    }
  }

  @_lifetime(self: copy self)
  private mutating func readArray(into fields: inout Fields) throws(HeaderError) {
    let start = reader.position
    try read { reader throws(JSONError) in try reader.beginArray() }
    for index in 0..<4 {
      let more = try read { reader throws(JSONError) in
        try reader.nextElement(isFirst: index == 0)
      }
      guard more == (index < 3) else {
        throw HeaderError(
          .entry("an entry given as an array has exactly 3 elements"), at: start)
      }
      switch index {
      case 0: fields.dtype = try readDType()
      case 1: try readShape(into: &fields)
      case 2: fields.offsets = try readOffsets()
      default: break
      }
    }
  }

  private func packed(_ token: JSONReader.StringToken) throws(HeaderError) -> PackedText? {
    do throws(JSONError) { return try reader.packed(token) } catch { throw HeaderError(error) }
  }

  /// Reads a type: its place in `DType.ordered`.
  @_lifetime(self: copy self)
  private mutating func readDType() throws(HeaderError) -> Int {
    let start = reader.position
    let token: JSONReader.StringToken
    switch try read({ reader throws(JSONError) in try reader.peek() }) {
    case .string: token = try read { reader throws(JSONError) in try reader.readToken() }
    case .object where mode == .strict:
      throw HeaderError(
        .unusualForm("the type is a map, which not all readers know"), at: start)
    case .object:
      // `{"F32": null}` is how serde spells a unit variant in full.
      let key: JSONReader.StringToken? = try read { reader throws(JSONError) in
        try reader.beginObject()
        guard let key = try reader.nextKeyToken(isFirst: true) else { return nil }
        try reader.readNull()
        return try reader.nextKeyToken(isFirst: false) == nil ? key : nil
      }
      guard let key else {
        throw HeaderError(.entry("a type given as a map has exactly one member"), at: start)
      }
      token = key
    default: throw HeaderError(.entry("dtype must be a string"), at: start)
    }
    if let text = try packed(token), let position = words.dtypes.firstIndex(of: text) {
      return position
    }
    guard token.range.count <= 64 else { throw HeaderError(.entry("unknown dtype"), at: start) }
    let text: ByteString
    do throws(JSONError) { text = try reader.text(of: token) } catch { throw HeaderError(error) }
    throw HeaderError(.entry("unknown dtype \"\(text)\""), at: start)
  }

  @_lifetime(self: copy self)
  private mutating func readShape(into fields: inout Fields) throws(HeaderError) {
    fields.hasShape = true
    do throws(JSONError) {
      try reader.beginArray()
      while try reader.nextElement(isFirst: fields.draft.rank == 0) {
        table.details.appendCompact(try reader.readUnsigned())
        fields.draft.rank += 1
      }
    } catch { throw HeaderError(error) }
  }

  @_lifetime(self: copy self)
  private mutating func readOffsets() throws(HeaderError) -> (begin: UInt64, end: UInt64) {
    let start = reader.position
    var (begin, end, count): (UInt64, UInt64, Int) = (0, 0, 0)
    do throws(JSONError) {
      try reader.beginArray()
      while try reader.nextElement(isFirst: count == 0) {
        (begin, end) = (end, try reader.readUnsigned())
        count += 1
      }
    } catch { throw HeaderError(error) }
    guard count == 2 else {
      throw HeaderError(.entry("data_offsets has \(count) elements, expected 2"), at: start)
    }
    return (begin, end)
  }
}

/// The words of the format, packed for comparing.
struct HeaderWords {
  let dtype = PackedText("dtype")
  let shape = PackedText("shape")
  let offsets = PackedText("data_offsets")
  let dtypes = DType.ordered.map { PackedText($0.rawValue) }
}
