public import Attestation
public import Ledger
public import Storage
import StrictJSON

/// Everything that a report is made from: leaves, signed head, signed bundles, and the day it speaks of.
///
/// The report is a function of this value alone, so that anyone who holds the evidence makes the same bytes.
public struct ReportEvidence: Sendable {
  /// Whom the report is for.
  public let level: ReportLevel
  /// The leaves that are for the reader, in order.
  public let leaves: [Leaf]
  /// What they add up to.
  public let state: LedgerState
  /// The signed head of the log, with the cosignatures of witnesses.
  public let head: SignedNote
  /// How many leaves the head has.
  let treeSize: Int
  /// The key that has signed the head, as a vkey.
  public let verifierKey: String
  /// Proofs of leaves: under the head, and of leaves that hand the log over under the heads that end with them.
  let proofs: LeafProofs
  /// Signed bundles, by digest.
  public let bundles: [Digest: [UInt8]]
  /// The bundles that are not for the reader.
  let withheldBundles: Set<Digest>
  /// The moment for which clocks are told.
  public let asOf: Timestamp
  private let places: [Int: Int]

  /// Whether leaves are left out.
  var hasGaps: Bool { Self.hasGaps(level) }

  /// Whether a level leaves leaves out.
  static func hasGaps(_ level: ReportLevel) -> Bool { level == .dataSubject || level == .public }

  /// The leaf of a place; nil where it is not for the reader.
  func leaf(_ sequence: Int) -> Leaf? { places[sequence].map { leaves[$0] } }

  /// Gathers the whole evidence from a ledger, up to a head of it.
  public init(_ store: LedgerStore, head: SignedNote, asOf: Timestamp) throws(LedgerError) {
    let size: Int
    do throws(AttestationError) { size = try LogCheckpoint(parsing: head.text).treeSize } catch {
      throw LedgerError(.attestation(error))
    }
    let leaves = Array(try store.leaves().prefix(size))
    var bundles: [Digest: [UInt8]] = [:]
    for digest in try Self.bundleDigests(leaves) {
      bundles[digest] = try store.blob(digest)
    }
    // The first signature of a head: where it is a handover, the key before.
    let key = try store.keys().signers(treeSize: size)[0]
    try self.init(
      level: .internal, leaves: leaves, head: head, treeSize: size, verifierKey: key.encoded,
      proofs: LeafProofs(leaves, handovers: try store.handovers().filter { $0.key < size }),
      bundles: bundles, withheldBundles: [], asOf: asOf)
  }

  /// Takes evidence from elsewhere; leaves that don't follow from each other are refused.
  init(
    level: ReportLevel, leaves: [Leaf], head: SignedNote, treeSize: Int, verifierKey: String,
    proofs: LeafProofs, bundles: [Digest: [UInt8]], withheldBundles: Set<Digest>, asOf: Timestamp
  ) throws(LedgerError) {
    var state = Self.hasGaps(level) ? LedgerState.withGaps : LedgerState()
    var places: [Int: Int] = [:]
    for (place, leaf) in leaves.enumerated() {
      try state.apply(leaf)
      places[leaf.sequence] = place
    }
    self.level = level
    self.leaves = leaves
    self.state = state
    self.head = head
    self.treeSize = treeSize
    self.verifierKey = verifierKey
    self.proofs = proofs
    self.bundles = bundles
    self.withheldBundles = withheldBundles
    self.asOf = asOf
    self.places = places
  }

  /// The bundles of patches that were used; one that was only signed is not evidence of anything done.
  static func bundleDigests(_ leaves: [Leaf]) throws(LedgerError) -> Set<Digest> {
    var digests: Set<Digest> = []
    for leaf in leaves where leaf.type == .patchIntent || leaf.type == .patchApplied {
      do throws(JSONFieldError) {
        if let digest = try leaf.body["bundle"].optional?.digest() { digests.insert(digest) }
      } catch { throw LedgerError(.inconsistent(error.description)) }
    }
    return digests
  }

  /// When a bundle was used first, which is when its signer's key had to count, and which keys did not any more.
  func firstUse(of bundle: Digest) throws(LedgerError) -> (time: Timestamp, revoked: Set<Digest>) {
    for leaf in leaves where try Self.bundleDigests([leaf]).contains(bundle) {
      return (leaf.time, Set(state.revokedKeys(at: leaf.sequence).keys))
    }
    return (asOf, [])
  }
}
