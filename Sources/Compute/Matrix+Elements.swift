// The elements lent to a closure: concrete code of another module reaches them without a call for each.
extension Matrix {
  /// Calls `body` with the elements, row by row.
  public func withElements<Value>(_ body: (Span<Element>) -> Value) -> Value {
    // The storage lives as long as `self`, which this call borrows.
    withExtendedLifetime(self) { body(unsafe Span(_unsafeStart: pointer, count: count)) }
  }

  /// Calls `body` with the elements, row by row, to be written.
  public mutating func withMutableElements<Value>(
    _ body: (inout MutableSpan<Element>) -> Value
  ) -> Value {
    // The storage is this value's alone, and nobody else reaches it during the call.
    var span = unsafe MutableSpan(_unsafeStart: mutablePointer(), count: count)
    defer { withExtendedLifetime(self) {} }
    return body(&span)
  }
}
