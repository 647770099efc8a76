extension Array where Element == UInt8 {
  /// The bytes of this array, borrowed.
  public var rawSpan: RawSpan {
    @_lifetime(borrow self)
    get {
      // Bytes have no padding, which is all that viewing a span as raw bytes asks for.
      unsafe span.bytes
    }
  }
}

extension RawSpan {
  /// The byte at an offset, which the span checks.
  public func byte(at offset: Int) -> UInt8 {
    // Every bit pattern is a UInt8.
    unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  /// A copy of the bytes.
  public func copied() -> [UInt8] {
    // The buffer does not leave the closure.
    unsafe withUnsafeBytes { unsafe Array($0) }
  }

  /// The bytes as text; nil where they are not UTF-8.
  public func text() -> String? {
    // The buffer does not leave the closure.
    unsafe withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
  }
}

extension Array where Element == UInt8 {
  /// Becomes a copy of bytes, in the memory that is there where they fit.
  public mutating func replaceAll(with bytes: RawSpan) {
    removeAll(keepingCapacity: true)
    // The buffer does not leave the closure.
    unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
  }

  /// Replaces bytes from an offset on; they must fit.
  public mutating func overwrite(at offset: Int, with bytes: RawSpan) {
    precondition(
      offset >= 0 && bytes.byteCount <= count - offset,
      "\(bytes.byteCount) bytes at \(offset) of \(count)")
    // Checked above, and the buffers do not leave the closures.
    unsafe withUnsafeMutableBytes { target in
      unsafe bytes.withUnsafeBytes { source in
        guard let base = target.baseAddress, let from = source.baseAddress else { return }
        unsafe (base + offset).copyMemory(from: from, byteCount: source.count)
      }
    }
  }
}
