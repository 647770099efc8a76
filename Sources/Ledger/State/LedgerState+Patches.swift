public import Storage
import StrictJSON

extension LedgerState {
  /// A patch.
  public struct Patch: Sendable {
    /// The digest of the patch file.
    public let digest: Digest
    /// The method that made it.
    public internal(set) var method: String?
    /// The request that it answers.
    public internal(set) var request: String?
    /// The digest of the signed bundle.
    public internal(set) var bundle: Digest?
    /// Leaves that concern it.
    public internal(set) var leaves: [Int] = []
  }

  /// Where a patch is; nil where it is not known.
  func place(ofPatch digest: Digest) throws(LeafRefusal) -> Int? {
    if let place = patches.place(digest) { return place }
    try demand(.patch(digest))
    return nil
  }

  mutating func takePatch(_ fields: LeafFields) throws(LeafRefusal) {
    let digest = try fields.digest("patch")
    let id = try fields.identityIfPresent("request")
    let request = try requestPlace(id)
    let method = try fields.textIfPresent("method")
    let bundle = try fields.digestIfPresent("bundle")
    let place =
      try place(ofPatch: digest) ?? patches.append(Patch(digest: digest), key: digest)
    patches.elements[place].leaves.append(fields.sequence)
    if let id { patches.elements[place].request = id }
    if let method { patches.elements[place].method = method }
    if let bundle { patches.elements[place].bundle = bundle }
    note(fields.sequence, request)
  }

  mutating func takeMetrics(_ fields: LeafFields) throws(LeafRefusal) {
    guard let place = try place(ofPatch: try fields.digest("patch")) else {
      throw refuse("the patch is not known")
    }
    let request = try requestPlace(patches.elements[place].request)
    // Measured when the patch was made, which its statement tells, or later, which an evaluation's record tells.
    if fields.isPresent("evaluation") {
      _ = try fields.digest("evaluation")
      _ = try fields.digest("model")
      _ = try fields.digestIfPresent("policy")
      let verdict: EvaluationVerdict? = try fields.termIfPresent("verdict")
      if (verdict != nil) != fields.isPresent("policy") {
        throw refuse("a verdict and the policy that gave it go together")
      }
    } else {
      _ = try fields.digest("statement")
    }
    try fields.requireIntegers("millionths", inEachOf: "values")
    patches.elements[place].leaves.append(fields.sequence)
    note(fields.sequence, request)
  }

  /// What keeping the bundle of a used patch takes: read before anything is changed.
  struct KeptBundle {
    let patch: Digest
    let bundle: Digest
    let request: String?
    let place: Int?
  }

  /// Reads the bundle that a leaf names, if it names one.
  func bundle(_ fields: LeafFields, of patch: Digest, request: String?) throws(LeafRefusal)
    -> KeptBundle?
  {
    guard let bundle = try fields.digestIfPresent("bundle") else { return nil }
    return KeptBundle(
      patch: patch, bundle: bundle, request: request, place: try place(ofPatch: patch))
  }

  /// A patch that was signed elsewhere is known from its first use here.
  mutating func keep(_ kept: KeptBundle?, leaf: Int) {
    guard let kept else { return }
    if let place = kept.place {
      patches.elements[place].bundle = kept.bundle
      patches.elements[place].leaves.append(leaf)
    } else {
      patches.append(
        Patch(digest: kept.patch, request: kept.request, bundle: kept.bundle, leaves: [leaf]),
        key: kept.patch)
    }
  }
}

extension LedgerState.Patch: SubjectRow {
  func write(to row: inout RowText) {
    row.add("bundle", bundle)
    row.add("method", method)
    row.add("request", request)
  }

  init(id: Digest, row: JSONField) throws(JSONFieldError) {
    self.init(
      digest: id, method: try row["method"].optional?.text(),
      request: try row["request"].optional?.text(), bundle: try row["bundle"].optional?.digest())
  }
}
