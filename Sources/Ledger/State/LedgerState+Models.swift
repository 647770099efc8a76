public import Storage
import StrictJSON

extension LedgerState {
  /// One state of a model.
  public struct Step: Sendable {
    /// The root of the model from here on.
    public let root: Digest
    /// The leaf that says so.
    public let leaf: Int
    /// When it was appended.
    public let time: Timestamp
    /// What was done: a leaf type.
    public let event: String
    /// The patch, where one was applied or taken back.
    public let patch: Digest?
    /// The files that changed, where the root is neither base nor result of the patch's statement.
    public internal(set) var changed: [ChangedFile] = []
    /// Whether the patch was taken back.
    public internal(set) var takesBack = false

    /// The step to a root that a leaf tells of.
    init(
      to root: Digest, by leaf: Leaf, patch: Digest? = nil, changed: [ChangedFile] = [],
      takesBack: Bool = false
    ) {
      self.root = root
      self.leaf = leaf.sequence
      time = leaf.time
      event = leaf.typeName
      self.patch = patch
      self.changed = changed
      self.takesBack = takesBack
    }
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
    public internal(set) var steps: [Step]
    /// What has begun and not ended.
    public internal(set) var openIntent: Intent?
    /// Patches that are applied and not taken back; each knows its neighbours in the order of applying.
    var applications: [Digest: Applied] = [:]
    /// The one that was applied last.
    var lastApplied: Digest?

    /// The root that the model has now.
    public var head: Digest { steps[steps.count - 1].root }

    /// Patches that are applied and not taken back, in order.
    ///
    /// - Complexity: O(how many there are).
    public var applied: [Applied] {
      var list: [Applied] = []
      var next = lastApplied
      while let patch = next, let applied = applications[patch] {
        list.append(applied)
        next = applied.previous
      }
      return list.reversed()
    }
  }

  /// Where a model is; nil where it is not known.
  func place(ofModel id: String) throws(LeafRefusal) -> Int? {
    if let place = models.place(id) { return place }
    try demand(.model(id))
    return nil
  }

  /// Where the model is that a leaf names; refused where it is not known.
  func modelPlace(_ fields: LeafFields) throws(LeafRefusal) -> Int {
    guard let place = try place(ofModel: try fields.identity("model")) else {
      throw refuse("the model is not known")
    }
    return place
  }

  mutating func takeModel(_ fields: LeafFields, _ leaf: Leaf) throws(LeafRefusal) {
    let id = try fields.identity("model")
    guard try place(ofModel: id) == nil else { throw refuse("the model is known already") }
    let parent = try fields.identityIfPresent("parent")
    if let parent, !hasGaps, try place(ofModel: parent) == nil {
      throw refuse("its parent is not known")
    }
    models.append(
      Model(
        id: id, family: try fields.text("family"), parent: parent,
        steps: [Step(to: try fields.digest("root"), by: leaf)]), key: id)
  }

  /// A patched copy: the model is new, and was the parent's state before.
  mutating func takeCopy(_ fields: LeafFields, _ leaf: Leaf) throws(LeafRefusal) {
    let place = try modelPlace(fields)
    let (before, after) = (try fields.digest("base"), try fields.digest("root"))
    guard models.elements[place].head == before || hasGaps else {
      throw refuse("the model is at \(models.elements[place].head), not at \(before)")
    }
    let id = try fields.identityIfPresent("request")
    let request = try requestPlace(id)
    try checkOpen(request)
    let patch = try fields.digest("patch")
    let kept = try bundle(fields, of: patch, request: id)
    models.elements[place].steps.append(Step(to: after, by: leaf, patch: patch))
    keep(kept, leaf: fields.sequence)
    note(fields.sequence, request)
    if let request { requests.elements[request].status = .applied }
  }
}

extension LedgerState.Model: SubjectRow {
  /// Of the states only the last.
  func write(to row: inout RowText) {
    row.add("family", family)
    if let last = steps.last {
      row.key("head")
      row.object { last.write(to: &$0) }
    }
    if let openIntent {
      row.key("intent")
      row.object { openIntent.write(to: &$0) }
    }
    row.add("last_applied", lastApplied)
    row.add("parent", parent)
  }

  init(id: String, row: JSONField) throws(JSONFieldError) {
    self.init(
      id: id, family: try row["family"].text(), parent: try row["parent"].optional?.text(),
      steps: [try LedgerState.Step(row: row["head"])],
      openIntent: try row["intent"].optional.map { field throws(JSONFieldError) in
        try LedgerState.Intent(row: field)
      }, lastApplied: try row["last_applied"].optional?.digest())
  }
}

extension LedgerState.Step {
  /// The last step of a chain; which files changed is not needed again.
  fileprivate func write(to row: inout RowText) {
    row.add("event", event)
    row.add("leaf", leaf)
    row.add("patch", patch)
    row.add("root", root)
    row.add("time", time)
  }

  fileprivate init(row: JSONField) throws(JSONFieldError) {
    root = try row["root"].digest()
    leaf = try row["leaf"].count()
    time = try row["time"].time()
    event = try row["event"].text()
    patch = try row["patch"].optional?.digest()
  }
}
