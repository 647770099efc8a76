private import CZlib

/// How well zlib compresses, which stands for how predictable a text is without any model.
package enum Zlib {
  /// What Python's `zlib.compress` uses if nothing else is said.
  private static let level: Int32 = 6

  /// How many bytes the zlib stream of some bytes has; 8 for none.
  ///
  /// Equal to Python's `len(zlib.compress(bytes))` where both use the same zlib: a faster replacement, such as
  /// zlib-ng, finds other matches and gives other counts.
  package static func compressedByteCount(of bytes: [UInt8]) -> Int {
    let bound = compressBound(uLong(bytes.count))
    var status = Z_OK
    let stream = unsafe [UInt8](unsafeUninitializedCapacity: Int(bound)) { buffer, count in
      // zlib writes at most `written` bytes, which is the buffer's size when it is called, and says how many.
      var written = bound
      status = unsafe bytes.withUnsafeBufferPointer { source in
        unsafe compress2(
          buffer.baseAddress, &written, source.baseAddress, uLong(source.count), level)
      }
      count = status == Z_OK ? Int(written) : 0
    }
    // The buffer is large enough for any input and the level is a valid one.
    precondition(status == Z_OK, "no memory for zlib")
    return stream.count
  }
}
