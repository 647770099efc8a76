#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension RawSpan {
  /// Whether these bytes come before others, compared one by one; a beginning comes before the whole.
  public func precedes(_ other: RawSpan) -> Bool {
    for offset in 0..<Swift.min(byteCount, other.byteCount) {
      let (left, right) = (byte(at: offset), other.byte(at: offset))
      if left != right { return left < right }
    }
    return byteCount < other.byteCount
  }

  /// Whether two spans hold the same bytes.
  public func hasSameBytes(as other: RawSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    if byteCount == 0 { return true }
    // Both buffers have `byteCount` bytes and do not leave the closures.
    return unsafe withUnsafeBytes { left in
      unsafe other.withUnsafeBytes { right in
        guard let first = left.baseAddress, let second = right.baseAddress else { return true }
        return unsafe memcmp(first, second, left.count) == 0
      }
    }
  }
}
