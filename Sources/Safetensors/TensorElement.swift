/// A number as a tensor stores it: little-endian bits of a whole number of bytes.
public protocol TensorElement: BitwiseCopyable, Sendable {
  /// The bits of one element.
  associatedtype Bits: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable
  /// The types of the format whose elements it reads.
  static var dtypes: [DType] { get }
  /// Every pattern of bits is an element.
  init(bits: Bits)
}

/// An element that is one real number.
public protocol RealElement: TensorElement {
  /// The same number; rounded to nearest where a 64-bit integer has more than 53 significant bits.
  var double: Double { get }
}

extension RealElement where Self: BinaryInteger {
  /// The same number; rounded to nearest where it has more than 53 significant bits.
  public var double: Double { Double(self) }
}

/// Also reads `BOOL`, whose bytes the format does not check.
extension UInt8: RealElement {
  /// `U8` and `BOOL`.
  public static var dtypes: [DType] { [.u8, .bool] }
  /// The bits as they are.
  public init(bits: UInt8) { self = bits }
}

extension Int8: RealElement {
  /// `I8`.
  public static var dtypes: [DType] { [.i8] }
  /// Two's complement.
  public init(bits: UInt8) { self.init(bitPattern: bits) }
}

extension UInt16: RealElement {
  /// `U16`.
  public static var dtypes: [DType] { [.u16] }
  /// The bits as they are.
  public init(bits: UInt16) { self = bits }
}

extension Int16: RealElement {
  /// `I16`.
  public static var dtypes: [DType] { [.i16] }
  /// Two's complement.
  public init(bits: UInt16) { self.init(bitPattern: bits) }
}

extension UInt32: RealElement {
  /// `U32`.
  public static var dtypes: [DType] { [.u32] }
  /// The bits as they are.
  public init(bits: UInt32) { self = bits }
}

extension Int32: RealElement {
  /// `I32`.
  public static var dtypes: [DType] { [.i32] }
  /// Two's complement.
  public init(bits: UInt32) { self.init(bitPattern: bits) }
}

extension UInt64: RealElement {
  /// `U64`.
  public static var dtypes: [DType] { [.u64] }
  /// The bits as they are.
  public init(bits: UInt64) { self = bits }
}

extension Int64: RealElement {
  /// `I64`.
  public static var dtypes: [DType] { [.i64] }
  /// Two's complement.
  public init(bits: UInt64) { self.init(bitPattern: bits) }
}

extension Float: RealElement {
  /// `F32`.
  public static var dtypes: [DType] { [.f32] }
  /// A NaN keeps its payload.
  public init(bits: UInt32) { self.init(bitPattern: bits) }
  /// The same number.
  public var double: Double { Double(self) }
}

extension Double: RealElement {
  /// `F64`.
  public static var dtypes: [DType] { [.f64] }
  /// A NaN keeps its payload.
  public init(bits: UInt64) { self.init(bitPattern: bits) }
  /// The number itself.
  public var double: Double { self }
}

/// An element of `C64`.
public struct ComplexElement: TensorElement {
  /// The real part, stored first.
  public let real: Float
  /// The imaginary part.
  public let imaginary: Float

  /// `C64`.
  public static var dtypes: [DType] { [.c64] }

  /// The parts keep their bits.
  public init(bits: UInt64) {
    real = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
    imaginary = Float(bitPattern: UInt32(truncatingIfNeeded: bits >> 32))
  }
}
