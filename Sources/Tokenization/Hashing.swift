/// Hash tables over numbers and byte strings, with a seed of their own, so that no file can choose collisions.
enum Hashing {
  /// A number that no one outside can know; odd, so that multiplying by it loses nothing.
  static func seed() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next() | 1
  }

  /// Mixes a word into a state.
  @inline(__always)
  static func mix(_ state: UInt64, _ word: UInt64, _ seed: UInt64) -> UInt64 {
    let (high, low) = (state ^ word).multipliedFullWidth(by: seed ^ 0x9E37_79B9_7F4A_7C15)
    return high ^ low &+ seed
  }

  /// The hash of some bytes.
  @inline(__always)
  static func hash(_ bytes: [UInt8], _ range: Range<Int>, _ seed: UInt64) -> UInt64 {
    var state = seed &+ UInt64(truncatingIfNeeded: range.count)
    var word: UInt64 = 0
    var filled: UInt64 = 0
    for index in range {
      word |= UInt64(bytes[index]) << filled
      filled += 8
      if filled == 64 {
        state = mix(state, word, seed)
        word = 0
        filled = 0
      }
    }
    if filled > 0 { state = mix(state, word, seed) }
    return mix(state, 0, seed)
  }
}

/// A map from pairs of 32-bit numbers to 32-bit numbers.
struct PairTable: Sendable {
  private static let empty = UInt64.max
  private var keys: [UInt64]
  private var values: [UInt32]
  private let seed = Hashing.seed()
  private var mask: Int
  private(set) var count = 0

  /// Makes a table with room for a number of pairs before it grows.
  init(capacity: Int) {
    var slots = 16
    while slots < capacity * 2 { slots *= 2 }
    mask = slots - 1
    keys = [UInt64](repeating: Self.empty, count: slots)
    values = [UInt32](repeating: 0, count: slots)
  }

  @inline(__always)
  static func key(_ first: UInt32, _ second: UInt32) -> UInt64 {
    UInt64(first) << 32 | UInt64(second)
  }

  @inline(__always)
  private func slot(of key: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: Hashing.mix(seed, key, seed)) & mask
    while keys[slot] != key && keys[slot] != Self.empty { slot = (slot + 1) & mask }
    return slot
  }

  /// The value of a pair, which is never that of the two largest numbers.
  @inline(__always)
  subscript(first: UInt32, second: UInt32) -> UInt32? {
    let slot = slot(of: Self.key(first, second))
    return keys[slot] == Self.empty ? nil : values[slot]
  }

  /// Sets the value of a pair.
  mutating func set(_ first: UInt32, _ second: UInt32, to value: UInt32) {
    if (count + 1) * 2 > keys.count { grow() }
    let slot = slot(of: Self.key(first, second))
    if keys[slot] == Self.empty { count += 1 }
    keys[slot] = Self.key(first, second)
    values[slot] = value
  }

  private mutating func grow() {
    let old = (keys, values)
    mask = keys.count * 2 - 1
    keys = [UInt64](repeating: Self.empty, count: mask + 1)
    values = [UInt32](repeating: 0, count: mask + 1)
    for (index, key) in old.0.enumerated() where key != Self.empty {
      let slot = slot(of: key)
      keys[slot] = key
      values[slot] = old.1[index]
    }
  }
}
