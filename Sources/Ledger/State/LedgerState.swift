import Attestation
public import Storage
import StrictJSON

/// What the leaves add up to: keys, requests, patches, and the chain of each model.
///
/// One reducer serves appending, where it refuses what is not possible, and verifying, where it reports it. To
/// append, only the rows of what a leaf is about are loaded (`WorkingSet`); a state is then partial.
///
/// A leaf type is reduced in the file of its subject by a method that first reads and checks everything and then
/// changes things in place, so that a leaf that is refused leaves the state as it was. What is looked up goes
/// through `place(of…)`, which asks for what a partial state lacks. What a reducer needs again must be in the
/// subject's row (`rows`): histories, such as the leaves of a request, are not.
public struct LedgerState: Sendable {
  /// How many leaves there are.
  public private(set) var count = 0
  /// The time of the last leaf.
  public private(set) var lastTime: Timestamp?
  /// The name of the log.
  public private(set) var origin = ""
  /// The keys that sign the log's heads, by what leaves say; nil where the first leaf names none.
  public internal(set) var logKeys: LogKeys?
  /// Signers' keys that were recorded, in order.
  public internal(set) var keys = KeyedList<Digest, Key>()
  /// The requests, in order.
  public internal(set) var requests = KeyedList<String, Request>()
  /// The patches, in order.
  public internal(set) var patches = KeyedList<Digest, Patch>()
  /// The models, in order.
  public internal(set) var models = KeyedList<String, Model>()
  /// The heads that leaves say witnesses have cosigned, in order.
  public internal(set) var witnessedHeads: [WitnessedHead] = []
  /// How many leaves of each type there are.
  var types: [String: Int] = [:]
  /// Whether leaves are left out that are about others: what only those could show is not asked for then.
  private(set) var hasGaps = false
  /// What has been looked up, where the state is partial; nil where all leaves have been taken.
  var lookedUp: Set<Subject>?

  /// Starts before the first leaf.
  public init() {}

  /// Goes on after leaves that are not taken here; what they are about is loaded as it is asked for.
  init(after count: Int, lastTime: Timestamp?, logKeys: LogKeys?) {
    self.count = count
    self.lastTime = lastTime
    self.logKeys = logKeys
    lookedUp = []
  }

  /// A state that takes some of the leaves of a log, such as those about one request.
  ///
  /// Order, requests, undo and finality are checked as ever. That the chain of a model has no holes, and that the parent of a
  /// model is known, is not. Both ends of a hole are whatever the leaves say.
  public static var withGaps: LedgerState {
    var state = LedgerState()
    state.hasGaps = true
    return state
  }

  /// A request by its identity.
  public func request(_ id: String) -> Request? { requests.value(id) }
  /// A patch by its digest.
  public func patch(_ digest: Digest) -> Patch? { patches.value(digest) }
  /// A model by its identity.
  public func model(_ id: String) -> Model? { models.value(id) }

  /// The types of leaves that this version does not know, with how many there are.
  public var unknownTypes: [(name: String, count: Int)] {
    types.filter { LeafType(rawValue: $0.key) == nil }.sorted { $0.key < $1.key }
      .map { ($0.key, $0.value) }
  }

  /// Takes one leaf.
  ///
  /// - Throws: `notPossible` where the leaf does not follow from those before it; nothing is changed then.
  public mutating func apply(_ leaf: Leaf) throws(LedgerError) {
    do throws(LeafRefusal) { try take(leaf) } catch { throw Self.error(error, leaf) }
  }

  static func error(_ refusal: LeafRefusal, _ leaf: Leaf) -> LedgerError {
    LedgerError(
      .notPossible("leaf \(leaf.sequence) (\(leaf.typeName)): \(refusal.description)"))
  }

  /// Takes one leaf, or refuses it and changes nothing.
  mutating func take(_ leaf: Leaf) throws(LeafRefusal) {
    guard leaf.sequence == count || hasGaps && count > 0 && leaf.sequence > count else {
      throw refuse("expected to be leaf \(count)")
    }
    if let lastTime, leaf.time < lastTime {
      throw refuse(
        "its time \(leaf.time) is before that of the leaf before it, \(lastTime)")
    }
    guard (leaf.type == .ledgerCreated) == (count == 0) else {
      throw refuse("a ledger begins with one ledger.created")
    }
    try reduce(leaf)
    count = leaf.sequence + 1
    lastTime = leaf.time
    types[leaf.typeName, default: 0] += 1
  }

  /// Does what the leaf's type asks for.
  private mutating func reduce(_ leaf: Leaf) throws(LeafRefusal) {
    let fields = LeafFields(leaf)
    switch leaf.type {
    case .ledgerCreated: try takeBeginning(fields)
    case .keyAdded: try takeKey(fields)
    case .keyRotated: try takeRotation(fields)
    case .keyRevoked: try takeRevocation(fields)
    case .verificationPassed: try takeVerification(fields, .verificationPassed)
    case .verificationFailed: try takeVerification(fields, .verificationFailed)
    case .checkpointWitnessed: try takeWitnessing(fields)
    case .reportExported:
      _ = try fields.digest("report")
      let _: ReportLevel? = try fields.termIfPresent("level")
    case .requestReceived: try takeRequest(fields)
    case .requestConfirmed: try takeConfirmation(fields)
    case .requestIdentified: try takeIdentification(fields)
    case .requestExtended: try takeExtension(fields)
    case .requestRefused: try takeRefusalOfRequest(fields)
    case .requestWithdrawn: try takeWithdrawal(fields)
    case .requestClosed: try takeClosing(fields)
    case .recipientNotified: try takeNotification(fields)
    case .disclosureShredded: try takeShredding(fields)
    case .modelRegistered: try takeModel(fields, leaf)
    case .patchCreated, .patchSigned: try takePatch(fields)
    case .metricsRecorded: try takeMetrics(fields)
    case .patchIntent: try takeIntent(fields)
    case .patchApplied where !fields.isPresent("intent"): try takeCopy(fields, leaf)
    case .patchApplied, .patchRolledBack, .patchAborted, .patchRecovered:
      try takeOutcome(fields, leaf)
    case .undoDestroyed: try takeDestruction(fields)
    case .patchFinalized: try takeFinality(fields)
    case nil: break
    }
  }

  private mutating func takeBeginning(_ fields: LeafFields) throws(LeafRefusal) {
    let name = try fields.text("origin")
    if let text = try fields.textIfPresent("key") {
      let key: VerifierKey
      do throws(AttestationError) { key = try VerifierKey(text) } catch {
        throw refuse("key: \(error)")
      }
      guard key.type == .ed25519, ByteString(key.name) == ByteString(name) else {
        throw refuse("key is not one that signs heads of \(ByteString(name))")
      }
      logKeys = LogKeys(first: key)
    }
    origin = name
  }

  /// Asks for a subject that a partial state does not hold; returns where it is known that there is none.
  func demand(_ subject: Subject) throws(LeafRefusal) {
    if let lookedUp, !lookedUp.contains(subject) { throw .notLoaded(subject) }
  }
}
