public import Attestation
public import Ledger
public import Storage
import StrictJSON

/// Whom the workspace trusts: each change is a leaf, and a line of the trust file.
///
/// Trust is given in the file first and taken in the log first, so that an interruption between the two never leaves a
/// key trusted that should not be.
extension Workspace {
  /// Trusts a signer: copies the public key into the workspace, adds the line, records the leaf.
  public func addSigner(
    name: String, key: PublicKey, roles: [TrustFile.Role], at time: Timestamp
  ) throws(ProvenanceError) {
    try checkSigner(name: name, key: key)
    let store = try openLedger(.append)
    let state = try ledger { () throws(LedgerError) in try store.state() }
    if let from = state.revokedKeys(at: .max)[key.keyID] {
      throw ProvenanceError(
        .state, "this key does not count since leaf \(from), and can't be trusted again",
        hint: "make a new one with `unlearn-patch keygen --role artifact`")
    }
    try keepKey(key)
    try rewriteTrust { $0.append(Self.line(name, key, roles)) }
    try record([Self.addition(key, roles)], in: store, at: time)
  }

  private func checkSigner(name: String, key: PublicKey) throws(ProvenanceError) {
    guard !name.isEmpty, name.utf8.count <= 64,
      name.utf8.allSatisfy({ byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
          || (0x61...0x7A).contains(byte) || "._-".utf8.contains(byte)
      })
    else {
      throw ProvenanceError(
        .usage, "\"\(name)\" can't be a signer's name: letters, digits, '.', '_' and '-' can")
    }
    guard key.algorithm != .ed25519 else {
      throw ProvenanceError(
        .usage, "an Ed25519 key is for ledgers; signers of artifacts have ECDSA keys",
        hint: "make one with `unlearn-patch keygen --role artifact`")
    }
    if let known = try trust().signers.first(where: { $0.key == key || $0.name == name }) {
      throw ProvenanceError(.state, "\(known.name) is trusted already with this name or key")
    }
  }

  private static func line(_ name: String, _ key: PublicKey, _ roles: [TrustFile.Role]) -> String {
    "signer \(name) \(file(key)) roles=\(roles.map(\.rawValue).joined(separator: ","))"
  }

  private static func file(_ key: PublicKey) -> String { "\(key.keyID.hex).pub.pem" }

  private static func addition(_ key: PublicKey, _ roles: [TrustFile.Role]) -> Event {
    Event(
      .keyAdded,
      [
        "key_id": .text(key.keyID.hex), "roles": .array(roles.map { .text($0.rawValue) }),
      ])
  }

  private func keepKey(_ key: PublicKey) throws(ProvenanceError) {
    try storing { () throws(StorageError) in
      try AtomicFile.write(key.pem.rawSpan, to: Paths.join(path, Self.file(key)), replacing: true)
    }
  }

  /// Takes trust from a signer: the leaf says from where on its signatures don't count, the trust file ends its time.
  ///
  /// - Parameter from: The first leaf at which it does not count; the new leaf's own where it is nil.
  /// - Returns: The leaf.
  public func revokeSigner(
    name: String, for reason: LedgerState.RevocationReason, from: Int?, at time: Timestamp
  ) throws(ProvenanceError) -> Leaf {
    let signer = try signer(named: name)
    let store = try openLedger(.append)
    try noteKey(of: signer, in: store, at: time)
    let leaves = try record(
      [
        Event(
          .keyRevoked,
          [
            "key_id": .text(signer.key.keyID.hex), "reason": .text(reason.rawValue),
            "from": from.map { .integer(Int64($0)) },
          ])
      ], in: store, at: time)
    try rewriteTrust { Self.endTime(of: name, at: time, in: &$0) }
    return leaves[0]
  }

  /// Gives a signer another key: what was signed with the old one before still counts.
  ///
  /// - Returns: The leaf.
  public func rotateSigner(name: String, to key: PublicKey, newName: String, at time: Timestamp)
    throws(ProvenanceError) -> Leaf
  {
    let signer = try signer(named: name)
    try checkSigner(name: newName, key: key)
    let store = try openLedger(.append)
    try noteKey(of: signer, in: store, at: time)
    let leaves = try record(
      [
        Event(
          .keyRotated,
          ["old": .text(signer.key.keyID.hex), "new": .text(key.keyID.hex)])
      ], in: store, at: time)
    try keepKey(key)
    try rewriteTrust { lines in
      Self.endTime(of: name, at: time, in: &lines)
      lines.append(Self.line(newName, key, signer.roles.sorted { $0.rawValue < $1.rawValue }))
    }
    return leaves[0]
  }

  private func signer(named name: String) throws(ProvenanceError) -> TrustFile.Signer {
    guard let signer = try trust().signers.first(where: { $0.name == name }) else {
      throw ProvenanceError(
        .usage, "the trust file names no signer \"\(name)\"",
        hint: "`unlearn-patch trust list` shows whom it names")
    }
    return signer
  }

  /// A signer that was written into the trust file by hand gets its leaf now.
  private func noteKey(of signer: TrustFile.Signer, in store: LedgerStore, at time: Timestamp)
    throws(ProvenanceError)
  {
    let state = try ledger { () throws(LedgerError) in try store.state() }
    guard !state.keys.contains(where: { $0.id == signer.key.keyID }) else { return }
    try record(
      [Self.addition(signer.key, signer.roles.sorted { $0.rawValue < $1.rawValue })], in: store,
      at: time)
  }

  /// Writes `not-after` into a signer's line.
  private static func endTime(of name: String, at time: Timestamp, in lines: inout [String]) {
    for index in lines.indices {
      var words = lines[index].split(whereSeparator: { $0 == " " || $0 == "\t" }).map { String($0) }
      guard words.count >= 3, words[0] == "signer", words[1] == name else { continue }
      words.removeAll { $0.hasPrefix("not-after=") }
      lines[index] = (words + ["not-after=\(time)"]).joined(separator: " ")
    }
  }

  /// Changes the lines of the trust file.
  func rewriteTrust(_ change: (inout [String]) -> Void) throws(ProvenanceError) {
    let old = try storing { () throws(StorageError) in try Folder.read(trustPath, limit: 1 << 20) }
    var lines = String(decoding: old, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    if lines.last == "" { lines.removeLast() }
    change(&lines)
    let text = Array((lines.joined(separator: "\n") + "\n").utf8)
    try storing { () throws(StorageError) in
      try AtomicFile.write(text.rawSpan, to: trustPath, replacing: true)
    }
  }
}
