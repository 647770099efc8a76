/// A trie over bytes, for finding all tokens that a text begins with.
struct ByteTrie: Sendable {
  /// The number of edges, which is all the memory that it takes, is limited by this.
  static let edgeLimit = 1 << 23

  private var edges: PairTable
  /// The value at each node; -1 where no token ends.
  private var values: [Int32] = [-1]

  init(capacity: Int) { edges = PairTable(capacity: capacity) }

  /// Adds a token; false where it is there already, or the trie is full.
  mutating func add(_ token: ArraySlice<UInt8>, value: Int32) -> Bool {
    var node: UInt32 = 0
    for byte in token {
      if let next = edges[node, UInt32(byte)] {
        node = next
      } else {
        guard values.count < Self.edgeLimit else { return false }
        let next = UInt32(values.count)
        edges.set(node, UInt32(byte), to: next)
        values.append(-1)
        node = next
      }
    }
    guard values[Int(node)] < 0 else { return false }
    values[Int(node)] = value
    return true
  }

  /// The longest token that a part of some bytes begins with.
  func longest(in bytes: [UInt8], _ range: Range<Int>) -> (value: Int32, end: Int)? {
    var found: (value: Int32, end: Int)?
    forEachPrefix(of: bytes, range) { found = ($0, $1) }
    return found
  }

  /// Calls a function for each token that a part of some bytes begins with, from the shortest on.
  @inline(__always)
  func forEachPrefix(of bytes: [UInt8], _ range: Range<Int>, _ body: (Int32, Int) -> Void) {
    var node: UInt32 = 0
    for index in range {
      guard let next = edges[node, UInt32(bytes[index])] else { return }
      node = next
      let value = values[Int(node)]
      if value >= 0 { body(value, index + 1) }
    }
  }
}
