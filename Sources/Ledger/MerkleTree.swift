import Attestation
public import Storage

/// The Merkle tree of RFC 6962: hashes, proofs and their verification, over leaf hashes.
///
/// Nodes are asked for by level and position, so that a store can keep those of complete subtrees and a
/// proof costs O(log n).
public enum MerkleTree {
  /// The hash of a leaf: SHA-256(0x00, bytes) (RFC 6962 section 2.1).
  public static func leafHash(_ bytes: [UInt8]) -> Digest {
    var hasher = MerkleHasher()
    return hasher.leaf(bytes)
  }

  /// The hash of an interior node: SHA-256(0x01, left, right).
  public static func nodeHash(_ left: Digest, _ right: Digest) -> Digest {
    var hasher = MerkleHasher()
    return hasher.node(left, right)
  }

  /// The root of no leaves: SHA-256 of nothing.
  public static let emptyRoot = SHA256.digest(of: [])

  /// A complete subtree: its hash is over leaves `position << level` to `(position + 1) << level`.
  public struct NodeID: Hashable, Sendable {
    /// 0 for a leaf.
    public let level: Int
    /// Counted from the left.
    public let position: Int

    /// Names a node.
    public init(level: Int, position: Int) {
      self.level = level
      self.position = position
    }
  }

  /// The complete subtrees that an appended leaf finishes, its own hash first.
  public static func completed<Failure: Error>(
    byLeaf index: Int, hash: Digest, node: (NodeID) throws(Failure) -> Digest
  ) throws(Failure) -> [(id: NodeID, hash: Digest)] {
    var completed = [(id: NodeID(level: 0, position: index), hash: hash)]
    var (level, position, current) = (0, index, hash)
    while position & 1 == 1 {
      let left = try node(NodeID(level: level, position: position - 1))
      current = nodeHash(left, current)
      (level, position) = (level + 1, position >> 1)
      completed.append((NodeID(level: level, position: position), current))
    }
    return completed
  }

  /// The root over leaves `range`; its start must be a multiple of the largest power of two in its size.
  public static func root<Failure: Error>(
    _ range: Range<Int>, node: (NodeID) throws(Failure) -> Digest
  ) throws(Failure) -> Digest {
    if range.isEmpty { return emptyRoot }
    if range.count & (range.count - 1) == 0 {
      let level = range.count.trailingZeroBitCount
      return try node(NodeID(level: level, position: range.lowerBound >> level))
    }
    let split = range.lowerBound + largestPowerOfTwo(below: range.count)
    return nodeHash(
      try root(range.lowerBound..<split, node: node), try root(split..<range.upperBound, node: node)
    )
  }

  /// The largest power of two below a number of at least 2.
  static func largestPowerOfTwo(below count: Int) -> Int {
    1 << (Int.bitWidth - (count - 1).leadingZeroBitCount - 1)
  }

  /// The inclusion proof of a leaf in the tree of `size` leaves, the leaf's sibling first (RFC 9162 2.1.3.1).
  public static func inclusionProof<Failure: Error>(
    of index: Int, size: Int, node: (NodeID) throws(Failure) -> Digest
  ) throws(Failure) -> [Digest] {
    try path(index, 0..<size, node)
  }

  private static func path<Failure: Error>(
    _ index: Int, _ range: Range<Int>, _ node: (NodeID) throws(Failure) -> Digest
  ) throws(Failure) -> [Digest] {
    if range.count <= 1 { return [] }
    let split = range.lowerBound + largestPowerOfTwo(below: range.count)
    if index < split {
      return try path(index, range.lowerBound..<split, node)
        + [try root(split..<range.upperBound, node: node)]
    }
    return try path(index, split..<range.upperBound, node)
      + [try root(range.lowerBound..<split, node: node)]
  }

  /// Whether a proof shows that a leaf is in a tree (RFC 9162 section 2.1.3.2).
  public static func verifyInclusion(
    leaf: Digest, index: Int, size: Int, proof: [Digest], root: Digest
  ) -> Bool {
    guard index >= 0, index < size else { return false }
    var (node, last, hash) = (index, size - 1, leaf)
    for sibling in proof {
      if last == 0 { return false }
      if node & 1 == 1 || node == last {
        hash = nodeHash(sibling, hash)
        while node & 1 == 0 && node != 0 { (node, last) = (node >> 1, last >> 1) }
      } else {
        hash = nodeHash(hash, sibling)
      }
      (node, last) = (node >> 1, last >> 1)
    }
    return last == 0 && hash == root
  }

  /// The proof that the tree of `old` leaves is the beginning of that of `new` (RFC 9162 2.1.4.1).
  public static func consistencyProof<Failure: Error>(
    from old: Int, to new: Int, node: (NodeID) throws(Failure) -> Digest
  ) throws(Failure) -> [Digest] {
    if old == 0 || old == new { return [] }
    return try subproof(old, 0..<new, true, node)
  }

  private static func subproof<Failure: Error>(
    _ old: Int, _ range: Range<Int>, _ isWhole: Bool, _ node: (NodeID) throws(Failure) -> Digest
  ) throws(Failure) -> [Digest] {
    if old == range.count { return isWhole ? [] : [try root(range, node: node)] }
    let width = largestPowerOfTwo(below: range.count)
    let split = range.lowerBound + width
    if old <= width {
      return try subproof(old, range.lowerBound..<split, isWhole, node)
        + [try root(split..<range.upperBound, node: node)]
    }
    return try subproof(old - width, split..<range.upperBound, false, node)
      + [try root(range.lowerBound..<split, node: node)]
  }

  /// Whether a proof shows that one tree is the beginning of another (RFC 9162 section 2.1.4.2).
  public static func verifyConsistency(
    old: Int, oldRoot: Digest, new: Int, newRoot: Digest, proof: [Digest]
  ) -> Bool {
    guard old >= 0, old <= new else { return false }
    if old == new { return proof.isEmpty && oldRoot == newRoot }
    if old == 0 { return proof.isEmpty && oldRoot == emptyRoot }
    var rest = proof[...]
    if old & (old - 1) == 0 { rest = [oldRoot] + rest }
    guard let first = rest.popFirst() else { return false }
    var (node, last) = (old - 1, new - 1)
    while node & 1 == 1 { (node, last) = (node >> 1, last >> 1) }
    var (oldHash, newHash) = (first, first)
    for sibling in rest {
      if last == 0 { return false }
      if node & 1 == 1 || node == last {
        oldHash = nodeHash(sibling, oldHash)
        newHash = nodeHash(sibling, newHash)
        while node & 1 == 0 && node != 0 { (node, last) = (node >> 1, last >> 1) }
      } else {
        newHash = nodeHash(newHash, sibling)
      }
      (node, last) = (node >> 1, last >> 1)
    }
    return last == 0 && oldHash == oldRoot && newHash == newRoot
  }
}
