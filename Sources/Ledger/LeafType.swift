import Storage
public import StrictJSON

/// What a leaf records.
public enum LeafType: String, CaseIterable, Hashable, Sendable {
  /// The ledger begins.
  case ledgerCreated = "ledger.created"
  /// A signer is trusted in this workspace.
  case keyAdded = "key.added"
  /// A signer has another key from here on.
  case keyRotated = "key.rotated"
  /// A signer's key does not count any more.
  case keyRevoked = "key.revoked"
  /// A model is known by the digests of its files.
  case modelRegistered = "model.registered"
  /// A person asks to be forgotten.
  case requestReceived = "request.received"
  /// The receipt of a request was confirmed to the person.
  case requestConfirmed = "request.confirmed"
  /// It was made sure who asks.
  case requestIdentified = "request.identified"
  /// More time is taken, and the person was told why.
  case requestExtended = "request.extended"
  /// Erasure was refused.
  case requestRefused = "request.refused"
  /// The person has taken the request back.
  case requestWithdrawn = "request.withdrawn"
  /// The request was met.
  case requestClosed = "request.closed"
  /// A recipient of the data was told of the erasure.
  case recipientNotified = "recipient.notified"
  /// Disclosures about a person were erased.
  case disclosureShredded = "disclosure.shredded"
  /// A patch has been made.
  case patchCreated = "patch.created"
  /// A patch's effect has been measured.
  case metricsRecorded = "metrics.recorded"
  /// A patch has been signed.
  case patchSigned = "patch.signed"
  /// A model is about to be written.
  case patchIntent = "patch.intent"
  /// A patch has been applied.
  case patchApplied = "patch.applied"
  /// An intent has come to nothing; the model is what it was.
  case patchAborted = "patch.aborted"
  /// An interrupted operation has been finished or undone.
  case patchRecovered = "patch.recovered"
  /// A patch has been taken back.
  case patchRolledBack = "patch.rolledback"
  /// The key of an undo capsule has been destroyed.
  case undoDestroyed = "undo.destroyed"
  /// Nothing in the workspace restores what a patch replaced.
  case patchFinalized = "patch.finalized"
  /// A model was verified, and all that is needed was there and held.
  case verificationPassed = "verification.passed"
  /// A model was verified, and something failed or was missing.
  case verificationFailed = "verification.failed"
  /// Witnesses have cosigned a head of the log.
  case checkpointWitnessed = "checkpoint.witnessed"
  /// A report has been made.
  case reportExported = "report.exported"

  private static let byName = [String: LeafType](
    uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

  /// The type of a name, found without comparing it with each; nil for one that is not known.
  static func named(_ name: String) -> LeafType? { byName[name] }
}

/// An event before it is appended: a type and its fields.
public struct Event: Hashable, Sendable {
  /// What is recorded.
  public let type: LeafType
  /// The fields besides those that every leaf has.
  public let fields: JSONObject

  /// Makes an event; fields that are nil are left out.
  public init(_ type: LeafType, _ fields: KeyValuePairs<String, JSONValue?>) {
    self.type = type
    self.fields = JSONObject(
      fields.compactMap { key, value in value.map { (ByteString(key), $0) } })
  }
}
