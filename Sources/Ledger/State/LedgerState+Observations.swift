public import Storage
import StrictJSON

/// What leaves tell of the log and of models without changing them: that a head was cosigned, that a model was verified.
extension LedgerState {
  /// A head of the log that witnesses have cosigned, as a later leaf tells it.
  public struct WitnessedHead: Hashable, Sendable {
    /// The leaf that tells it.
    public let leaf: Int
    /// How many leaves the head has.
    public let size: Int
    /// Their root.
    public let root: Digest
    /// The digest of the cosigned note.
    public let note: Digest
    /// How many witnesses have cosigned it.
    public let witnessCount: Int
  }

  mutating func takeWitnessing(_ fields: LeafFields) throws(LeafRefusal) {
    let head = WitnessedHead(
      leaf: fields.sequence, size: try fields.integer("size"), root: try fields.digest("root"),
      note: try fields.digest("note"), witnessCount: try fields.integer("witnesses"))
    guard (1...fields.sequence).contains(head.size) else {
      throw refuse(
        "size is \(head.size), expected 1 to \(fields.sequence): a head before this leaf")
    }
    guard head.witnessCount > 0 else { throw refuse("no witness is told of") }
    witnessedHeads.append(head)
  }

  /// A model was held against the log; what passed equals the head of its chain.
  func takeVerification(_ fields: LeafFields, _ type: LeafType) throws(LeafRefusal) {
    let verdict: Verdict = try fields.term("verdict")
    guard (verdict == .valid) == (type == .verificationPassed) else {
      throw refuse("verdict is \(verdict.rawValue), the type says otherwise")
    }
    _ = try fields.digest("steps")
    let model = try fields.identityIfPresent("model")
    let root = try fields.digestIfPresent("root")
    var place: Int?
    if model != nil { place = try modelPlace(fields) }
    guard verdict == .valid else { return }
    guard let place, let root, models.elements[place].head == root else {
      throw refuse("what is valid has a model, and the root that it has now")
    }
  }
}
