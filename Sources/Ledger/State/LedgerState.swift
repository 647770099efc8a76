public import Storage
import StrictJSON

/// What the leaves add up to: requests, patches, and the chain of each model.
///
/// One reducer serves appending, where it refuses what is not possible, and verifying, where it reports it.
public struct LedgerState: Sendable {
  /// A request for erasure.
  public struct Request: Sendable {
    /// The identity, `urn:uuid:…`.
    public let id: String
    /// The law.
    public let regime: Regime
    /// The ground, such as `17-1-b`.
    public let ground: String
    /// When it came.
    public let received: CivilDate
    /// The last day to answer it.
    public let due: CivilDate
    /// Digests of what is said of the person.
    public let commitments: [String]
    /// Where it stands.
    public var status = Status.open
    /// Leaves that concern it.
    public var leaves: [Int]

    /// Where a request stands.
    public enum Status: String, Sendable {
      /// Nothing has been applied for it.
      case open
      /// A patch has been applied for it and can still be taken back.
      case applied
      /// A patch has been applied for it and can't be taken back any more.
      case final
    }
  }

  /// A patch.
  public struct Patch: Sendable {
    /// The digest of the patch file.
    public let digest: Digest
    /// The method that made it.
    public var method: String?
    /// The request that it answers.
    public var request: String?
    /// The digest of the signed bundle.
    public var bundle: Digest?
    /// Leaves that concern it.
    public var leaves: [Int]
  }

  /// An operation that has begun and not ended.
  public struct Intent: Sendable {
    /// The leaf.
    public let leaf: Int
    /// Whether it applies; else it takes back.
    public let isApply: Bool
    /// The patch.
    public let patch: Digest
    /// The root before.
    public let before: Digest
    /// The root after.
    public let after: Digest
    /// The name of the undo capsule.
    public let capsule: String
    /// The request that the patch answers.
    public let request: String?
    /// Until when an applied patch may be taken back; nil where no deadline was set.
    public let undoUntil: Timestamp?
    /// The files as they will be, where that is neither base nor result of a statement.
    public let changed: [ChangedFile]
  }

  /// One state of a model.
  public struct Step: Sendable {
    /// The root of the model from here on.
    public let root: Digest
    /// The leaf that says so.
    public let leaf: Int
    /// What was done: a leaf type.
    public let event: String
    /// The patch, where one was applied or taken back.
    public let patch: Digest?
    /// The files that changed, where the root is neither base nor result of the patch's statement.
    public var changed: [ChangedFile] = []
    /// Whether the patch was taken back.
    public var takesBack = false
  }

  /// A model and its chain.
  public struct Model: Sendable {
    /// The identity, `urn:uuid:…`.
    public let id: String
    /// The family; `unknown` where units are not known.
    public let family: String
    /// The model that it was copied and patched from.
    public let parent: String?
    /// Its states; the last one is the head.
    public var steps: [Step]
    /// Patches that are applied and not taken back, in order.
    public var applied: [Applied] = []
    /// What has begun and not ended.
    public var openIntent: Intent?

    /// The root that the model has now.
    public var head: Digest { steps[steps.count - 1].root }
  }

  /// How many leaves there are.
  public private(set) var count = 0
  /// The time of the last leaf.
  public private(set) var lastTime: Timestamp?
  /// The name of the log.
  public private(set) var origin = ""
  /// The requests, in order.
  public internal(set) var requests: [Request] = []
  /// The patches, in order.
  public private(set) var patches: [Patch] = []
  /// The models, in order.
  public internal(set) var models: [Model] = []
  /// Leaves of types that this version does not know.
  public private(set) var unknownLeaves: [Int] = []

  /// Starts before the first leaf.
  public init() {}

  /// A request by its identity.
  public func request(_ id: String) -> Request? { requests.first { $0.id == id } }
  /// A patch by its digest.
  public func patch(_ digest: Digest) -> Patch? { patches.first { $0.digest == digest } }
  /// A model by its identity.
  public func model(_ id: String) -> Model? { models.first { $0.id == id } }

