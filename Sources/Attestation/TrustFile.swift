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

  /// The logs that are trusted.
  public private(set) var logs: [VerifierKey] = []
  /// The signers that are trusted.
  public private(set) var signers: [Signer] = []
  /// How many distinct signers a role asks for; 1 where nothing is said.
  public private(set) var required: [Role: Int] = [:]

  /// Reads a trust file; key files are relative to its folder.
  public init(path: String) throws(AttestationError) {
    let bytes = try storing { () throws(StorageError) in try Folder.read(path, limit: 1 << 20) }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw AttestationError(.malformed("the trust file is not UTF-8"), path: path)
    }
    var number = 0
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      let words = line.prefix { $0 != "#" }.split(whereSeparator: { $0 == " " || $0 == "\t" })
        .map { String($0) }
      if words.isEmpty { continue }
      do throws(AttestationError) {
        try read(words, folder: Paths.parent(of: path))
      } catch {
        throw AttestationError(.trustFile(line: number, error.description), path: path)
      }
    }
  }

  private mutating func read(_ words: [String], folder: String) throws(AttestationError) {
    func fail(_ what: String) -> AttestationError { AttestationError(.malformed(what)) }
    switch words[0] {
    case "log":
      guard words.count == 2 else { throw fail("expected: log <vkey>") }
      logs.append(try VerifierKey(words[1]))
    case "witness", "group", "quorum":
      throw fail("'\(words[0])' lines are not supported by this version: it asks no witness")
    case "require":
      guard words.count == 3, let count = Int(words[1]), (1...64).contains(count),
        let role = Role(rawValue: words[2])
      else { throw fail("expected: require <n> artifact|model|report") }
      required[role] = count
    case "signer":
      guard words.count >= 3 else { throw fail("expected: signer <name> <pub.pem> [options]") }
      let path = words[2].hasPrefix("/") ? words[2] : Paths.join(folder, words[2])
      var signer = Signer(
        name: words[1], key: try PublicKey(path: path), roles: Set(Role.allCases))
      guard signer.key.algorithm != .ed25519 else {
        throw fail("a signer's key is ECDSA; Ed25519 keys are for logs")
      }
      for option in words.dropFirst(3) { try Self.apply(option, to: &signer) }
      guard !signers.contains(where: { $0.key == signer.key || $0.name == signer.name }) else {
        throw fail("this name or key is given twice: \(signer.name)")
      }
      signers.append(signer)
    default: throw fail("unknown line '\(words[0])'")
    }
  }

  private static func apply(_ option: String, to signer: inout Signer) throws(AttestationError) {
    let parts = option.split(separator: "=", maxSplits: 1).map { String($0) }
    func fail() -> AttestationError {
      AttestationError(
        .malformed(
          "unknown option '\(option)': expected roles=artifact,model,report, not-before=DATE or not-after=DATE"
        ))
    }
    guard parts.count == 2 else { throw fail() }
    switch parts[0] {
    case "roles":
      var roles: Set<Role> = []
      for word in parts[1].split(separator: ",") {
        guard let role = Role(rawValue: String(word)) else { throw fail() }
        roles.insert(role)
      }
      signer.roles = roles
    case "not-before":
      guard let time = Timestamp(parts[1]) else { throw fail() }
      signer.notBefore = time
    case "not-after":
      guard let time = Timestamp(parts[1]) else { throw fail() }
      signer.notAfter = time
    default: throw fail()
    }
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
    /// Too few distinct trusted signers.
    case belowThreshold(have: [String], need: Int)
  }

  /// Judges the signatures of an envelope, each on its own; keys are counted, not signatures.
  public func verdict(on envelope: DSSEEnvelope, role: Role, at time: Timestamp) -> Verdict {
    let message = envelope.signedBytes
    var names: Set<String> = []
    var outside: String?
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
      let early = signer.notBefore.map { time < $0 } ?? false
      let late = signer.notAfter.map { time > $0 } ?? false
      if early || late {
        outside = signer.name
      } else {
        names.insert(signer.name)
      }
    }
    let need = required[role] ?? 1
    if names.count >= need { return .trusted(names.sorted()) }
    if let invalid { return .invalid(invalid) }
    if !names.isEmpty { return .belowThreshold(have: names.sorted(), need: need) }
    if let outside { return .outsideWindow(outside) }
    return .unknownSigner(hints: envelope.signatures.map(\.keyID))
  }
}
