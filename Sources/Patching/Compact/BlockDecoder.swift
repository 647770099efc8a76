import Storage

/// Reads blocks of changes.
///
/// Nothing that a block declares is believed: every size follows from the count of
/// elements, which the caller has from the tensor.
struct BlockDecoder: ~Copyable {
  private var zstd = ZstdDecompressor()

  /// The new bytes of some elements.
  ///
  /// - Parameters:
  ///   - count: How many elements the block has.
  ///   - width: The bytes of an element: 1, 2, 4 or 8.
  ///   - old: The old bytes, `count * width`; nil for zeros.
  mutating func decode(_ block: RawSpan, count: Int, width: Int, old: [UInt8]?)
    throws(CompactFault) -> [UInt8]
  {
    switch width {
    case 1: try decode(block, count, old, UInt8.self)
    case 2: try decode(block, count, old, UInt16.self)
    case 4: try decode(block, count, old, UInt32.self)
    default: try decode(block, count, old, UInt64.self)
    }
  }

  private mutating func decode<W: Word>(
    _ block: RawSpan, _ count: Int, _ old: [UInt8]?, _: W.Type
  ) throws(CompactFault) -> [UInt8] {
    var cursor = ByteCursor(block)
    let name = try cursor.byte()
    guard let form = BlockForm(rawValue: name) else {
      throw CompactFault("is of the unknown form \(name)")
    }
    var new: [W]
    switch form {
    case .stored:
      new = [W](littleEndian: try cursor.take(count * MemoryLayout<W>.size))
    case .sparse: new = try sparse(&cursor, count)
    case .bitPlanes: new = try bitPlanes(&cursor, count)
    case .bytePlanes, .rotatedBytePlanes: new = try bytePlanes(&cursor, count)
    }
    try cursor.finish()
    let isRotated = form == .rotatedBytePlanes
    if let old {
      let old = [W](littleEndian: old.rawSpan)
      for index in new.indices {
        new[index] =
          isRotated
          ? old[index] ^ new[index].rotatedRight : old[index] &+ new[index].unzigzagged
      }
    } else {
      for index in new.indices {
        new[index] = isRotated ? new[index].rotatedRight : new[index].unzigzagged
      }
    }
    return new.littleEndianBytes
  }

  @_lifetime(cursor: copy cursor)
  private mutating func sparse<W: Word>(_ cursor: inout ByteCursor, _ count: Int)
    throws(CompactFault) -> [W]
  {
    var codes = [W](repeating: 0, count: count)
    let changed = try cursor.leb128(atMost: count)
    if changed == 0 { return codes }
    let parameter = Int(try cursor.byte())
    guard parameter <= RiceCode.parameterLimit else {
      throw CompactFault("has the Rice parameter \(parameter), at most \(RiceCode.parameterLimit)")
    }
    let byteCount = try cursor.leb128(
      atMost: RiceCode.byteLimit(count: changed, below: count, parameter: parameter))
    let bits =
      try PackedPlane.read(&cursor, byteCount: byteCount, &zstd)
      ?? [UInt8](repeating: 0, count: byteCount)
    let positions = try RiceCode.decode(
      bits, count: changed, below: count, parameter: parameter)
    let values: [W] = try bitPlanes(&cursor, changed)
    for index in positions.indices {
      let code = values[index] &+ 1
      guard code != 0 else { throw CompactFault("lists an element that does not change") }
      codes[positions[index]] = code
    }
    return codes
  }

  @_lifetime(cursor: copy cursor)
  private mutating func bitPlanes<W: Word>(_ cursor: inout ByteCursor, _ count: Int)
    throws(CompactFault) -> [W]
  {
    let width = MemoryLayout<W>.size
    let byteCount = (count + 7) / 8
    let planes = try PackedPlane.readAll(
      &cursor, count: width * 8, byteCount: byteCount, stride: byteCount,
      spareBits: byteCount * 8 - count, &zstd)
    return Planes.words(
      of: Planes.bytes(ofBits: planes, count: count, width: width), count: count, as: W.self)
  }

  @_lifetime(cursor: copy cursor)
  private mutating func bytePlanes<W: Word>(_ cursor: inout ByteCursor, _ count: Int)
    throws(CompactFault) -> [W]
  {
    let planes = try PackedPlane.readAll(
      &cursor, count: MemoryLayout<W>.size, byteCount: count, stride: Planes.stride(count), &zstd)
    return Planes.words(of: planes, count: count, as: W.self)
  }
}
