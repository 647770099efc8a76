import Storage
import StrictJSON

/// Reads the JSON of a header, as widely as the reference reader and not wider.
///
/// The reference goes through `serde`: an entry may be an object with unknown fields or an array of three,
/// a type may be a map with one `null`, the last of several equal names counts.
struct HeaderParser: ~Escapable {
  /// The nesting at which `serde_json` gives up: 127 levels are read.
  private static let depthLimit = 127

  private var reader: JSONReader
  private let mode: Header.Mode

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, range: Range<Int>, mode: Header.Mode) {
    reader = JSONReader(bytes, range: range, depthLimit: Self.depthLimit)
    self.mode = mode
  }

  typealias Metadata = [(key: ByteString, value: ByteString)]

  @_lifetime(self: copy self)
  mutating func parse() throws(HeaderError) -> (entries: [RawEntry], metadata: Metadata?) {
    var entries: [RawEntry] = []
    var places: [ByteString: Int] = [:]
    var metadata: Metadata?
    var hasMetadata = false
    var isFirst = true
    try reading(nil) { reader throws(JSONError) in try reader.beginObject() }
    while true {
      let wasFirst = isFirst
      guard
        let key = try reading(
          nil, { reader throws(JSONError) in try reader.nextKey(isFirst: wasFirst) })
      else { break }
      let start = reader.stringStart
      isFirst = false
      if key == Header.metadataKey {
        if hasMetadata { throw HeaderError(.entry("__metadata__ is given twice"), at: start) }
        hasMetadata = true
        metadata = try readMetadata()
      } else {
        let entry = try readEntry(key, at: start)
        if let place = places[key] {
          if mode == .strict { throw HeaderError(.duplicateName, tensor: key, at: start) }
          entries[place] = entry
        } else {
          places[key] = entries.count
          entries.append(entry)
        }
      }
    }
    try reading(nil) { reader throws(JSONError) in try reader.finish() }
    return (entries, metadata)
  }

  /// Runs a reading and gives its error the tensor and the place.
  @_lifetime(self: copy self)
  private mutating func reading<Value>(
    _ tensor: ByteString?, _ body: (inout JSONReader) throws(JSONError) -> Value
  ) throws(HeaderError) -> Value {
    do throws(JSONError) { return try body(&reader) } catch {
      throw HeaderError(.json(error.reason), tensor: tensor, at: error.byteOffset)
    }
  }

  @_lifetime(self: copy self)
  private mutating func readMetadata() throws(HeaderError) -> Metadata? {
    if try reading(nil, { reader throws(JSONError) in try reader.peek() }) == .null {
      try reading(nil) { reader throws(JSONError) in try reader.readNull() }
      return nil
    }
    let strict = mode == .strict
    var members: Metadata = []
    var places: [ByteString: Int] = [:]
    try reading(nil) { reader throws(JSONError) in
      try reader.beginObject()
      var isFirst = true
      while true {
        guard let key = try reader.nextKey(isFirst: isFirst) else { break }
        let start = reader.stringStart
        isFirst = false
        let value = try reader.readString()
        if let place = places[key] {
          if strict { throw JSONError(.duplicateKey(key), at: start) }
          members[place].value = value
        } else {
          places[key] = members.count
          members.append((key, value))
        }
      }
    }
    return members
  }

  @_lifetime(self: copy self)
  private mutating func readEntry(_ name: ByteString, at start: Int) throws(HeaderError) -> RawEntry
  {
    var fields = EntryFields()
    switch try reading(name, { reader throws(JSONError) in try reader.peek() }) {
    case .object: try readObjectEntry(name, into: &fields)
    case .array:
      if mode == .strict {
        throw HeaderError(
          .unusualForm("the entry is an array, which not all readers know"), tensor: name, at: start
        )
      }
      try readArrayEntry(name, into: &fields)
    default:
      throw HeaderError(
        .entry("the entry must be an object with dtype, shape and data_offsets"), tensor: name,
        at: start)
    }
    guard let dtype = fields.dtype, let shape = fields.shape, let offsets = fields.offsets else {
      let missing =
        fields.dtype == nil ? "dtype" : fields.shape == nil ? "shape" : "data_offsets"
      throw HeaderError(.entry("\(missing) is missing"), tensor: name, at: start)
    }
    return RawEntry(
      name: name, dtype: dtype, shape: shape, begin: offsets.0, end: offsets.1, byteOffset: start)
  }

  private struct EntryFields {
    var dtype: DType?
    var shape: [UInt64]?
    var offsets: (UInt64, UInt64)?
  }

  @_lifetime(self: copy self)
  private mutating func readObjectEntry(_ name: ByteString, into fields: inout EntryFields)
    throws(HeaderError)
  {
    try reading(name) { reader throws(JSONError) in try reader.beginObject() }
    var isFirst = true
    while true {
      let wasFirst = isFirst
      guard
        let key = try reading(
          name, { reader throws(JSONError) in try reader.nextKey(isFirst: wasFirst) })
      else { return }
      let start = reader.stringStart
      isFirst = false
      func once(_ isNew: Bool) throws(HeaderError) {
        guard isNew else {
          throw HeaderError(.entry("\(key) is given twice"), tensor: name, at: start)
        }
      }
      switch key {
      case "dtype":
        try once(fields.dtype == nil)
        fields.dtype = try readDType(name)
      case "shape":
        try once(fields.shape == nil)
        fields.shape = try readIntegers(name)
      case "data_offsets":
        try once(fields.offsets == nil)
        fields.offsets = try readOffsets(name)
      default: try reading(name) { reader throws(JSONError) in try reader.skipValue() }
      }
    }
  }

  @_lifetime(self: copy self)
  private mutating func readArrayEntry(_ name: ByteString, into fields: inout EntryFields)
    throws(HeaderError)
  {
    let start = reader.position
    try reading(name) { reader throws(JSONError) in try reader.beginArray() }
    for index in 0..<4 {
      let more = try reading(name) { reader throws(JSONError) in
        try reader.nextElement(isFirst: index == 0)
      }
      guard more == (index < 3) else {
        throw HeaderError(
          .entry("an entry given as an array has exactly 3 elements"), tensor: name, at: start)
      }
      switch index {
      case 0: fields.dtype = try readDType(name)
      case 1: fields.shape = try readIntegers(name)
      case 2: fields.offsets = try readOffsets(name)
      default: break
      }
    }
  }

  @_lifetime(self: copy self)
  private mutating func readDType(_ name: ByteString) throws(HeaderError) -> DType {
    let start = reader.position
    let kind = try reading(name) { reader throws(JSONError) in try reader.peek() }
    let text: ByteString
    switch kind {
    case .string: text = try reading(name) { reader throws(JSONError) in try reader.readString() }
    case .object where mode == .strict:
      throw HeaderError(
        .unusualForm("the type is a map, which not all readers know"), tensor: name, at: start)
    case .object:
      // `{"F32": null}` is how serde spells a unit variant in full.
      let read: ByteString? = try reading(name) { reader throws(JSONError) in
        try reader.beginObject()
        guard let key = try reader.nextKey(isFirst: true) else { return nil }
        try reader.readNull()
        return try reader.nextKey(isFirst: false) == nil ? key : nil
      }
      guard let read else {
        throw HeaderError(
          .entry("a type given as a map has exactly one member"), tensor: name, at: start)
      }
      text = read
    default: throw HeaderError(.entry("dtype must be a string"), tensor: name, at: start)
    }
    guard let dtype = DType(rawValue: text.text), ByteString(dtype.rawValue) == text else {
      throw HeaderError(.entry("unknown dtype \"\(text)\""), tensor: name, at: start)
    }
    return dtype
  }

  @_lifetime(self: copy self)
  private mutating func readIntegers(_ name: ByteString) throws(HeaderError) -> [UInt64] {
    try reading(name) { reader throws(JSONError) in
      try reader.beginArray()
      var values: [UInt64] = []
      while try reader.nextElement(isFirst: values.isEmpty) {
        values.append(try reader.readUnsigned())
      }
      return values
    }
  }

  @_lifetime(self: copy self)
  private mutating func readOffsets(_ name: ByteString) throws(HeaderError) -> (UInt64, UInt64) {
    let start = reader.position
    let values = try readIntegers(name)
    guard values.count == 2 else {
      throw HeaderError(
        .entry("data_offsets has \(values.count) elements, expected 2"), tensor: name, at: start)
    }
    return (values[0], values[1])
  }
}
