import Attestation
import GRDB
import Storage

/// One pass over the leaves in order: what they add up to, the tree's right edge, and beside it the stored nodes and
/// the signed heads, each compared when the leaf is reached that finishes it.
struct LogWalk {
  /// What the leaves add up to so far.
  private(set) var state = LedgerState()
  /// The roots of as many leaves as were asked for, where there are so many.
  private(set) var roots: [Int: Digest] = [:]
  /// The keys of the log, from the expected one to where the leaves lead.
  private(set) var keys: LogKeys

  private let database: Database
  private let rootsWanted: Set<Int>
  private var frontier = MerkleFrontier()
  private var nodes: StoredNodes
  private var heads: StoredHeads
  private var treeFailure: (any Error)?
  private var headFailure: (any Error)?

  init(_ database: Database, _ verifierKey: VerifierKey, rootsWanted: Set<Int>) {
    self.database = database
    self.rootsWanted = rootsWanted
    keys = LogKeys(first: verifierKey)
    nodes = StoredNodes(database)
    heads = StoredHeads(database)
  }

  /// Walks; of nodes and heads the first failure is kept.
  ///
  /// - Throws: Where a leaf can't be read or does not follow.
  mutating func run() throws {
    noteRoot()
    var hasher = MerkleHasher()
    try LedgerStore.forEachLeaf(database) { leaf in
      try state.apply(leaf)
      frontier.append(hasher.leaf(leaf.bytes), with: &hasher) { id, hash in
        if treeFailure != nil { return }
        do { try nodes.compare(id, hash) } catch { treeFailure = error }
      }
      noteRoot()
      if leaf.type == .keyRotated { noteHandover() }
      if headFailure != nil || !heads.concerns(frontier.size, keys.handovers.last) { return }
      do { try heads.compare(frontier, keys) } catch { headFailure = error }
    }
    guard ByteString(state.origin) == ByteString(keys.first.name) || state.count == 0 else {
      throw LedgerError(
        .inconsistent(
          "leaf 0 begins the log \(state.origin), the key is that of \(keys.first.name)"))
    }
    if state.count == 0 {
      throw LedgerError(.inconsistent("there is no leaf; a ledger begins with ledger.created"))
    }
  }

  private mutating func noteRoot() {
    if rootsWanted.contains(frontier.size) { roots[frontier.size] = frontier.root }
  }

  /// Follows the log to its next key, where the leaf just taken hands it over.
  private mutating func noteHandover() {
    guard let found = state.logKeys, found.handovers.count > keys.handovers.count,
      found.first == keys.first
    else { return }
    keys = found
  }

  /// Throws where a stored node is not the one that follows, or where more are stored.
  mutating func finishTree() throws {
    if let treeFailure { throw treeFailure }
    try nodes.finish()
  }

  /// Throws where a head is not signed by the key of its size or not the root, or where the last does not cover all leaves.
  mutating func finishHeads() throws {
    if let headFailure { throw headFailure }
    if let first = state.logKeys?.first, first != keys.first {
      throw LedgerError(
        .inconsistent("leaf 0 begins the log with the key \(first.encoded), another than expected"))
    }
    try heads.finish(leafCount: state.count, keys)
  }
}
