import Storage

/// A plane as it is stored: nothing where all is zero, as it is, or as a zstd frame where that is smaller.
///
/// LEB128 0: all zero. 1: the plain bytes follow. More: a zstd frame of so many bytes follows.
enum PackedPlane {
  /// Appends a plane.
  static func append(_ plane: RawSpan, to bytes: inout [UInt8], _ zstd: inout ZstdCompressor) {
    if plane.isAllZero {
      bytes.append(0)
    } else if let frame = zstd.frame(of: plane, below: plane.byteCount) {
      bytes.appendLEB128(frame.count)
      bytes += frame
    } else {
      bytes.append(1)
      bytes.append(copying: plane)
    }
  }

  /// Reads a plane of a known size; nil where all is zero.
  @_lifetime(cursor: copy cursor)
  static func read(
    _ cursor: inout ByteCursor, byteCount: Int, _ zstd: inout ZstdDecompressor
  ) throws(CompactFault) -> [UInt8]? {
    let frameByteCount = try cursor.leb128(atMost: cursor.left)
    switch frameByteCount {
    case 0: return nil
    case 1: return try cursor.take(byteCount).copied()
    default:
      return try zstd.plain(of: try cursor.take(frameByteCount), byteCount: byteCount)
    }
  }

  /// Reads planes of one size that lie one after the other; each is padded with zeros to `stride`.
  ///
  /// - Parameter spareBits: How many of the highest bits of a plane's last byte must be zero.
  @_lifetime(cursor: copy cursor)
  static func readAll(
    _ cursor: inout ByteCursor, count: Int, byteCount: Int, stride: Int, spareBits: Int = 0,
    _ zstd: inout ZstdDecompressor
  ) throws(CompactFault) -> [UInt8] {
    var planes = [UInt8](repeating: 0, count: count * stride)
    for plane in 0..<count {
      guard let bytes = try read(&cursor, byteCount: byteCount, &zstd) else { continue }
      guard bytes.last.map({ $0.leadingZeroBitCount >= spareBits }) ?? true else {
        throw CompactFault("bits behind the end of a plane are not zero")
      }
      planes.overwrite(at: plane * stride, with: bytes.rawSpan)
    }
    return planes
  }
}

extension RawSpan {
  /// Whether every byte is zero.
  fileprivate var isAllZero: Bool {
    var offset = 0
    while offset + 8 <= byteCount {
      // In bounds by the condition, and every bit pattern is an integer.
      if unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self) != 0 { return false }
      offset += 8
    }
    while offset < byteCount {
      if byte(at: offset) != 0 { return false }
      offset += 1
    }
    return true
  }
}

extension Array where Element == UInt8 {
  /// Appends the bytes of a span.
  mutating func append(copying bytes: RawSpan) {
    // The buffer does not leave the closure.
    unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
  }
}
