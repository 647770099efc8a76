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
}

extension Array where Element == UInt8 {
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
