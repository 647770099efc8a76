import Storage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Finding which elements differ, as bits, in bytes of both sides.
///
/// The one place in which elements are loaded without a check for each: the spans are as long as each other and
/// only whole elements inside them are touched.
extension ElementSet.Stretch {
  /// Marks the elements that differ between two spans of the same length.
  ///
  /// - Parameters:
  ///   - offset: The element of the stretch at which the spans begin; a multiple of 64.
  ///   - width: The bytes of an element: 1, 2, 4 or 8.
  mutating func mark(_ left: RawSpan, _ right: RawSpan, at offset: Int, width: Int) {
    precondition(left.byteCount == right.byteCount && offset.isMultiple(of: 64))
    let count = left.byteCount / width
    precondition((offset + count + 63) / 64 <= words.count, "more elements than bits")
    // The buffers do not leave the closures.
    unsafe left.withUnsafeBytes { left in
      unsafe right.withUnsafeBytes { right in
        guard let left = left.baseAddress, let right = right.baseAddress else { return }
        switch width {
        case 1: unsafe mark(UInt8.self, left, right, offset / 64, count)
        case 2: unsafe mark(UInt16.self, left, right, offset / 64, count)
        case 4: unsafe mark(UInt32.self, left, right, offset / 64, count)
        default: unsafe mark(UInt64.self, left, right, offset / 64, count)
        }
      }
    }
  }

  /// Compares 64 elements at a time; both pointers are good for `count` elements, at any alignment.
  @inline(__always)
  private mutating func mark<Element: FixedWidthInteger & BitwiseCopyable>(
    _ type: Element.Type, _ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ firstWord: Int,
    _ count: Int
  ) {
    let width = MemoryLayout<Element>.size
    for start in stride(from: 0, to: count, by: 64) {
      let inWord = min(64, count - start)
      if unsafe memcmp(left + start * width, right + start * width, inWord * width) == 0 {
        continue
      }
      var word: UInt64 = 0
      for bit in 0..<inWord {
        let offset = (start + bit) * width
        let (old, new) = unsafe (
          left.loadUnaligned(fromByteOffset: offset, as: type),
          right.loadUnaligned(fromByteOffset: offset, as: type)
        )
        word |= (old == new ? 0 : 1) << UInt64(bit)
      }
      words[firstWord + start / 64] = word
    }
  }
}
