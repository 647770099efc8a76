public import Storage
import StrictJSON

extension LedgerState {
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

  /// A patch that is applied to a model; nil where it is not.
  func applied(_ patch: Digest, to model: Int) throws(LeafRefusal) -> Applied? {
    if let applied = models.elements[model].applications[patch] { return applied }
    try demand(.application(model: models.elements[model].id, patch: patch))
    return nil
  }

  mutating func takeIntent(_ fields: LeafFields) throws(LeafRefusal) {
    let place = try modelPlace(fields)
    if let open = models.elements[place].openIntent {
      throw refuse(
        "leaf \(open.leaf) has begun an operation on this model that has not ended")
    }
    let intent = try Intent(fields)
    guard !intent.capsule.contains("/") else { throw refuse("undo is not a name") }
    guard intent.before == models.elements[place].head || hasGaps else {
      throw refuse("the model is at \(models.elements[place].head), not at \(intent.before)")
    }
    let applied = try applied(intent.patch, to: place)
    if intent.isApply, applied != nil { throw refuse("the patch is applied already") }
    if !intent.isApply {
      try checkRollback(
        intent, of: applied, isLast: models.elements[place].lastApplied == intent.patch,
        head: models.elements[place].head)
    }
    let request = try requestPlace(intent.request)
    if intent.isApply { try checkOpen(request) }
    let kept = try bundle(fields, of: intent.patch, request: intent.request)
    models.elements[place].openIntent = intent
    keep(kept, leaf: fields.sequence)
    note(fields.sequence, request)
  }

  /// Refuses an intent to take a patch back that does not follow.
  ///
  /// Taking back the last patch of an undisturbed chain leads to the root before it. Any other rollback leads to a
  /// root of its own, which the intent accounts for by the files that change.
  private func checkRollback(_ intent: Intent, of applied: Applied?, isLast: Bool, head: Digest)
    throws(LeafRefusal)
  {
    guard let applied else { throw refuse("the patch is not applied") }
    if let destroyed = applied.destroyed {
      throw refuse("its undo key was destroyed by leaf \(destroyed)")
    }
    guard applied.capsule == intent.capsule else { throw refuse("undo names another capsule") }
    guard applied.request == intent.request else {
      throw refuse("the patch was applied for another request")
    }
    if hasGaps { return }
    if isLast, applied.after == head {
      guard intent.after == applied.before else {
        throw refuse("taking it back leads to \(applied.before), not to \(intent.after)")
      }
    } else if intent.changed.isEmpty {
      throw refuse("it does not say which files change")
    }
  }

  mutating func takeOutcome(_ fields: LeafFields, _ leaf: Leaf) throws(LeafRefusal) {
    let place = try modelPlace(fields)
    guard let intent = models.elements[place].openIntent,
      try fields.integer("intent") == intent.leaf
    else {
      throw refuse("no operation has begun that this could end")
    }
    let isReached = try Self.isReached(intent, fields, leaf.type)
    let root = try fields.digest("root")
    let expected = isReached ? intent.after : intent.before
    guard root == expected else {
      throw refuse("the model is said to be at \(root), the operation leads to \(expected)")
    }
    let request = try requestPlace(intent.request)
    if isReached {
      let neighbours = try neighbours(of: intent, on: place)
      models.elements[place].steps.append(
        Step(
          to: root, by: leaf, patch: intent.patch, changed: intent.changed,
          takesBack: !intent.isApply))
      if intent.isApply {
        models.elements[place].add(Applied(intent, leaf: fields.sequence))
      } else {
        models.elements[place].remove(intent.patch, between: neighbours)
        lookedUp?.insert(.application(model: models.elements[place].id, patch: intent.patch))
      }
      if let request {
        requests.elements[request].status = intent.isApply ? .applied : .open
        requests.elements[request].reversibleCount += intent.isApply ? 1 : -1
        if !intent.isApply { reopen(request) }
      }
    }
    models.elements[place].openIntent = nil
    note(fields.sequence, request)
  }

  /// Whether an operation ends with what it intended.
  private static func isReached(_ intent: Intent, _ fields: LeafFields, _ type: LeafType?)
    throws(LeafRefusal) -> Bool
  {
    switch type {
    case .patchApplied:
      guard intent.isApply else {
        throw refuse("the operation that has begun takes a patch back")
      }
      return true
    case .patchRolledBack:
      guard !intent.isApply else { throw refuse("the operation that has begun applies a patch") }
      return true
    case .patchRecovered: return try fields.text("outcome") == "result"
    default: return false
    }
  }

  /// What stands before and after an operation's patch among those applied; both are at hand then.
  private func neighbours(of intent: Intent, on model: Int) throws(LeafRefusal) -> (
    previous: Digest?, next: Digest?
  ) {
    let current = try applied(intent.patch, to: model)
    let previous = intent.isApply ? models.elements[model].lastApplied : current?.previous
    let next = current?.next
    if let previous { _ = try applied(previous, to: model) }
    if let next { _ = try applied(next, to: model) }
    return (previous, next)
  }
}

extension LedgerState.Model {
  /// Adds a patch as the last one applied.
  fileprivate mutating func add(_ applied: LedgerState.Applied) {
    var applied = applied
    applied.previous = lastApplied
    if let lastApplied { applications[lastApplied]?.next = applied.patch }
    applications[applied.patch] = applied
    lastApplied = applied.patch
  }

  /// Takes a patch out from between its neighbours.
  fileprivate mutating func remove(
    _ patch: Digest, between neighbours: (previous: Digest?, next: Digest?)
  ) {
    applications[patch] = nil
    if let previous = neighbours.previous { applications[previous]?.next = neighbours.next }
    if let next = neighbours.next {
      applications[next]?.previous = neighbours.previous
    } else {
      lastApplied = neighbours.previous
    }
  }
}

extension LedgerState.Intent {
  fileprivate init(_ fields: LeafFields) throws(LeafRefusal) {
    leaf = fields.sequence
    isApply = try fields.text("operation") == "apply"
    patch = try fields.digest("patch")
    before = try fields.digest("base")
    after = try fields.digest("result")
    capsule = try fields.text("undo")
    request = try fields.identityIfPresent("request")
    undoUntil = try fields.timeIfPresent("undo_until")
    changed = try fields.readIfPresent("changed", LedgerState.ChangedFile.list) ?? []
  }

  func write(to row: inout RowText) {
    row.add("base", before)
    if !changed.isEmpty { row.add("changed", changed) }
    row.add("leaf", leaf)
    row.add("operation", isApply ? "apply" : "rollback")
    row.add("patch", patch)
    row.add("request", request)
    row.add("result", after)
    row.add("undo", capsule)
    row.add("undo_until", undoUntil)
  }

  init(row: JSONField) throws(JSONFieldError) {
    leaf = try row["leaf"].count()
    isApply = try row["operation"].text() == "apply"
    patch = try row["patch"].digest()
    before = try row["base"].digest()
    after = try row["result"].digest()
    capsule = try row["undo"].text()
    request = try row["request"].optional?.text()
    undoUntil = try row["undo_until"].optional?.time()
    changed = try LedgerState.ChangedFile.list(row["changed"])
  }
}
