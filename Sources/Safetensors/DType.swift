/// The element types of the format, in the order by which the reference writer sorts them.
public enum DType: String, CaseIterable, Hashable, Sendable {
  /// One byte, 0 or 1 by convention; not checked.
  case bool = "BOOL"
  /// 4-bit float E2M1, two in a byte.
  case f4 = "F4"
  /// 6-bit float E2M3.
  case f6E2M3 = "F6_E2M3"
  /// 6-bit float E3M2.
  case f6E3M2 = "F6_E3M2"
  /// Unsigned 8-bit integer.
  case u8 = "U8"
  /// Signed 8-bit integer.
  case i8 = "I8"
  /// 8-bit float E5M2.
  case f8E5M2 = "F8_E5M2"
  /// 8-bit float E4M3 without infinities.
  case f8E4M3 = "F8_E4M3"
  /// 8-bit power of two, a scale.
  case f8E8M0 = "F8_E8M0"
  /// 8-bit float E4M3 without infinities and negative zero.
  case f8E4M3FNUZ = "F8_E4M3FNUZ"
  /// 8-bit float E5M2 without infinities and negative zero.
  case f8E5M2FNUZ = "F8_E5M2FNUZ"
  /// Signed 16-bit integer.
  case i16 = "I16"
  /// Unsigned 16-bit integer.
  case u16 = "U16"
  /// IEEE 754 binary16.
  case f16 = "F16"
  /// The upper half of a binary32.
  case bf16 = "BF16"
  /// Signed 32-bit integer.
  case i32 = "I32"
  /// Unsigned 32-bit integer.
  case u32 = "U32"
  /// IEEE 754 binary32.
  case f32 = "F32"
  /// Two binary32: real and imaginary part.
  case c64 = "C64"
  /// IEEE 754 binary64.
  case f64 = "F64"
  /// Signed 64-bit integer.
  case i64 = "I64"
  /// Unsigned 64-bit integer.
  case u64 = "U64"

  /// The width of one element in bits.
  public var bitWidth: Int {
    switch self {
    case .f4: 4
    case .f6E2M3, .f6E3M2: 6
    case .bool, .u8, .i8, .f8E5M2, .f8E4M3, .f8E8M0, .f8E4M3FNUZ, .f8E5M2FNUZ: 8
    case .i16, .u16, .f16, .bf16: 16
    case .i32, .u32, .f32: 32
    case .c64, .f64, .i64, .u64: 64
    }
  }

  /// The width of one element in bytes; nil where elements share bytes.
  public var byteWidth: Int? { bitWidth.isMultiple(of: 8) ? bitWidth / 8 : nil }

  /// Whether elements are floating-point numbers whose all-zero bits mean zero.
  public var isFloatWithZero: Bool {
    switch self {
    case .f16, .bf16, .f32, .f64, .c64, .f8E5M2, .f8E4M3, .f8E4M3FNUZ, .f8E5M2FNUZ, .f4, .f6E2M3,
      .f6E3M2:
      true
    case .bool, .u8, .i8, .f8E8M0, .i16, .u16, .i32, .u32, .i64, .u64: false
    }
  }

  /// The place in ``allCases``, which is the order of the reference writer; that puts higher ones first.
  var position: Int { Self.ordered.firstIndex(of: self) ?? 0 }

  /// All cases, made once.
  static let ordered = allCases
}
