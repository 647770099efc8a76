import Storage

/// The bit patterns of elements, as unsigned integers of their width.
protocol Word: FixedWidthInteger, UnsignedInteger, BitwiseCopyable, Sendable {}

extension UInt8: Word {}
extension UInt16: Word {}
extension UInt32: Word {}
extension UInt64: Word {}

extension Array where Element: Word {
  /// Reads little-endian integers; the span must hold whole ones.
  init(littleEndian bytes: RawSpan) {
    let width = MemoryLayout<Element>.size
    precondition(bytes.byteCount.isMultiple(of: width), "\(bytes.byteCount) bytes of \(width)")
    let total = bytes.byteCount / width
    unsafe self.init(unsafeUninitializedCapacity: total) { buffer, count in
      // The buffer has room for all bytes, and every bit pattern is an integer.
      unsafe bytes.withUnsafeBytes {
        unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0)
      }
      count = total
    }
    #if _endian(big)
      for index in indices { self[index] = Element(littleEndian: self[index]) }
    #endif
  }

  /// The integers as little-endian bytes.
  var littleEndianBytes: [UInt8] {
    #if _endian(big)
      return map(\.littleEndian).withUnsafeBytes { unsafe [UInt8]($0) }
    #else
      // Integers have no padding; the buffer does not leave the closure.
      return unsafe withUnsafeBytes { unsafe [UInt8]($0) }
    #endif
  }
}

extension Word {
  /// A small difference of either sign as a small number: 0, −1, 1, −2 become 0, 1, 2, 3.
  var zigzagged: Self {
    let sign: Self = self >> (Self.bitWidth - 1)
    return (self << 1) ^ (0 &- sign)
  }

  /// The inverse of ``zigzagged``.
  var unzigzagged: Self { (self >> 1) ^ (0 &- (self & 1)) }

  /// The bits rotated left by one, which puts all of a float's exponent side by side.
  var rotatedLeft: Self { self << 1 | self >> (Self.bitWidth - 1) }

  /// The inverse of ``rotatedLeft``.
  var rotatedRight: Self { self >> 1 | self << (Self.bitWidth - 1) }
}
