public import Attestation
public import Ledger
import Patching
import Storage
import StrictJSON

/// Holds what leaves say of a patch against its signed statement.
public struct StatementLeaves {
  private let bundle: KeptBundle
  /// The leaves that the statement would have been recorded with.
  private let created: Event
  private let measured: Event?

  /// Reads what leaves should say.
  public init(_ bundle: KeptBundle) throws(AttestationError) {
    self.bundle = bundle
    let events = try PatchEvents.made(bundle.statement)
    created = events[0]
    measured = events.first { $0.type == .metricsRecorded }
  }

  /// What does not agree; nil where all does.
  ///
  /// A patch may have been recorded with other statements before; one of them must be the one that was signed.
  ///
  /// - Parameter origin: The name of the log that the leaves are in.
  public func problem(_ leaves: [Leaf], origin: String) -> String? {
    if bundle.statement.request != nil, let named = bundle.statement.ledgerOrigin,
      ByteString(named) != ByteString(origin)
    {
      return
        "the signed statement answers a request of the log \(named), this one is \(origin)"
    }
    var other: Leaf?
    var isNamed = false
    for leaf in leaves {
      // A later evaluation has a record of its own, and the statement nothing to say of it.
      if leaf.type == .metricsRecorded, leaf.body["evaluation"].isPresent { continue }
      if leaf.type == .patchCreated || leaf.type == .metricsRecorded {
        guard leaf.body["statement"].optional?.value == .text(bundle.statementDigest.hex) else {
          other = other ?? leaf
          continue
        }
        isNamed = true
      }
      if let problem = problem(leaf) {
        return "leaf \(leaf.sequence) (\(leaf.typeName)): \(problem)"
      }
    }
    if let other, !isNamed {
      return
        "leaf \(other.sequence) (\(other.typeName)): it was recorded with another statement, and no leaf names the signed one, \(bundle.statementDigest)"
    }
    return nil
  }

  private func problem(_ leaf: Leaf) -> String? {
    let request = ("request", bundle.statement.request.map { JSONValue.text($0) })
    switch leaf.type {
    case .patchCreated:
      return difference(
        leaf, ["base", "result", "method", "request"].map { ($0, member($0, created)) })
    case .metricsRecorded:
      guard let measured else { return "it has measurements, the signed statement has none" }
      return difference(leaf, ["values", "recorded"].map { ($0, member($0, measured)) })
    case .patchSigned:
      return difference(leaf, [request]) ?? signerProblem(leaf)
    case .patchIntent:
      let units = bundle.statement.units
      return difference(
        leaf,
        [
          request, ("parameters", .integer(Int64(units.parameters))),
          ("heads", .integer(Int64(units.touchedHeads))),
          ("filters", .integer(Int64(units.touchedFilters))),
        ])
    case .patchApplied: return difference(leaf, [request])
    default: return nil
    }
  }

  /// The signature that the leaf tells of is in the bundle, where it is this bundle.
  private func signerProblem(_ leaf: Leaf) -> String? {
    guard leaf.body["bundle"].optional?.value == .text(bundle.digest.hex) else { return nil }
    let keys = bundle.envelope.signatures.map { JSONValue.text($0.keyID) }
    guard let key = leaf.body["key_id"].optional?.value, keys.contains(key) else {
      return "the bundle has no signature of the key that it names"
    }
    return nil
  }

  private func member(_ key: String, _ event: Event) -> JSONValue? { event.fields[ByteString(key)] }

  private func difference(_ leaf: Leaf, _ expected: [(String, JSONValue?)]) -> String? {
    for (key, value) in expected where leaf.body[key].optional?.value != value {
      return "what it says of \(key) differs from the signed statement"
    }
    return nil
  }
}
