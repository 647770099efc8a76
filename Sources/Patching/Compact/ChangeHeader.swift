import Storage

/// The head of an entry of changes: what is changed, and the table of its blocks.
struct ChangeHeader: Hashable, Sendable {
  /// The number of the list of indices; nil for a whole tensor, which has none.
  let list: Int?
  /// The bytes of an element: 1, 2, 4 or 8.
  let width: Int
  /// How many elements the part has.
  let elementCount: Int
  /// How many elements a block has; the last may have fewer.
  let blockLength: Int
  /// Where each block lies in the entry.
  let blocks: [Range<Int>]

  private static let version: UInt64 = 1
  private static let noList: UInt64 = 0xFFFF_FFFF
  private static let fixedByteCount = 24

  /// Which elements a block has.
  func elements(_ block: Int) -> Range<Int> {
    block * blockLength..<min(elementCount, (block + 1) * blockLength)
  }

  /// The head of blocks of the given sizes.
  static func encode(
    list: Int?, width: Int, elementCount: Int, blockLength: Int, blockByteCounts: [Int]
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendInteger(version, byteCount: 2)
    bytes.appendInteger(UInt64(width), byteCount: 2)
    bytes.appendInteger(list.map { UInt64($0) } ?? noList, byteCount: 4)
    bytes.appendInteger(UInt64(elementCount), byteCount: 8)
    bytes.appendInteger(UInt64(blockLength), byteCount: 4)
    bytes.appendInteger(UInt64(blockByteCounts.count), byteCount: 4)
    for count in blockByteCounts { bytes.appendInteger(UInt64(count), byteCount: 4) }
    return bytes
  }

  /// Reads the head of an entry: its blocks lie one after the other and fill the entry.
  init(parsing entry: RawSpan) throws(CompactFault) {
    var cursor = ByteCursor(entry)
    let version = try cursor.integer(byteCount: 2)
    guard version == Self.version else {
      throw CompactFault("is of version \(version), this program reads \(Self.version)")
    }
    let width = Int(try cursor.integer(byteCount: 2))
    guard [1, 2, 4, 8].contains(width) else {
      throw CompactFault("has elements of \(width) bytes, expected 1, 2, 4 or 8")
    }
    let list = try cursor.integer(byteCount: 4)
    let count = try cursor.integer(byteCount: 8)
    // So bounded, no product or sum of sizes overflows.
    guard count > 0, count <= 1 << 56, let elementCount = Int(exactly: count) else {
      throw CompactFault("declares \(count) elements")
    }
    let blockLength = Int(try cursor.integer(byteCount: 4))
    guard blockLength > 0, blockLength <= BlockSize.elementLimit else {
      throw CompactFault(
        "has blocks of \(blockLength) elements, expected 1 to \(BlockSize.elementLimit)")
    }
    let blockCount = Int(try cursor.integer(byteCount: 4))
    let expected = (elementCount - 1) / blockLength + 1
    guard blockCount == expected else {
      throw CompactFault(
        "has \(blockCount) blocks, \(elementCount) elements have \(expected) of \(blockLength)")
    }
    guard blockCount <= cursor.left / 4 else {
      throw CompactFault("ends early: its table of \(blockCount) blocks does not fit")
    }
    var blocks: [Range<Int>] = []
    blocks.reserveCapacity(blockCount)
    var end = Self.fixedByteCount + blockCount * 4
    for block in 0..<blockCount {
      let size = Int(try cursor.integer(byteCount: 4))
      guard size > 0, size <= entry.byteCount - end else {
        throw CompactFault("block \(block) of \(size) bytes does not fit")
      }
      blocks.append(end..<end + size)
      end += size
    }
    guard end == entry.byteCount else {
      throw CompactFault("\(entry.byteCount - end) bytes follow the last block")
    }
    self.list = list == Self.noList ? nil : Int(list)
    (self.width, self.elementCount, self.blockLength) = (width, elementCount, blockLength)
    self.blocks = blocks
  }
}