  /// Takes one leaf.
  ///
  /// - Throws: `notPossible` where the leaf does not follow from those before it; nothing is changed then.
  public mutating func apply(_ leaf: Leaf) throws(LedgerError) {
    func fail(_ what: String) -> LedgerError {
      LedgerError(.notPossible("leaf \(leaf.sequence) (\(leaf.typeName)): \(what)"))
    }
    guard leaf.sequence == count else { throw fail("expected to be leaf \(count)") }
    if let lastTime, leaf.time < lastTime {
      throw fail("its time \(leaf.time) is before that of the leaf before it, \(lastTime)")
    }
    guard (leaf.type == .ledgerCreated) == (count == 0) else {
      throw fail("a ledger begins with one ledger.created")
    }
    var next = self
    let problem: String?
    do throws(JSONFieldError) { problem = try next.take(leaf) } catch {
      problem = error.description
    }
    if let problem { throw fail(problem) }
    next.count += 1
    next.lastTime = leaf.time
    self = next
  }

  /// Changes the state; gives the reason where the leaf is not possible.
  private mutating func take(_ leaf: Leaf) throws(JSONFieldError) -> String? {
    let body = leaf.body
    switch leaf.type {
    case .ledgerCreated: origin = try body["origin"].text()
    case .keyAdded: _ = try body["key_id"].digest()
    case .reportExported: _ = try body["report"].digest()
    case .requestReceived: return try takeRequest(leaf)
    case .modelRegistered: return try takeModel(leaf)
    case .patchCreated, .patchSigned: return try takePatch(leaf)
    case .metricsRecorded: return try takeMetrics(leaf)
    case .patchIntent: return try takeIntent(leaf)
    case .patchApplied, .patchRolledBack, .patchAborted, .patchRecovered:
      return try takeOutcome(leaf)
    case .undoDestroyed: return try takeDestruction(leaf)
    case .patchFinalized: return try takeFinality(leaf)
    case nil: unknownLeaves.append(leaf.sequence)
    }
    return nil
  }

  private mutating func takeRequest(_ leaf: Leaf) throws(JSONFieldError) -> String? {
    let body = leaf.body
    let id = try body["request"].text()
    guard request(id) == nil else { return "the request is known already" }
    guard let regime = Regime(rawValue: try body["regime"].text()),
      let received = CivilDate(try body["received"].text()),
      let due = CivilDate(try body["due"].text())
    else { return "regime or dates are not readable" }
    guard due == regime.due(received: received) else {
      return "due \(due), the law gives until \(regime.due(received: received))"
    }
    requests.append(
      Request(
        id: id, regime: regime, ground: try body["ground"].text(), received: received, due: due,
        commitments: try body["commitments"].elements().map { field throws(JSONFieldError) in
          try field.text()
        }, leaves: [leaf.sequence]))
    return nil
  }

  private mutating func takeModel(_ leaf: Leaf) throws(JSONFieldError) -> String? {
    let id = try leaf.body["model"].text()
    guard model(id) == nil else { return "the model is known already" }
    let parent = try leaf.body["parent"].optional?.text()
    if let parent, model(parent) == nil { return "its parent is not known" }
    models.append(
      Model(
        id: id, family: try leaf.body["family"].text(), parent: parent,
        steps: [
          Step(
            root: try leaf.body["root"].digest(), leaf: leaf.sequence, event: leaf.typeName,
            patch: nil)
        ]))
    return nil
  }

  private mutating func takePatch(_ leaf: Leaf) throws(JSONFieldError) -> String? {
    let digest = try leaf.body["patch"].digest()
    let request = try leaf.body["request"].optional?.text()
    if let request, self.request(request) == nil { return "the request is not known" }
    let place: Int
    if let known = patches.firstIndex(where: { $0.digest == digest }) {
      place = known
      patches[place].leaves.append(leaf.sequence)
    } else {
      place = patches.count
      patches.append(Patch(digest: digest, leaves: [leaf.sequence]))
    }
    if let request { patches[place].request = request }
    if let method = try leaf.body["method"].optional?.text() { patches[place].method = method }
    if let bundle = try leaf.body["bundle"].optional?.digest() { patches[place].bundle = bundle }
    note(leaf.sequence, request)
    return nil
  }

  private mutating func takeMetrics(_ leaf: Leaf) throws(JSONFieldError) -> String? {
    let digest = try leaf.body["patch"].digest()
    guard let place = patches.firstIndex(where: { $0.digest == digest }) else {
      return "the patch is not known"
    }
    _ = try leaf.body["statement"].digest()
    for value in try leaf.body["values"].elements() { _ = try value["millionths"].integer() }
    patches[place].leaves.append(leaf.sequence)
    note(leaf.sequence, patches[place].request)
    return nil
  }

