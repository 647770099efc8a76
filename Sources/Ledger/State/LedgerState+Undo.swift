public import Storage
public import StrictJSON

extension LedgerState {
  /// A file of a model by its place among all of them, with its digest.
  ///
  /// Names of files are chosen by people, so a leaf counts instead: from 0, in the code-point order of the names.
  public struct ChangedFile: Hashable, Sendable {
    /// The place of the file.
    public let file: Int
    /// The SHA-256 of its bytes.
    public let digest: Digest

    /// Names a file by its place.
    public init(file: Int, digest: Digest) {
      self.file = file
      self.digest = digest
    }

    /// The list as it stands in a leaf; nil where nothing is to be said.
    public static func json(_ list: [ChangedFile]) -> JSONValue? {
      list.isEmpty
        ? nil
        : .array(
          list.map {
            .members(["file": .integer(Int64($0.file)), "sha256": .text($0.digest.hex)])
          })
    }

    static func list(_ field: JSONField) throws(JSONFieldError) -> [ChangedFile] {
      guard let field = field.optional else { return [] }
      return try field.elements().map { entry throws(JSONFieldError) in
        ChangedFile(file: try entry["file"].count(), digest: try entry["sha256"].digest())
      }
    }
  }

  /// A patch that is applied in place and not taken back.
  public struct Applied: Sendable {
    /// The patch.
    public let patch: Digest
    /// The name of the undo capsule.
    public let capsule: String
    /// The request that it answers.
    public let request: String?
    /// The root of the model when it was applied.
    public let before: Digest
    /// The root that it led to.
    public let after: Digest
    /// The leaf that records it.
    public let leaf: Int
    /// Until when it may be taken back; nil where no deadline was set.
    public let undoUntil: Timestamp?
    /// The leaf by which the undo key was destroyed; nil while it is there.
    public internal(set) var destroyed: Int?
    /// The digest of the destroyed key, by which its bytes are known again.
    public internal(set) var keyDigest: Digest?
    /// The leaf that says that nothing in the workspace restores what was replaced.
    public internal(set) var final: Int?

    init(_ intent: Intent, leaf: Int) {
      patch = intent.patch
      capsule = intent.capsule
      request = intent.request
      before = intent.before
      after = intent.after
      undoUntil = intent.undoUntil
      self.leaf = leaf
    }

    /// Whether the undo key is kept longer than was promised.
    public func isOverdue(at time: Timestamp) -> Bool {
      guard destroyed == nil, let undoUntil else { return false }
      return time > undoUntil
    }

    /// Whether the former values can be restored, and until when they may be, in words.
    public func standing(at time: Timestamp) -> String {
      if let final { return "final (leaf \(final))" }
      if let destroyed {
        return
          "not final: the undo key was destroyed (leaf \(destroyed)), the search for what is left of it has not ended; run finalize again"
      }
      guard let undoUntil else { return "reversible" }
      return isOverdue(at: time)
        ? "OVERDUE: reversible, and was to be final by \(undoUntil)"
        : "reversible until \(undoUntil)"
    }
  }

  static func undoUntil(_ body: JSONField) throws(JSONFieldError) -> Timestamp? {
    guard let field = body["undo_until"].optional else { return nil }
    guard let time = Timestamp(try field.text()) else {
      throw JSONFieldError(field.path, expected: "a time")
    }
    return time
  }

  /// The undo key of an applied patch is gone.
  mutating func takeDestruction(_ leaf: Leaf) throws(JSONFieldError) -> String? {
    guard let (model, patch) = try find(leaf) else {
      return "the patch is not applied to the model"
    }
    let applied = models[model].applied[patch]
    if models[model].openIntent != nil { return "an operation on this model has not ended" }
    guard try leaf.body["undo"].text() == applied.capsule else {
      return "undo names another capsule"
    }
    if applied.destroyed != nil { return "the key is destroyed already" }
    models[model].applied[patch].destroyed = leaf.sequence
    models[model].applied[patch].keyDigest = try leaf.body["key"].digest()
    note(leaf.sequence, applied.request)
    return nil
  }

  /// The search for what is left of an undo key has found nothing.
  mutating func takeFinality(_ leaf: Leaf) throws(JSONFieldError) -> String? {
    guard let (model, patch) = try find(leaf) else {
      return "the patch is not applied to the model"
    }
    let applied = models[model].applied[patch]
    guard applied.destroyed != nil else { return "the undo key has not been destroyed" }
    if applied.final != nil { return "the patch is final already" }
    models[model].applied[patch].final = leaf.sequence
    note(leaf.sequence, applied.request)
    if let place = requests.firstIndex(where: { $0.id == applied.request }),
      requests[place].status == .applied,
      !models.contains(where: { model in
        model.applied.contains { $0.request == applied.request && $0.final == nil }
      })
    {
      requests[place].status = .final
    }
    return nil
  }

  private func find(_ leaf: Leaf) throws(JSONFieldError) -> (model: Int, patch: Int)? {
    let (id, digest) = (try leaf.body["model"].text(), try leaf.body["patch"].digest())
    guard let model = models.firstIndex(where: { $0.id == id }),
      let patch = models[model].applied.firstIndex(where: { $0.patch == digest })
    else { return nil }
    return (model, patch)
  }
}

extension LedgerState.Model {
  /// Why an intent to take a patch back does not follow; nil where it does.
  ///
  /// Taking back the last patch of an undisturbed chain leads to the root before it. Any other rollback leads to a
  /// root of its own, which the intent accounts for by the files that change.
  func problemOfRollback(_ intent: LedgerState.Intent) -> String? {
    guard let index = applied.firstIndex(where: { $0.patch == intent.patch }) else {
      return "the patch is not applied"
    }
    let patch = applied[index]
    if let destroyed = patch.destroyed { return "its undo key was destroyed by leaf \(destroyed)" }
    guard patch.capsule == intent.capsule else { return "undo names another capsule" }
    if index == applied.count - 1, patch.after == head {
      return intent.after == patch.before
        ? nil : "taking it back leads to \(patch.before), not to \(intent.after)"
    }
    return intent.changed.isEmpty ? "it does not say which files change" : nil
  }
}
