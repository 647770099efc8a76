public import Storage

/// What a header says of one tensor.
public struct TensorInfo: Hashable, Sendable {
  /// The name, compared as bytes.
  public let name: ByteString
  /// The type of its elements.
  public let dtype: DType
  /// The size of each dimension; empty for a scalar.
  public let shape: [UInt64]
  /// Where its bytes lie, counted from the start of the data section.
  public let dataRange: Range<Int>

  /// Makes a description whose parts are known to agree.
  public init(name: ByteString, dtype: DType, shape: [UInt64], dataRange: Range<Int>) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.dataRange = dataRange
  }

  /// How many bytes the tensor has.
  public var byteCount: Int { dataRange.count }

  /// How many elements the tensor has.
  public var elementCount: Int {
    // Divided first, so that no size overflows.
    byteCount / dtype.bitWidth * 8 + byteCount % dtype.bitWidth * 8 / dtype.bitWidth
  }

  /// The shape as `[2, 3]`.
  public var shapeText: String { "[" + shape.map(String.init).joined(separator: ", ") + "]" }

  /// The byte count that a type and shape ask for.
  ///
  /// Dimensions are multiplied in order and checked for overflow at each, as the reference does.
  public static func byteCount(dtype: DType, shape: [UInt64]) throws(HeaderError.Reason) -> UInt64 {
    var count: UInt64 = 1
    for dimension in shape { try multiply(&count, by: dimension) }
    return try byteCount(dtype: dtype, elementCount: count)
  }

  static func multiply(_ count: inout UInt64, by dimension: UInt64) throws(HeaderError.Reason) {
    let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
    if overflow { throw .sizeOverflow }
    count = product
  }

  static func byteCount(dtype: DType, elementCount: UInt64) throws(HeaderError.Reason) -> UInt64 {
    let (bits, overflow) = elementCount.multipliedReportingOverflow(by: UInt64(dtype.bitWidth))
    if overflow { throw .sizeOverflow }
    guard bits.isMultiple(of: 8) else { throw .partialByte(bits: bits) }
    return bits / 8
  }
}