  private mutating func takeIntent(_ leaf: Leaf) throws(JSONFieldError) -> String? {
    let body = leaf.body
    let id = try body["model"].text()
    guard let place = models.firstIndex(where: { $0.id == id }) else {
      return "the model is not known"
    }
    if let open = models[place].openIntent {
      return "leaf \(open.leaf) has begun an operation on this model that has not ended"
    }
    let intent = Intent(
      leaf: leaf.sequence, isApply: try body["operation"].text() == "apply",
      patch: try body["patch"].digest(), before: try body["base"].digest(),
      after: try body["result"].digest(), capsule: try body["undo"].text(),
      request: try body["request"].optional?.text(), undoUntil: try Self.undoUntil(body),
      changed: try ChangedFile.list(body["changed"]))
    guard !intent.capsule.contains("/") else { return "undo is not a name" }
    guard intent.before == models[place].head else {
      return "the model is at \(models[place].head), not at \(intent.before)"
    }
    if intent.isApply, models[place].applied.contains(where: { $0.patch == intent.patch }) {
      return "the patch is applied already"
    }
    if !intent.isApply, let problem = models[place].problemOfRollback(intent) { return problem }
    models[place].openIntent = intent
    try keepBundle(body, intent.patch, intent.request, leaf.sequence)
    note(leaf.sequence, intent.request)
    return nil
  }

  private mutating func takeOutcome(_ leaf: Leaf) throws(JSONFieldError) -> String? {
    let body = leaf.body
    let id = try body["model"].text()
    guard let place = models.firstIndex(where: { $0.id == id }) else {
      return "the model is not known"
    }
    if leaf.type == .patchApplied, body["intent"].optional == nil {
      return try takeCopy(leaf, place)
    }
    guard let intent = models[place].openIntent, try body["intent"].integer() == intent.leaf else {
      return "no operation has begun that this could end"
    }
    let reached: Bool
    switch leaf.type {
    case .patchApplied:
      guard intent.isApply else { return "the operation that has begun takes a patch back" }
      reached = true
    case .patchRolledBack:
      guard !intent.isApply else { return "the operation that has begun applies a patch" }
      reached = true
    case .patchRecovered: reached = try body["outcome"].text() == "result"
    default: reached = false
    }
    let root = try body["root"].digest()
    guard root == (reached ? intent.after : intent.before) else {
      return
        "the model is said to be at \(root), the operation leads to \(reached ? intent.after : intent.before)"
    }
    models[place].openIntent = nil
    note(leaf.sequence, intent.request)
    guard reached else { return nil }
    models[place].steps.append(
      Step(
        root: root, leaf: leaf.sequence, event: leaf.typeName, patch: intent.patch,
        changed: intent.changed, takesBack: !intent.isApply))
    if intent.isApply {
      models[place].applied.append(Applied(intent, leaf: leaf.sequence))
    } else {
      models[place].applied.removeAll { $0.patch == intent.patch }
    }
    if let request = requests.firstIndex(where: { $0.id == intent.request }) {
      requests[request].status = intent.isApply ? .applied : .open
    }
    return nil
  }

  /// A patched copy: the model is new, and was the parent's state before.
  private mutating func takeCopy(_ leaf: Leaf, _ place: Int) throws(JSONFieldError) -> String? {
    let (before, after) = (try leaf.body["base"].digest(), try leaf.body["root"].digest())
    guard models[place].head == before else {
      return "the model is at \(models[place].head), not at \(before)"
    }
    let request = try leaf.body["request"].optional?.text()
    let patch = try leaf.body["patch"].digest()
    models[place].steps.append(
      Step(root: after, leaf: leaf.sequence, event: leaf.typeName, patch: patch))
    try keepBundle(leaf.body, patch, request, leaf.sequence)
    note(leaf.sequence, request)
    if let request = requests.firstIndex(where: { $0.id == request }) {
      requests[request].status = .applied
    }
    return nil
  }

  /// A patch that was signed elsewhere is known from its first use here.
  private mutating func keepBundle(
    _ body: JSONField, _ patch: Digest, _ request: String?, _ leaf: Int
  ) throws(JSONFieldError) {
    guard let bundle = try body["bundle"].optional?.digest() else { return }
    if let known = patches.firstIndex(where: { $0.digest == patch }) {
      patches[known].bundle = bundle
      patches[known].leaves.append(leaf)
    } else {
      patches.append(
        Patch(digest: patch, method: nil, request: request, bundle: bundle, leaves: [leaf]))
    }
  }

  mutating func note(_ leaf: Int, _ request: String?) {
    guard let request, let place = requests.firstIndex(where: { $0.id == request }) else { return }
    requests[place].leaves.append(leaf)
  }
}
