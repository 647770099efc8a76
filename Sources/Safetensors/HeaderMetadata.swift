public import Storage

/// The metadata of a header in the order of the file; of several values of one key the last.
public struct HeaderMetadata: Sendable {
  /// Each member's key and value, each after its length.
  private var text: [UInt8] = []
  private var starts: [UInt32] = []

  init() {}

  /// Adds a member whose parts are appended by the caller.
  mutating func add<Failure: Error>(
    key: Int, _ appendKey: (inout [UInt8]) throws(Failure) -> Void,
    value: Int, _ appendValue: (inout [UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    starts.append(UInt32(text.count))
    text.appendCompact(UInt64(key))
    try appendKey(&text)
    text.appendCompact(UInt64(value))
    try appendValue(&text)
  }

  /// Drops all but the last of equal keys; returns the first key that is given again.
  mutating func close() -> ByteString? {
    var index = NameIndex(count: starts.count)
    var again: ByteString?
    var dead: [Int] = []
    for position in starts.indices {
      let range = keyRange(at: position)
      let name = text.rawSpan.extracting(range)
      let hash = NameIndex.hash(name)
      let other = index.insert(
        position, hash: hash,
        isSame: { text.rawSpan.extracting(keyRange(at: $0)).hasSameBytes(as: name) })
      guard let other else { continue }
      index.replace(other, by: position, hash: hash)
      if again == nil { again = self[position].key }
      dead.append(other)
    }
    for position in dead { starts[position] = .max }
    if !dead.isEmpty { starts.removeAll { $0 == .max } }
    return again
  }

  private func keyRange(at position: Int) -> Range<Int> {
    var offset = Int(starts[position])
    let count = Int(text.compact(at: &offset))
    return offset..<offset + count
  }

  /// The value of a key; nil where there is none.
  public subscript(key: ByteString) -> ByteString? { first { $0.key == key }?.value }
}

extension HeaderMetadata: RandomAccessCollection {
  /// The first position.
  public var startIndex: Int { 0 }
  /// How many members there are.
  public var endIndex: Int { starts.count }

  /// A member.
  public subscript(position: Int) -> (key: ByteString, value: ByteString) {
    let key = keyRange(at: position)
    var offset = key.upperBound
    let count = Int(text.compact(at: &offset))
    return (
      ByteString(bytes: Array(text[key])), ByteString(bytes: Array(text[offset..<offset + count]))
    )
  }
}

extension HeaderMetadata: Equatable {
  /// Two are equal when they have equal members in the same order.
  public static func == (left: Self, right: Self) -> Bool { left.elementsEqual(right, by: ==) }
}
