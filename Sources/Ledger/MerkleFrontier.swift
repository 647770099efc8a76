public import Storage

/// The right edge of a growing Merkle tree: the roots of its complete subtrees, from the largest to the smallest.
///
/// All that appending and the root need of the leaves so far, O(log n) hashes.
public struct MerkleFrontier: Sendable {
  /// How many leaves there are.
  public private(set) var size = 0
  private var hashes: [Digest] = []

  /// Starts before the first leaf.
  public init() {}

  /// Goes on with a tree of so many leaves, whose complete subtrees are asked for.
  public init<Failure: Error>(
    size: Int, node: (MerkleTree.NodeID) throws(Failure) -> Digest
  ) throws(Failure) {
    var start = 0
    for level in stride(from: Int.bitWidth - 2, through: 0, by: -1) where size >> level & 1 == 1 {
      hashes.append(try node(MerkleTree.NodeID(level: level, position: start >> level)))
      start += 1 << level
    }
    self.size = size
  }

  /// Adds a leaf by its hash, and tells of each complete subtree that it finishes, the leaf first.
  public mutating func append<Failure: Error>(
    _ leaf: Digest, completed: (MerkleTree.NodeID, Digest) throws(Failure) -> Void
  ) throws(Failure) {
    var hasher = MerkleHasher()
    try append(leaf, with: &hasher, completed: completed)
  }

  /// The same with a hasher that is used again, for walks over many leaves.
  mutating func append<Failure: Error>(
    _ leaf: Digest, with hasher: inout MerkleHasher,
    completed: (MerkleTree.NodeID, Digest) throws(Failure) -> Void
  ) throws(Failure) {
    var (level, position, hash) = (0, size, leaf)
    try completed(MerkleTree.NodeID(level: 0, position: position), hash)
    while position & 1 == 1 {
      hash = hasher.node(hashes.removeLast(), hash)
      (level, position) = (level + 1, position >> 1)
      try completed(MerkleTree.NodeID(level: level, position: position), hash)
    }
    hashes.append(hash)
    size += 1
  }

  /// Adds a leaf by its hash.
  public mutating func append(_ leaf: Digest) {
    append(leaf) { (_, _) throws(Never) in }
  }

  /// The root over all leaves.
  public var root: Digest {
    guard var root = hashes.last else { return MerkleTree.emptyRoot }
    for left in hashes.dropLast().reversed() { root = MerkleTree.nodeHash(left, root) }
    return root
  }
}
