import Attestation
import GRDB
import Storage

/// One pass over the leaves in order: what they add up to, the tree's right edge, and beside it the stored nodes and
/// the signed heads, each compared when the leaf is reached that finishes it.
struct LogWalk {
  /// What the leaves add up to so far.
  private(set) var state = LedgerState()
  /// The root of as many leaves as were asked for; nil where there are fewer.
  private(set) var rootFound: Digest?

  private let database: Database
  private let verifierKey: VerifierKey
  private let rootWanted: Int?
  private var frontier = MerkleFrontier()
  private var nodes: StoredNodes
  private var heads: StoredHeads
  private var treeFailure: (any Error)?
  private var headFailure: (any Error)?

  init(_ database: Database, _ verifierKey: VerifierKey, rootWanted: Int?) {
    self.database = database
    self.verifierKey = verifierKey
    self.rootWanted = rootWanted
    nodes = StoredNodes(database)
    heads = StoredHeads(database, verifierKey)
  }

  /// Walks; of nodes and heads the first failure is kept.
  ///
  /// - Throws: Where a leaf can't be read or does not follow.
  mutating func run() throws {
    noteRoot()
    try LedgerStore.forEachLeaf(database) { leaf in
      try state.apply(leaf)
      frontier.append(leaf.hash) { id, hash in
        if treeFailure != nil { return }
        do { try nodes.compare(id, hash) } catch { treeFailure = error }
      }
      noteRoot()
      if headFailure != nil { return }
      do { try heads.compare(frontier) } catch { headFailure = error }
    }
    guard ByteString(state.origin) == ByteString(verifierKey.name) || state.count == 0 else {
      throw LedgerError(
        .inconsistent(
          "leaf 0 begins the log \(state.origin), the key is that of \(verifierKey.name)"))
    }
    if state.count == 0 {
      throw LedgerError(.inconsistent("there is no leaf; a ledger begins with ledger.created"))
    }
  }

  private mutating func noteRoot() {
    if rootWanted == frontier.size { rootFound = frontier.root }
  }

  /// Throws where a stored node is not the one that follows, or where more are stored.
  mutating func finishTree() throws {
    if let treeFailure { throw treeFailure }
    try nodes.finish()
  }

  /// Throws where a head is not signed or not the root, or where the last does not cover all leaves.
  mutating func finishHeads() throws {
    if let headFailure { throw headFailure }
    try heads.finish(leafCount: state.count)
  }
}
