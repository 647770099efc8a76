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
    /// The patch that was applied before it, of those not taken back.
    var previous: Digest?
    /// The patch that was applied after it, of those not taken back.
    var next: Digest?

    init(_ intent: Intent, leaf: Int) {
      patch = intent.patch
      capsule = intent.capsule
      request = intent.request
      before = intent.before
      after = intent.after
      undoUntil = intent.undoUntil
      self.leaf = leaf
    }

    /// Takes note that the undo key is gone.
    mutating func noteDestruction(of key: Digest, _ leaf: Int) {
      destroyed = leaf
      keyDigest = key
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

  /// The undo key of an applied patch is gone.
  mutating func takeDestruction(_ fields: LeafFields) throws(LeafRefusal) {
    let (model, applied) = try appliedPatch(fields)
    if models.elements[model].openIntent != nil {
      throw refuse("an operation on this model has not ended")
    }
    guard try fields.text("undo") == applied.capsule else {
      throw refuse("undo names another capsule")
    }
    if applied.destroyed != nil { throw refuse("the key is destroyed already") }
    let key = try fields.digest("key")
    let request = try requestPlace(applied.request)
    models.elements[model].applications[applied.patch]?.noteDestruction(of: key, fields.sequence)
    note(fields.sequence, request)
  }

  /// The search for what is left of an undo key has found nothing.
  mutating func takeFinality(_ fields: LeafFields) throws(LeafRefusal) {
    let (model, applied) = try appliedPatch(fields)
    guard applied.destroyed != nil else { throw refuse("the undo key has not been destroyed") }
    if applied.final != nil { throw refuse("the patch is final already") }
    let request = try requestPlace(applied.request)
    models.elements[model].applications[applied.patch]?.final = fields.sequence
    note(fields.sequence, request)
    guard let request else { return }
    requests.elements[request].reversibleCount -= 1
    if requests.elements[request].status == .applied,
      requests.elements[request].reversibleCount == 0
    {
      requests.elements[request].status = .final
    }
  }

  /// The model and the applied patch that a leaf names.
  private func appliedPatch(_ fields: LeafFields) throws(LeafRefusal) -> (Int, Applied) {
    let digest = try fields.digest("patch")
    guard let model = try place(ofModel: try fields.identity("model")),
      let applied = try applied(digest, to: model)
    else { throw refuse("the patch is not applied to the model") }
    return (model, applied)
  }
}

extension LedgerState.Applied: SubjectRow {
  func write(to row: inout RowText) {
    row.add("base", before)
    row.add("destroyed", destroyed)
    row.add("final", final)
    row.add("key", keyDigest)
    row.add("leaf", leaf)
    row.add("next", next)
    row.add("previous", previous)
    row.add("request", request)
    row.add("result", after)
    row.add("undo", capsule)
    row.add("undo_until", undoUntil)
  }

  init(id: Digest, row: JSONField) throws(JSONFieldError) {
    patch = id
    capsule = try row["undo"].text()
    request = try row["request"].optional?.text()
    before = try row["base"].digest()
    after = try row["result"].digest()
    leaf = try row["leaf"].count()
    undoUntil = try row["undo_until"].optional?.time()
    destroyed = try row["destroyed"].optional?.count()
    keyDigest = try row["key"].optional?.digest()
    final = try row["final"].optional?.count()
    previous = try row["previous"].optional?.digest()
    next = try row["next"].optional?.digest()
  }
}
