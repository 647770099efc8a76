/// A floating-point number of fewer bits than a binary32, each of whose values a binary32 has as well.
public protocol NarrowFloat: RealElement {
  /// The same number; a NaN where the format has one.
  var float: Float { get }
}

extension NarrowFloat {
  /// The same number.
  public var double: Double { Double(float) }
}

/// An element of `BF16`.
public struct BFloat16Element: NarrowFloat {
  /// The upper half of a binary32, NaN payloads too.
  public let float: Float
  /// `BF16`.
  public static var dtypes: [DType] { [.bf16] }
  /// Reads a pattern.
  public init(bits: UInt16) { float = Float(bitPattern: UInt32(bits) << 16) }
}

/// An element of `F16`, an IEEE 754 binary16.
public struct Float16Element: NarrowFloat {
  /// The same number; a NaN keeps its payload.
  public let float: Float
  /// `F16`.
  public static var dtypes: [DType] { [.f16] }
  /// Reads a pattern.
  public init(bits: UInt16) {
    let magnitude = UInt32(bits & 0x7FFF) << 13
    let widened =
      bits & 0x7C00 == 0x7C00
      ? 0x7F80_0000 | magnitude : rescaled(magnitude, by: 0x1p112).bitPattern
    float = Float(bitPattern: UInt32(bits & 0x8000) << 16 | widened)
  }
}

/// An element of `F8_E5M2`, which has infinities and NaNs as IEEE 754 has them.
public struct Float8E5M2Element: NarrowFloat {
  /// The same number.
  public let float: Float
  /// `F8_E5M2`.
  public static var dtypes: [DType] { [.f8E5M2] }
  /// Reads a pattern.
  public init(bits: UInt8) {
    let magnitude = UInt32(bits & 0x7F)
    float = signed(
      bits,
      magnitude > 0x7C
        ? .nan : magnitude == 0x7C ? .infinity : rescaled(magnitude << 21, by: 0x1p112))
  }
}

/// An element of `F8_E4M3`, which has no infinities and one NaN of either sign.
public struct Float8E4M3Element: NarrowFloat {
  /// The same number.
  public let float: Float
  /// `F8_E4M3`.
  public static var dtypes: [DType] { [.f8E4M3] }
  /// Reads a pattern.
  public init(bits: UInt8) {
    let magnitude = UInt32(bits & 0x7F)
    float = signed(bits, magnitude == 0x7F ? .nan : rescaled(magnitude << 20, by: 0x1p120))
  }
}

/// An element of `F8_E8M0`: a power of two from 2^-127 to 2^127, or NaN; it has no sign and no zero.
public struct Float8E8M0Element: NarrowFloat {
  /// The same number.
  public let float: Float
  /// `F8_E8M0`.
  public static var dtypes: [DType] { [.f8E8M0] }
  /// Reads a pattern.
  public init(bits: UInt8) {
    // The smallest is a subnormal binary32.
    float =
      bits == 0xFF ? .nan : Float(bitPattern: bits == 0 ? 0x0040_0000 : UInt32(bits) << 23)
  }
}

/// An element of `F8_E4M3FNUZ`, which has no infinities, no negative zero, and one NaN in its place.
public struct Float8E4M3FNUZElement: NarrowFloat {
  /// The same number.
  public let float: Float
  /// `F8_E4M3FNUZ`.
  public static var dtypes: [DType] { [.f8E4M3FNUZ] }
  /// Reads a pattern.
  public init(bits: UInt8) {
    float = signed(bits, bits == 0x80 ? .nan : rescaled(UInt32(bits & 0x7F) << 20, by: 0x1p119))
  }
}

/// An element of `F8_E5M2FNUZ`, which has no infinities, no negative zero, and one NaN in its place.
public struct Float8E5M2FNUZElement: NarrowFloat {
  /// The same number.
  public let float: Float
  /// `F8_E5M2FNUZ`.
  public static var dtypes: [DType] { [.f8E5M2FNUZ] }
  /// Reads a pattern.
  public init(bits: UInt8) {
    float = signed(bits, bits == 0x80 ? .nan : rescaled(UInt32(bits & 0x7F) << 21, by: 0x1p111))
  }
}

/// Exponent and fraction at the place where a binary32 has them, moved from a bias to that of binary32, which is
/// exact: what is subnormal in the narrow format is so here before, and normal after.
private func rescaled(_ magnitude: UInt32, by power: Float) -> Float {
  Float(bitPattern: magnitude) * power
}

/// With the sign of an 8-bit pattern.
private func signed(_ bits: UInt8, _ magnitude: Float) -> Float {
  Float(bitPattern: UInt32(bits & 0x80) << 24 | magnitude.bitPattern)
}
