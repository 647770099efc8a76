import Storage

/// A hash of names for tables in memory: 16 bytes at once go into a 64 by 64 bit product, whose halves are added.
///
/// Its keys are drawn anew in each process, so that no file can be made whose names collide. It is several times as
/// fast as the standard library's, which was a sixth of the time that a header takes.
enum NameHash {
  private static let keys = (
    start: UInt64.random(in: 0 ... .max), first: UInt64.random(in: 0 ... .max),
    second: UInt64.random(in: 0 ... .max)
  )

  /// The hash of a name.
  static func hash(_ name: RawSpan) -> Int {
    let keys = keys
    let count = name.byteCount
    var hash = keys.start ^ UInt64(count)
    var offset = 0
    while offset + 16 <= count {
      hash = fold(
        word(name, offset) ^ keys.first ^ hash, word(name, offset + 8) ^ keys.second)
      offset += 16
    }
    if offset < count {
      // The last bytes, padded with zeros; the count, which went in first, tells them from real ones.
      var (low, high): (UInt64, UInt64) = (0, 0)
      if count >= 16 {
        (low, high) = (word(name, count - 16), word(name, count - 8))
      } else {
        for index in offset..<count {
          let byte = UInt64(name.byte(at: index))
          if index < 8 {
            low |= byte << UInt64(index * 8)
          } else {
            high |= byte << UInt64(index * 8 - 64)
          }
        }
      }
      hash = fold(low ^ keys.first ^ hash, high ^ keys.second)
    }
    return Int(truncatingIfNeeded: fold(hash ^ keys.first, keys.second))
  }

  private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }

  private static func word(_ bytes: RawSpan, _ offset: Int) -> UInt64 {
    // Every bit pattern is a UInt64; the span checks the bounds.
    unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }
}
