public import Storage

/// Whom a verifier trusts, and for what: the only source of trust.
///
/// Lines of C2SP tlog-policy (`log`, `witness`, `group`, `quorum`), and besides
/// `signer <name> <pub.pem> [roles=…] [not-before=…] [not-after=…]` and `require <n> <role>`.
public struct TrustFile: Sendable {
  /// What a signer may vouch for.
  public enum Role: String, CaseIterable, Hashable, Sendable {
    /// Patches.
    case artifact
    /// Models.
    case model
    /// Reports.
    case report
  }

  /// One trusted signer.
  public struct Signer: Hashable, Sendable {
    /// The name, for people.
    public var name: String
    /// The key.
    public var key: PublicKey
    /// What the signer may vouch for.
    public var roles: Set<Role>
    /// Before this moment the key does not count.
    public var notBefore: Timestamp?
    /// After this moment the key does not count.
    public var notAfter: Timestamp?
  }

  /// One trusted key of a log; a log that has changed its key has several.
  public struct Log: Hashable, Sendable {
    /// The key; its name is the origin.
    public var key: VerifierKey
    /// Where the log is served, where that is said.
    public var url: String?
    /// The last leaf that a head signed with this key may cover; nil for a key in use.
    public var lastIndex: Int?

    /// Whether the key may sign a head of that many leaves.
    public func maySign(treeSize: Int) -> Bool {
      lastIndex.map { treeSize - 1 <= $0 } ?? true
    }
  }

  /// The keys of logs that are trusted, with what limits them.
  public internal(set) var logKeys: [Log] = []
  /// The signers that are trusted.
  public internal(set) var signers: [Signer] = []
  /// How many distinct signers a role asks for; 1 where nothing is said.
  public internal(set) var required: [Role: Int] = [:]
  /// Which witnesses must have cosigned a head.
  public internal(set) var witnesses = WitnessPolicy()

  /// The logs that are trusted, by their keys.
  public var logs: [VerifierKey] { logKeys.map(\.key) }

  /// The trusted key that has signed a head of a log.
  ///
  /// - Throws: Where no trusted key of that origin has, one's line is false, or the key's time was over.
  public func logKey(signing note: SignedNote) throws(AttestationError) -> Log {
    let head = try LogCheckpoint(parsing: note.text)
    let known = logKeys.filter { ByteString($0.key.name) == ByteString(head.origin) }
    guard !known.isEmpty else {
      throw AttestationError(
        .malformed("the trust file names no log \(ByteString(head.origin))"))
    }
    var outside: Log?
    for log in known {
      switch note.verification(by: log.key) {
      case .absent: continue
      case .refused(let why): throw AttestationError(.malformed(why))
      case .signed:
        if log.maySign(treeSize: head.treeSize) { return log }
        outside = log
      }
    }
    if let last = outside?.lastIndex {
      throw AttestationError(
        .malformed(
          "the head of \(head.treeSize) leaves is signed with a key that counts up to leaf \(last)")
      )
    }
    throw AttestationError(
      .malformed("the head is not signed by a trusted key of \(ByteString(head.origin))"))
  }

  /// The verdict on the signatures of a bundle.
  public enum Verdict: Hashable, Sendable {
    /// Enough trusted signers have signed; their names.
    case trusted([String])
    /// No trusted signer has; the key hints that the signatures name.
    case unknownSigner(hints: [String])
    /// A signature that names a trusted key is not that key's.
    case invalid(String)
    /// A trusted signer has signed outside the time in which its key counts.
    case outsideWindow(String)
    /// A trusted signer has signed with a key that had been revoked.
    case revoked(String)
    /// Too few distinct trusted signers.
    case belowThreshold(have: [String], need: Int)
  }

  /// What a signature lacks that too few have made, in words.
  public static func shortfall(have: [String], need: Int) -> String {
    "\(need) distinct trusted signers are required, \(have.count) have signed: \(have.joined(separator: ", "))"
  }

  /// Judges the signatures of an envelope, each on its own; keys are counted, not signatures.
  ///
  /// - Parameter revoked: Keys that don't count whatever the file says.
  public func verdict(
    on envelope: DSSEEnvelope, role: Role, at time: Timestamp, revoked: Set<Digest> = []
  ) -> Verdict {
    let message = envelope.signedBytes
    var counted: Set<Signer> = []
    var outside: String?
    var withdrawn: String?
    var invalid: String?
    for signature in envelope.signatures {
      guard
        let signer = signers.first(where: {
          $0.key.verify(signature: signature.bytes, message: message)
        })
      else {
        if let named = signers.first(where: { $0.key.keyID.hex == signature.keyID }) {
          invalid = "the signature that names \(named.name)'s key is not that key's"
        }
        continue
      }
      guard signer.roles.contains(role) else { continue }
      if revoked.contains(signer.key.keyID) {
        withdrawn = signer.name
        continue
      }
      let early = signer.notBefore.map { time < $0 } ?? false
      let late = signer.notAfter.map { time > $0 } ?? false
      if early || late { outside = signer.name } else { counted.insert(signer) }
    }
    let names = counted.map(\.name).sorted { ByteString($0) < ByteString($1) }
    let need = required[role] ?? 1
    if names.count >= need { return .trusted(names) }
    if let invalid { return .invalid(invalid) }
    if let withdrawn { return .revoked(withdrawn) }
    if !names.isEmpty { return .belowThreshold(have: names, need: need) }
    if let outside { return .outsideWindow(outside) }
    return .unknownSigner(hints: envelope.signatures.map(\.keyID))
  }
}
