import Storage

/// Finds positions by names that are kept elsewhere: open addressing over 32-bit slots.
///
/// Hashes are seeded anew in each process, so that no file can be made whose names collide.
struct NameIndex: Sendable {
  /// A position plus one, below bits of its name's hash that spare most comparisons; 0 is free, and at least a
  /// quarter is.
  private var slots: [UInt32]
  private let positionMask: UInt32

  /// Makes room for so many names.
  init(count: Int) {
    var size = 4
    while size - size / 4 < count + 1 { size *= 2 }
    slots = Array(repeating: 0, count: size)
    positionMask = UInt32(truncatingIfNeeded: size &* 2 &- 1)
  }

  private func entry(_ position: Int, _ hash: Int) -> UInt32 {
    tag(hash) | UInt32(position + 1)
  }

  /// The hash's upper half, as the slot is taken from the lower.
  private func tag(_ hash: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: UInt(bitPattern: hash) >> 32) & ~positionMask
  }

  /// The hash of a name.
  static func hash(_ name: RawSpan) -> Int { NameHash.hash(name) }

  /// Adds a position; where one of the same name is known, that is given back and nothing is added.
  mutating func insert(_ position: Int, hash: Int, isSame: (Int) -> Bool) -> Int? {
    let (slot, found) = place(hash, isSame)
    if let found { return found }
    slots[slot] = entry(position, hash)
    return nil
  }

  /// Puts a position in the place of another of the same name.
  mutating func replace(_ old: Int, by new: Int, hash: Int) {
    slots[place(hash) { $0 == old }.slot] = entry(new, hash)
  }

  /// The position of a name.
  func find(hash: Int, isSame: (Int) -> Bool) -> Int? { place(hash, isSame).found }

  /// The slot of a name and the position in it, or the free slot where it would be.
  private func place(_ hash: Int, _ isSame: (Int) -> Bool) -> (slot: Int, found: Int?) {
    let tag = tag(hash)
    var slot = hash & (slots.count - 1)
    while slots[slot] != 0 {
      if slots[slot] & ~positionMask == tag {
        let position = Int(slots[slot] & positionMask) - 1
        if isSame(position) { return (slot, position) }
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return (slot, nil)
  }
}
