private import CUTF8Proc

/// Which code points are white space, words, digits and punctuation, as the reference has them.
enum CharacterClass {
  /// Unicode's White_Space, which has been the same since version 6.3.
  @inline(__always)
  static func isWhiteSpace(_ scalar: UInt32) -> Bool {
    if scalar < 0x80 { return scalar == 0x20 || (0x09...0x0D).contains(scalar) }
    switch scalar {
    case 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: return true
    default: return false
    }
  }

  static let word = ScalarSet(CharacterTables.word)
  static let numeric = ScalarSet(CharacterTables.numeric)
  static let punctuation = ScalarSet(CharacterTables.punctuation)
  static let removed = ScalarSet(CharacterTables.removed)
  static let nonspacing = ScalarSet(CharacterTables.nonspacing)
  static let combining = ScalarSet(CharacterTables.combining)
  static let inert = ScalarSet(CharacterTables.inert)

  /// The ideographs that BERT sets apart.
  static func isIdeograph(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B73F,
      0x2B740...0x2B81F, 0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
      return true
    default: return false
    }
  }

  /// The lowercase of a code point; for all but U+0130, whose lowercase has two, it is one.
  static func lowercase(_ scalar: UInt32) -> UInt32 {
    if scalar < 0x80 { return (0x41...0x5A).contains(scalar) ? scalar + 32 : scalar }
    // Pairs of Unicode 16 and 17, which the system's tables may not have yet.
    switch scalar {
    case 0x1C89, 0xA7CC, 0xA7CE, 0xA7D2, 0xA7D4, 0xA7DA: return scalar + 1
    case 0xA7CB: return 0x264
    case 0xA7DC: return 0x19B
    case 0x10D50...0x10D65: return scalar + 0x20
    case 0x16EA0...0x16EB8: return scalar + 0x1B
    default: return UInt32(bitPattern: utf8proc_tolower(Int32(bitPattern: scalar)))
    }
  }
}

/// A set of code points, one bit each.
struct ScalarSet: Sendable {
  private var bits: [UInt64]

  /// Makes a set from the first and last code points of ranges.
  init(_ bounds: [UInt32]) {
    bits = [UInt64](repeating: 0, count: Int((bounds.last ?? 0) >> 6) + 1)
    for index in stride(from: 0, to: bounds.count - 1, by: 2) {
      for scalar in bounds[index]...bounds[index + 1] {
        bits[Int(scalar >> 6)] |= 1 << UInt64(scalar & 63)
      }
    }
  }

  @inline(__always)
  func contains(_ scalar: UInt32) -> Bool {
    let word = Int(scalar >> 6)
    return word < bits.count && bits[word] >> UInt64(scalar & 63) & 1 == 1
  }
}
