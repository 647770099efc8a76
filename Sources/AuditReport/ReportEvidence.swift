public import Attestation
public import Ledger
public import Storage
import StrictJSON

/// Everything that a report is made from: leaves, signed head, signed bundles, and the day it speaks of.
///
/// The report is a function of this value alone, so that anyone who holds the evidence makes the same bytes.
public struct ReportEvidence: Sendable {
  /// The leaves, in order.
  public let leaves: [Leaf]
  /// What they add up to.
  public let state: LedgerState
  /// The signed head of the log, with the cosignatures of witnesses.
  public let head: SignedNote
  /// The key that has signed the head, as a vkey.
  public let verifierKey: String
  /// The heads with which a key of the log has handed over to the next, by the leaf that says so.
  public internal(set) var handovers: [Int: SignedNote]
  /// Signed bundles, by digest.
  public let bundles: [Digest: [UInt8]]
  /// The moment for which clocks are told.
  public let asOf: Timestamp

  /// Gathers the evidence from a ledger, up to a head of it.
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
      leaves: leaves, head: head, verifierKey: key.encoded,
      handovers: try store.handovers().filter { $0.key < size }, bundles: bundles, asOf: asOf)
  }

  /// Takes evidence from elsewhere; leaves that don't follow from each other are refused.
  init(
    leaves: [Leaf], head: SignedNote, verifierKey: String, handovers: [Int: SignedNote],
    bundles: [Digest: [UInt8]], asOf: Timestamp
  ) throws(LedgerError) {
    var state = LedgerState()
    for leaf in leaves { try state.apply(leaf) }
    self.leaves = leaves
    self.state = state
    self.head = head
    self.verifierKey = verifierKey
    self.handovers = handovers
    self.bundles = bundles
    self.asOf = asOf
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
