import Attestation
public import Ledger
public import Storage

/// The key that signs the log, and its handover to another.
///
/// Which key signs is what the log says, so a handover has happened when its leaf is appended, and not before. The new
/// private key is on the disk by then, under a name of its own; what comes after can be done by whoever appends next.
extension Workspace {
  /// Where a private key of the log lies until it takes the place of the one before.
  private func nextKeyPath(_ key: PublicKey) -> String {
    Paths.join(path, "\(Self.nextKeyPrefix)\(key.keyID.hex)\(Self.keyEnding)")
  }

  private static let nextKeyPrefix = "ledger-"
  private static let keyEnding = ".key.pem"

  /// The keys that sign the log, from the first to the present one.
  public func ledgerKeys() throws(ProvenanceError) -> LogKeys {
    let store = try openLedger(.read)
    return try ledger { () throws(LedgerError) in try store.keys() }
  }

  /// Reads the key that signs the log's next head, and ends a handover that was interrupted.
  func ledgerKey(of store: LedgerStore) throws(ProvenanceError) -> PrivateKey {
    var keys = try ledger { () throws(LedgerError) in try store.keys() }
    while true {
      try endHandover(keys)
      do throws(ProvenanceError) { return try ledgerKey(keys) } catch {
        // Another process may have handed the log over meanwhile.
        let now = try ledger { () throws(LedgerError) in try store.keys() }
        if now == keys { throw error }
        keys = now
      }
    }
  }

  private func ledgerKey(_ keys: LogKeys) throws(ProvenanceError) -> PrivateKey {
    let key = try attesting { () throws(AttestationError) in try PrivateKey(path: keyPath) }
    guard key.publicKey == keys.present.publicKey else {
      throw ProvenanceError(
        .invalid, "\(keyPath): the key is not that of the ledger \(keys.first.name)",
        hint: "restore the key that belongs to the ledger, \(keys.present.encoded)")
    }
    return key
  }

  /// Hands the log over to a new key, and destroys the private half of the former one.
  ///
  /// - Returns: The leaf, and the keys that the log has now.
  public func handOverLog(at time: Timestamp) throws(ProvenanceError) -> (leaf: Leaf, keys: LogKeys)
  {
    let folder = try storing { () throws(StorageError) in try Descriptor(path, .directory) }
    try storing { () throws(StorageError) in try folder.lock() }
    defer { extendLifetime(folder) }
    let store = try openLedger(.append)
    let old = try ledgerKey(of: store)
    try checkCanEnd()
    let new = try attesting { () throws(AttestationError) in try PrivateKey.generate(.ed25519) }
    let (pem, place) = (new.pem(), nextKeyPath(new.publicKey))
    try storing { () throws(StorageError) in
      try AtomicFile.write(pem.rawSpan, to: place, mode: 0o600)
    }
    let leaf = try ledger { () throws(LedgerError) in
      try store.handOver(from: old, to: new, at: time)
    }
    let keys = try ledger { () throws(LedgerError) in try store.keys() }
    try endHandover(keys)
    try removeUnusedKeys()
    return (leaf, keys)
  }

  /// Refuses a handover that could not be brought to its end, before it begins.
  private func checkCanEnd() throws(ProvenanceError) {
    // Not through a link: what is destroyed is the file that lies here.
    let status = try storing { () throws(StorageError) in try FileStatus(ofLink: keyPath) }
    guard status.kind == .regular else {
      throw ProvenanceError(
        .state, "\(keyPath): not a regular file, so it can't be destroyed once the log has another",
        hint: "put the private key itself there")
    }
    try storing { () throws(StorageError) in _ = try Descriptor(keyPath, .update) }
    if try hasTrustFile() { _ = try trust() }
  }

  private func hasTrustFile() throws(ProvenanceError) -> Bool {
    try storing { () throws(StorageError) in try FileStatus.ifExists(trustPath) } != nil
  }

  /// Ends a handover whose leaf is in the log: the trust file, then the private key.
  ///
  /// Every step can be repeated, and two processes can be at it at once.
  private func endHandover(_ keys: LogKeys) throws(ProvenanceError) {
    let place = nextKeyPath(keys.present.publicKey)
    guard let last = keys.handovers.last,
      try storing({ () throws(StorageError) in try FileStatus.ifExists(place) }) != nil
    else { return }
    let signers = keys.signers(treeSize: last.leaf + 1)
    if try hasTrustFile() {
      try rewriteTrust {
        Self.endTime(of: signers[0], at: last.leaf, successor: keys.present, in: &$0)
      }
    }
    do throws(StorageError) {
      let pem = try Folder.read(place, limit: 1 << 16)
      try Self.destroyKey(keyPath, unlessItIs: pem)
      try Folder.replace(keyPath, with: place)
    } catch {
      // The file has its name already: another process was here.
      if !error.isNotFound { throw ProvenanceError(error) }
    }
  }

  /// Overwrites a private key, which by then signs nothing any more.
  private static func destroyKey(_ path: String, unlessItIs pem: [UInt8]) throws(StorageError) {
    guard try FileStatus.ifExists(path) != nil else { return }
    // Through one descriptor: another file that takes the name meanwhile is not touched.
    let file = try Descriptor(path, .update)
    let count = try file.status().byteCount
    guard count <= 1 << 16 else {
      throw StorageError(.tooLarge(limit: 1 << 16, found: count), path: path)
    }
    var bytes = [UInt8](repeating: 0, count: count)
    try file.readExactly(into: &bytes, count: count, at: 0)
    if bytes == pem { return }
    let nothing = [UInt8](repeating: 0, count: count)
    try file.write(nothing.rawSpan, at: 0)
    try file.synchronize()
  }

  /// Writes up to which leaf a key of the log may sign into its line, and adds the line of the next key.
  ///
  /// A limit that stands there stays. Where no line names the key, nothing is added: the file trusts no one by it.
  private static func endTime(
    of key: VerifierKey, at leaf: Int, successor: VerifierKey, in lines: inout [String]
  ) {
    let limit = "not-after-index="
    func words(_ line: String) -> [String] {
      line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map { String($0) }
    }
    func names(_ key: VerifierKey, _ line: String) -> Bool {
      let words = words(line)
      return words.count >= 2 && words[0] == "log"
        && ByteString(words[1]) == ByteString(key.encoded)
    }
    guard let place = lines.firstIndex(where: { names(key, $0) }) else { return }
    let old = words(lines[place])
    if !old.contains(where: { $0.hasPrefix(limit) }) {
      lines[place] = (old + ["\(limit)\(leaf)"]).joined(separator: " ")
    }
    if !lines.contains(where: { names(successor, $0) }) {
      let url = old.dropFirst(2).filter { !$0.hasPrefix(limit) }
      lines.insert((["log", successor.encoded] + url).joined(separator: " "), at: place + 1)
    }
  }

  /// Removes private keys of handovers that never happened, also such as were not written to their end.
  ///
  /// Under the lock that a handover holds, and after an append that has found the log to be as it was last seen.
  private func removeUnusedKeys() throws(ProvenanceError) {
    try storing { () throws(StorageError) in
      for name in try Folder.names(in: path)
      where (name.hasPrefix(Self.nextKeyPrefix) && name.hasSuffix(Self.keyEnding))
        || (name.hasPrefix(".\(Self.nextKeyPrefix)") && name.hasSuffix(".partial"))
      {
        try Folder.remove(Paths.join(path, name))
      }
    }
  }
}
