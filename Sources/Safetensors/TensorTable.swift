public import Storage

/// The tensors of a header, in the order of their data; each is described when it is asked for.
///
/// A tensor costs 24 bytes, its name, a few bytes for type and shape, and some five for finding it by name.
public struct TensorTable: Sendable {
  /// What is known of one tensor without looking at its details.
  struct Record: Hashable, Sendable {
    /// The range of its data.
    var begin: UInt64
    var end: UInt64
    /// Where its details begin.
    var details: UInt32
    /// Where its entry stands in the file; headers are far shorter than 2^32.
    var entry: UInt32
  }

  /// The shortest entry that there can be is `"":["U8",[],[0,0]],`.
  static let shortestEntry = 19

  var records: [Record] = []
  /// For each tensor its name's length, its name, type and rank in four bytes, its dimensions.
  var details: [UInt8] = []
  var index = NameIndex(count: 0)

  /// How many dimensions a tensor has.
  public func rank(at position: Int) -> Int {
    var offset = Int(records[position].details)
    skipName(&offset)
    return typeAndRank(at: &offset).rank
  }

  /// The type of a tensor and where its bytes lie, counted from the start of the data section.
  public func placement(at position: Int) -> (dtype: DType, dataRange: Range<Int>) {
    let record = records[position]
    var offset = Int(record.details)
    skipName(&offset)
    // Checked against the size of the file.
    return (typeAndRank(at: &offset).dtype, Int(record.begin)..<Int(record.end))
  }

  /// The position of the tensor of a name; nil where there is none.
  public func position(of name: ByteString) -> Int? {
    let span = name.bytes.rawSpan
    return index.find(hash: NameIndex.hash(span)) { hasName(at: $0, span) }
  }

  /// The byte of the file at which a tensor's entry stands.
  public func entryOffset(at position: Int) -> Int { Int(records[position].entry) }

  func nameRange(at position: Int) -> Range<Int> {
    var offset = Int(records[position].details)
    let count = Int(details.compact(at: &offset))
    return offset..<offset + count
  }

  /// The name of a tensor.
  public func name(at position: Int) -> ByteString {
    ByteString(bytes: Array(details[nameRange(at: position)]))
  }

  func hasName(at position: Int, _ name: RawSpan) -> Bool {
    let range = nameRange(at: position)
    return range.count == name.byteCount
      && details.rawSpan.extracting(range).hasSameBytes(as: name)
  }

  /// The hash of a tensor's name.
  func nameHash(at position: Int) -> Int {
    NameIndex.hash(details.rawSpan.extracting(nameRange(at: position)))
  }

  private func skipName(_ offset: inout Int) {
    let count = Int(details.compact(at: &offset))
    offset += count
  }

  private func typeAndRank(at offset: inout Int) -> (dtype: DType, rank: Int) {
    var packed: UInt32 = 0
    for index in 0..<4 { packed |= UInt32(details[offset + index]) << UInt32(index * 8) }
    offset += 4
    return (DType.ordered[Int(packed >> 27)], Int(packed & 0x7FF_FFFF))
  }

  /// The byte count that a tensor's type and shape ask for.
  func byteCount(at position: Int) throws(HeaderError.Reason) -> UInt64 {
    var offset = Int(records[position].details)
    skipName(&offset)
    let (dtype, rank) = typeAndRank(at: &offset)
    var count: UInt64 = 1
    for _ in 0..<rank {
      try TensorInfo.multiply(&count, by: details.compact(at: &offset))
    }
    return try TensorInfo.byteCount(dtype: dtype, elementCount: count)
  }
}

extension TensorTable: RandomAccessCollection {
  /// The first position.
  public var startIndex: Int { 0 }
  /// How many tensors there are.
  public var endIndex: Int { records.count }

  /// What the header says of a tensor.
  public subscript(position: Int) -> TensorInfo {
    let record = records[position]
    var offset = Int(record.details)
    skipName(&offset)
    let (dtype, rank) = typeAndRank(at: &offset)
    var shape: [UInt64] = []
    shape.reserveCapacity(rank)
    for _ in 0..<rank { shape.append(details.compact(at: &offset)) }
    // Checked against the size of the file.
    return TensorInfo(
      name: name(at: position), dtype: dtype, shape: shape,
      dataRange: Int(record.begin)..<Int(record.end))
  }
}

extension TensorTable: Hashable {
  /// Two tables are equal when they describe equal tensors.
  public static func == (left: Self, right: Self) -> Bool {
    left.records.count == right.records.count
      && (left.records == right.records && left.details == right.details
        || left.elementsEqual(right))
  }

  /// Hashes the ranges.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(records.count)
    for record in records { hasher.combine(record.end) }
  }
}
