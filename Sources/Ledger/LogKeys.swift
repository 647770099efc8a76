public import Attestation
import Storage
import StrictJSON

/// The keys that sign a log's heads, one after the other.
///
/// A log begins with one key. A leaf `key.rotated` of the role `ledger` hands it over to the next: the head that ends
/// with this leaf is signed by both keys, every later one by the new key alone. So whoever knows one key of a log
/// learns the later ones from the log itself, each from a root that the key before it has signed.
public struct LogKeys: Hashable, Sendable {
  /// A leaf by which a key hands the log over to another.
  public struct Handover: Hashable, Sendable {
    /// The leaf, the last that the key before may sign.
    public let leaf: Int
    /// The key that signs from there on.
    public let key: VerifierKey
  }

  /// The key with which the log begins; its name is the origin.
  public let first: VerifierKey
  /// The handovers, in order.
  public private(set) var handovers: [Handover] = []

  /// Starts with one key.
  public init(first: VerifierKey) { self.first = first }

  /// Whether a leaf hands the log over to another key.
  public static func isHandover(_ leaf: Leaf) -> Bool {
    leaf.type == .keyRotated && leaf.body["role"].value == .text(LedgerState.logRole)
  }

  /// The key that signs the next head.
  public var present: VerifierKey { handovers.last?.key ?? first }

  /// All keys, in order.
  public var all: [VerifierKey] { [first] + handovers.map(\.key) }

  /// The keys that sign a head of so many leaves: one, or both of a handover where the head ends with its leaf.
  public func signers(treeSize: Int) -> [VerifierKey] {
    guard let place = handovers.lastIndex(where: { $0.leaf < treeSize }) else { return [first] }
    let key = handovers[place].key
    guard handovers[place].leaf == treeSize - 1 else { return [key] }
    return [place == 0 ? first : handovers[place - 1].key, key]
  }

  /// The last leaf that a key may sign; nil for the present key, and for one that is none of the log.
  public func lastLeaf(of key: VerifierKey) -> Int? {
    all.firstIndex(of: key).flatMap { handovers.indices.contains($0) ? handovers[$0].leaf : nil }
  }

  /// Reads a head of the log.
  ///
  /// - Throws: Where the note is no head, is of another log, or lacks a signature of a key of its size.
  public func head(_ note: SignedNote) throws(AttestationError) -> LogCheckpoint {
    let head = try LogCheckpoint(parsing: note.text)
    guard ByteString(head.origin) == ByteString(first.name) else {
      throw AttestationError(
        .malformed("a head of the log \(ByteString(head.origin)), expected \(first.name)"))
    }
    if let problem = problem(of: note, treeSize: head.treeSize) {
      throw AttestationError(.malformed("the head of \(head.treeSize) leaves \(problem)"))
    }
    return head
  }

  /// Why the signatures of a head of so many leaves are not those that it needs, in words that follow "the head"; nil
  /// where they are.
  func problem(of note: SignedNote, treeSize: Int) -> String? {
    let signers = signers(treeSize: treeSize)
    for key in signers {
      switch note.verification(by: key) {
      case .signed: continue
      case .refused(let why): return "is not signed by the key of \(first.name): \(why)"
      case .absent:
        if signers.count > 1 {
          let which = key == signers[0] ? "the key before it" : "the key that it names"
          return
            "ends with leaf \(treeSize - 1), which hands the log over to another key, and \(which) has not signed it"
        }
        return absence(of: key, note)
      }
    }
    return nil
  }

  /// Who has signed a head in the place of its key, in words.
  private func absence(of key: VerifierKey, _ note: SignedNote) -> String {
    let all = all
    let expected = all.firstIndex(of: key) ?? 0
    guard let found = all.firstIndex(where: { note.isSigned(by: $0) }) else {
      return "is not signed by the key of \(first.name), \(key.encoded)"
    }
    return found < expected
      ? "is signed with a former key of the log, which leaf \(handovers[found].leaf) has replaced"
      : "is signed with a key that the log has only since leaf \(handovers[found - 1].leaf)"
  }

  /// How many signatures of others, of witnesses as a rule, a note has.
  public func cosignatureCount(_ note: SignedNote) -> Int {
    note.lines.count { ByteString($0.name) != ByteString(first.name) }
  }

  /// Takes the leaf of a handover.
  mutating func take(_ fields: LeafFields) throws(LeafRefusal) {
    guard fields.sequence > handovers.last?.leaf ?? 0 else {
      throw refuse("it is not after the handover before it")
    }
    let (old, new) = (try fields.digest("old"), try fields.digest("new"))
    let known = present.publicKey.keyID
    guard old == known else {
      throw refuse("it replaces the log's key \(old), the present one is \(known)")
    }
    let key: VerifierKey
    let text = try fields.text("key")
    do throws(AttestationError) { key = try VerifierKey(text) } catch {
      throw refuse("key: \(error)")
    }
    guard key.type == .ed25519, ByteString(key.name) == ByteString(first.name) else {
      throw refuse("key is not one that signs heads of \(first.name)")
    }
    guard key.publicKey.keyID == new else {
      throw refuse("key is another than new says, \(new)")
    }
    guard !all.contains(key) else { throw refuse("the new key has been the log's already") }
    handovers.append(Handover(leaf: fields.sequence, key: key))
  }
}
