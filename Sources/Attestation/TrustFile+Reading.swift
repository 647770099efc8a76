import Storage

extension TrustFile {
  /// The most `log`, `witness`, `group` or `signer` lines of a file, each; the specification asks for 32.
  static let lineLimit = 256

  /// Reads a trust file; key files are relative to its folder.
  public init(path: String) throws(AttestationError) {
    let bytes = try storing { () throws(StorageError) in try Folder.read(path, limit: 1 << 20) }
    var reader = TrustReader(folder: Paths.parent(of: path))
    var number = 0
    do throws(AttestationError) {
      for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
        number += 1
        try reader.read(line)
      }
      try reader.finish()
    } catch { throw AttestationError(.trustFile(line: number, error.description), path: path) }
    self = reader.trust
  }
}

/// Reads a trust file line by line; names and words are octets, as tlog-policy has them.
private struct TrustReader {
  private(set) var trust = TrustFile()
  private static let keyFileEnding = ".pub.pem"
  private let folder: String
  /// Names of witnesses and groups, which share one space.
  private var names: Set<ByteString> = []
  /// Names that a group has as a member; each counts in one place.
  private var members: Set<ByteString> = []
  private var hasQuorum = false
  private var hasRequirement: Set<TrustFile.Role> = []

  init(folder: String) { self.folder = folder }

  private func fail(_ what: String) -> AttestationError { AttestationError(.malformed(what)) }

