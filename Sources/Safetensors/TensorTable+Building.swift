import Storage

/// Filling a table, one entry after the other, and closing it once all are known.
extension TensorTable {
  /// Where an entry that is being read keeps its parts.
  struct Draft {
    let start: Int
    let typeOffset: Int
    var rank = 0
  }

  /// Starts an entry whose name is appended by the caller.
  mutating func draft<Failure: Error>(
    name count: Int, _ appendName: (inout [UInt8]) throws(Failure) -> Void
  ) throws(Failure) -> Draft {
    let start = details.count
    details.appendCompact(UInt64(count))
    try appendName(&details)
    let typeOffset = details.count
    for _ in 0..<4 { details.append(0) }
    return Draft(start: start, typeOffset: typeOffset)
  }

  /// Forgets an entry that was not finished.
  mutating func discard(_ draft: Draft) { details.removeLast(details.count - draft.start) }

  /// Adds a finished entry.
  ///
  /// - Parameter dtype: The type's place in ``DType/ordered``.
  mutating func add(_ draft: Draft, dtype: Int, begin: UInt64, end: UInt64, entry: Int) {
    // Ranks stay below 2^27: a dimension takes two bytes of a header of at most 10^8.
    let packed = UInt32(dtype) << 27 | UInt32(draft.rank)
    for index in 0..<4 {
      details[draft.typeOffset + index] = UInt8(truncatingIfNeeded: packed >> UInt32(index * 8))
    }
    records.append(
      Record(begin: begin, end: end, details: UInt32(draft.start), entry: UInt32(entry)))
  }

  /// Orders the entries by their data and makes them findable; of several of one name the last is kept.
  ///
  /// - Parameter again: Told the name and the place of those that are given again, in no order.
  mutating func close(again: (ByteString, Int) -> Void) {
    let isOrdered = zip(records, records.dropFirst()).allSatisfy { !Self.follows($0, $1) }
    if !isOrdered { records.sort { Self.follows($1, $0) } }
    if fillIndex(again: again) {
      records.removeAll { $0.entry == .max }
      _ = fillIndex { _, _ in }
    }
    // Small arrays give back what they did not use; of large ones it never became resident.
    guard details.capacity < 1 << 17 else { return }
    if records.capacity > 2 * records.count { records = Array(records[...]) }
    if details.capacity > 2 * details.count { details = Array(details[...]) }
  }

  private static func follows(_ left: Record, _ right: Record) -> Bool {
    (left.begin, left.end, left.entry) > (right.begin, right.end, right.entry)
  }

  /// Makes the index; true where some names were given again, whose earlier entries are marked then.
  private mutating func fillIndex(again: (ByteString, Int) -> Void) -> Bool {
    var index = NameIndex(count: records.count)
    // A bit for each entry that a later one replaces, and nothing where there is none.
    var dead: [UInt64] = []
    for position in records.indices {
      let name = details.rawSpan.extracting(nameRange(at: position))
      let hash = NameIndex.hash(name)
      guard
        let other = index.insert(position, hash: hash, isSame: { hasName(at: $0, name) })
      else { continue }
      let (otherEntry, entry) = (records[other].entry, records[position].entry)
      let isLater = otherEntry < entry
      if isLater { index.replace(other, by: position, hash: hash) }
      again(self.name(at: position), Int(isLater ? entry : otherEntry))
      if dead.isEmpty { dead = Array(repeating: 0, count: records.count / 64 + 1) }
      let replaced = isLater ? other : position
      dead[replaced / 64] |= 1 << UInt64(replaced % 64)
    }
    self.index = index
    if dead.isEmpty { return false }
    for position in records.indices where dead[position / 64] >> UInt64(position % 64) & 1 == 1 {
      records[position].entry = .max
    }
    return true
  }
}
