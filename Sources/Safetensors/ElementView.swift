import Storage

/// The elements of a tensor, read from its bytes as they are asked for.
///
/// Nothing is copied; the bytes need not be aligned, as in files of writers that do not pad, and are little-endian
/// whatever the machine is.
public struct ElementView<Element: TensorElement>: ~Escapable {
  private let bytes: RawSpan
  /// How many elements there are.
  public let count: Int

  /// The bytes of one element.
  public static var byteWidth: Int { Element.Bits.bitWidth / 8 }

  /// Views bytes; those after the last whole element are left out.
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, as element: Element.Type = Element.self) {
    self.bytes = bytes
    count = bytes.byteCount / Self.byteWidth
  }

  /// Views bytes of a type; nil where it is not the element's.
  @_lifetime(copy bytes)
  public init?(_ bytes: RawSpan, of dtype: DType, as element: Element.Type = Element.self) {
    guard Element.dtypes.contains(dtype) else { return nil }
    self.init(bytes, as: element)
  }

  /// The indices of all elements.
  public var indices: Range<Int> { 0..<count }

  /// An element.
  public subscript(index: Int) -> Element {
    precondition(index >= 0 && index < count, "element \(index) of \(count)")
    // Within the bytes by the check above, and every pattern of an integer's bits is an integer.
    return Element(
      bits: Element.Bits(
        littleEndian: unsafe bytes.unsafeLoadUnaligned(
          fromUncheckedByteOffset: index * Self.byteWidth, as: Element.Bits.self)))
  }
}