  mutating func read(_ line: ArraySlice<UInt8>) throws(AttestationError) {
    if let octet = line.first(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }) {
      throw fail("a control character (byte \(octet))")
    }
    let words = line.split { $0 == 0x20 || $0 == 0x09 }.map { ByteString(bytes: Array($0)) }
    guard let kind = words.first, kind.bytes.first != UInt8(ascii: "#") else { return }
    switch kind {
    case "log": try readLog(words)
    case "witness": try readWitness(words)
    case "group": try readGroup(words)
    case "quorum": try readQuorum(words)
    case "require": try readRequirement(words)
    case "signer": try readSigner(words)
    default: throw fail("unknown line '\(kind)'")
    }
  }

  /// Says what only the whole file shows.
  func finish() throws(AttestationError) {
    if !hasQuorum && !names.isEmpty {
      throw fail("witnesses are named and no quorum: add `quorum NAME`, or `quorum none`")
    }
  }

  private func text(_ word: ByteString) throws(AttestationError) -> String {
    guard let text = String(validating: word.bytes, as: UTF8.self) else {
      throw fail("'\(word)' is not UTF-8")
    }
    return text
  }

  private func number(_ word: ByteString, in range: ClosedRange<Int>) -> Int? {
    DecimalText.integer(word.bytes).flatMap { range.contains($0) ? $0 : nil }
  }

  private func checkKey(_ key: VerifierKey) throws(AttestationError) {
    let raw = key.publicKey.rawEd25519
    let known = trust.logs + trust.witnesses.witnesses.map(\.key)
    guard !known.contains(where: { $0.publicKey.rawEd25519 == raw }) else {
      throw fail("the key of \(key.name) is given twice; each log and witness has its own")
    }
  }

  private func checkCount(_ count: Int, _ what: String) throws(AttestationError) {
    guard count < TrustFile.lineLimit else {
      throw fail("more than \(TrustFile.lineLimit) \(what)")
    }
  }

  private mutating func readLog(_ words: [ByteString]) throws(AttestationError) {
    let usage = "expected: log <vkey> [<url>] [not-after-index=N]"
    guard (2...4).contains(words.count) else { throw fail(usage) }
    try checkCount(trust.logKeys.count, "logs")
    var log = TrustFile.Log(key: try VerifierKey(try text(words[1])))
    try checkKey(log.key)
    for word in words.dropFirst(2) {
      let option = Array("not-after-index=".utf8)
      if word.bytes.starts(with: option) {
        let digits = ByteString(bytes: Array(word.bytes.dropFirst(option.count)))
        guard log.lastIndex == nil, let index = number(digits, in: 0...(Int.max - 1)) else {
          throw fail(usage)
        }
        log.lastIndex = index
      } else {
        guard log.url == nil, log.lastIndex == nil else { throw fail(usage) }
        log.url = try text(word)
      }
    }
    trust.logKeys.append(log)
  }

  private mutating func define(_ name: ByteString) throws(AttestationError) {
    guard name != "none" else { throw fail("'none' can't be the name of a witness or group") }
    guard names.insert(name).inserted else { throw fail("the name '\(name)' is given twice") }
  }

  private mutating func readWitness(_ words: [ByteString]) throws(AttestationError) {
    guard (3...4).contains(words.count) else {
      throw fail("expected: witness <name> <vkey> [<url>]")
    }
    try checkCount(trust.witnesses.witnesses.count, "witnesses")
    let key = try VerifierKey(try text(words[2]))
    guard key.type == .cosignature else {
      throw fail("a witness's vkey is of type 4 (cosignature); this one is a log's")
    }
    try checkKey(key)
    try define(words[1])
    let url = words.count == 4 ? try text(words[3]) : nil
    trust.witnesses.witnesses.append(
      WitnessPolicy.Witness(name: words[1], key: key, url: url))
  }

  private mutating func readGroup(_ words: [ByteString]) throws(AttestationError) {
    guard words.count >= 4 else { throw fail("expected: group <name> any|all|<n> <member>…") }
    try checkCount(trust.witnesses.groups.count, "groups")
    let listed = Array(words.dropFirst(3))
    for member in listed {
      guard names.contains(member) else {
        throw fail("'\(member)' is not the name of a witness or group above this line")
      }
      guard members.insert(member).inserted else {
        throw fail("'\(member)' is a member already; each counts in one place")
      }
    }
    let threshold: Int
    switch words[2] {
    case "any": threshold = 1
    case "all": threshold = listed.count
    default:
      guard let count = number(words[2], in: 1...listed.count) else {
        throw fail("a group needs any, all or 1 to \(listed.count) of its members")
      }
      threshold = count
    }
    try define(words[1])
    trust.witnesses.groups.append(
      WitnessPolicy.Group(name: words[1], threshold: threshold, members: listed))
  }

  private mutating func readQuorum(_ words: [ByteString]) throws(AttestationError) {
    guard words.count == 2 else { throw fail("expected: quorum <name>|none") }
    guard !hasQuorum else { throw fail("there is a quorum line already") }
    guard words[1] == "none" || names.contains(words[1]) else {
      throw fail("'\(words[1])' is not the name of a witness or group above this line")
    }
    hasQuorum = true
    trust.witnesses.quorum = words[1] == "none" ? nil : words[1]
  }

  private mutating func readRequirement(_ words: [ByteString]) throws(AttestationError) {
    guard words.count == 3, let count = number(words[1], in: 1...64),
      let role = TrustFile.Role(rawValue: try text(words[2]))
    else { throw fail("expected: require <n> artifact|model|report") }
    guard hasRequirement.insert(role).inserted else {
      throw fail("what \(role.rawValue)s require is said twice")
    }
    trust.required[role] = count
  }

  private mutating func readSigner(_ words: [ByteString]) throws(AttestationError) {
    guard words.count >= 3 else { throw fail("expected: signer <name> <pub.pem> [options]") }
    try checkCount(trust.signers.count, "signers")
    let file = try text(words[2])
    let path = file.hasPrefix("/") ? file : Paths.join(folder, file)
    var signer = TrustFile.Signer(
      name: try text(words[1]), key: try PublicKey(path: path),
      roles: Set(TrustFile.Role.allCases))
    guard signer.key.algorithm != .ed25519 else {
      throw fail("a signer's key is ECDSA; Ed25519 keys are for logs")
    }
    // `trust add` names a file by its key: one that was replaced does not stand for it.
    let name = Paths.name(of: file)
    if name.utf8.count == 64 + Self.keyFileEnding.utf8.count, name.hasSuffix(Self.keyFileEnding),
      let named = Digest(hex: String(name.dropLast(Self.keyFileEnding.utf8.count))),
      named != signer.key.keyID
    {
      throw fail(
        "\(file) holds another key than its name says, \(signer.key.keyID): it was replaced")
    }
    for option in words.dropFirst(3) { try apply(try text(option), to: &signer) }
    guard !trust.signers.contains(where: { $0.key == signer.key || $0.name == signer.name }) else {
      throw fail("this name or key is given twice: \(signer.name)")
    }
    trust.signers.append(signer)
  }

  private func apply(_ option: String, to signer: inout TrustFile.Signer)
    throws(AttestationError)
  {
    let parts = option.split(separator: "=", maxSplits: 1).map { String($0) }
    func refusal() -> AttestationError {
      fail(
        "unknown option '\(option)': expected roles=artifact,model,report, not-before=DATE or not-after=DATE"
      )
    }
    guard parts.count == 2 else { throw refusal() }
    switch parts[0] {
    case "roles":
      var roles: Set<TrustFile.Role> = []
      for word in parts[1].split(separator: ",") {
        guard let role = TrustFile.Role(rawValue: String(word)) else { throw refusal() }
        roles.insert(role)
      }
      signer.roles = roles
    case "not-before":
      guard let time = Timestamp(parts[1]) else { throw refusal() }
      signer.notBefore = time
    case "not-after":
      guard let time = Timestamp(parts[1]) else { throw refusal() }
      signer.notAfter = time
    default: throw refusal()
    }
  }
}
