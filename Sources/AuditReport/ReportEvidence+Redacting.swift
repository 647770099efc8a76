import Attestation
import Ledger
import Storage
import StrictJSON

/// What of the whole evidence is for the reader of a level.
///
/// Leaves and bundles are signed, so one is handed out whole or not at all.
extension ReportEvidence {
  /// Leaves out what is not for the reader.
  ///
  /// - Parameter request: The request whose person is the reader; nil at every other level.
  func redacted(for level: ReportLevel, request: String?) throws(LedgerError) -> ReportEvidence {
    if level == .internal { return self }
    let leaves: [Leaf] =
      switch level {
      case .internal, .authority: self.leaves
      case .dataSubject: try self.leaves(of: request ?? "")
      case .public: self.leaves.filter { $0.type == .ledgerCreated || LogKeys.isHandover($0) }
      }
    let named = try Self.bundleDigests(leaves)
    var bundles: [Digest: [UInt8]] = [:]
    for (digest, bytes) in self.bundles where named.contains(digest) {
      if try Self.isForReader(bytes, level, request) { bundles[digest] = bytes }
    }
    return try ReportEvidence(
      level: level, leaves: leaves, head: head, treeSize: treeSize, verifierKey: verifierKey,
      proofs: Self.hasGaps(level) ? proofs.proving(leaves, in: self.leaves) : proofs,
      bundles: bundles,
      withheldBundles: named.filter { self.bundles[$0] != nil && bundles[$0] == nil }, asOf: asOf)
  }

  /// The leaves that concern a request.
  ///
  /// Its own, which those of its patches are, the models that these were applied to, and the keys that the report is judged
  /// by. Two requests can have the same patch, so one that names another request is left out whatever else it concerns.
  private func leaves(of id: String) throws(LedgerError) -> [Leaf] {
    guard let request = state.request(id) else {
      throw LedgerError(.notPossible("the log has no request \(id)"))
    }
    let places = Set(request.leaves)
    let models = Set(
      places.compactMap { leaf($0).flatMap { $0.body["model"].optional?.value } })
    return leaves.filter { leaf in
      switch leaf.type {
      case .ledgerCreated, .keyAdded, .keyRotated, .keyRevoked: return true
      case .modelRegistered: return leaf.body["model"].value.map(models.contains) ?? false
      default:
        guard places.contains(leaf.sequence) else { return false }
        return leaf.body["request"].optional.map { $0.value == .text(id) } ?? true
      }
    }
  }

  /// Whether the reader may see all that a signed statement says.
  ///
  /// A data set can have a name that people gave it, and a statement can name requests besides its own, as those of the
  /// parts of a composed patch.
  static func isForReader(_ bundle: [UInt8], _ level: ReportLevel, _ request: String?)
    throws(LedgerError) -> Bool
  {
    if level == .internal { return true }
    if level == .public { return false }
    do throws(AttestationError) {
      let payload = try SigstoreBundle(parsing: bundle).envelope.payload
      let predicate = try Statement(parsing: payload).predicate
      do throws(JSONFieldError) {
        let recorded = try JSONField(predicate)["metrics"]["recorded"].elements()
        if recorded.contains(where: { $0["set"].isPresent }) { return false }
      } catch { return false }
      if level == .authority { return true }
      // Written anew, so that no escape hides an identity.
      let plain: [UInt8]
      do throws(CanonicalJSON.EncodingError) {
        plain = try CanonicalJSON.encodeForPeople(predicate)
      } catch { return false }
      return Identities(in: plain + payload).found
        .isSubset(of: [Identities.bare(request ?? "")])
    } catch { throw LedgerError(.attestation(error)) }
  }
}
