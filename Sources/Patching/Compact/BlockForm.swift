/// How the codes of a block are written; its first byte.
///
/// The code of an element is its change: the difference of the bit patterns, new − old modulo 2^W, zigzagged.
public enum BlockForm: UInt8, CaseIterable, Hashable, Sendable {
  /// The codes as they are.
  case stored = 0
  /// Where codes are not zero, and those codes.
  case sparse = 1
  /// Bit planes of the codes.
  case bitPlanes = 2
  /// Byte planes of the codes.
  case bytePlanes = 3
  /// Byte planes of other codes: old XOR new, rotated left by one bit.
  case rotatedBytePlanes = 4

  /// The name that people read.
  public var name: String {
    switch self {
    case .stored: "stored"
    case .sparse: "sparse"
    case .bitPlanes: "bit-planes"
    case .bytePlanes: "byte-planes"
    case .rotatedBytePlanes: "rotated-byte-planes"
    }
  }
}

/// The sizes of blocks.
enum BlockSize {
  /// How many elements a block has at most.
  static let elementLimit = 1 << 20

  /// How many elements we put in a block: fewer where they are wide, which keeps memory flat.
  static func chosen(elementByteCount width: Int) -> Int { min(elementLimit, (1 << 21) / width) }

  /// The largest block of so many elements: stored, with its form.
  static func byteLimit(elements: Int, elementByteCount width: Int) -> Int { 1 + elements * width }
}
