public import Attestation
public import Ledger
public import Storage
import StrictJSON

/// The report as a folder of files that a stranger can check.
public struct ReportFolder: Sendable {
  private let files: [(name: String, bytes: [UInt8])]

  /// Renders the report.
  public init(_ evidence: ReportEvidence) throws(LedgerError) {
    let audit = try Audit(evidence)
    var files: [(name: String, bytes: [UInt8])] = [
      ("report.json", try Self.encode(audit.json)),
      ("report.html", ReportPage.render(audit)),
      ("requests.csv", Array(audit.requestTable.utf8)),
      ("entries.jsonl", Array(evidence.leaves.map { $0.bytes + [0x0A] }.joined())),
      ("checkpoint", Array(evidence.head.encoded.utf8)),
      ("keys/log.vkey", Array((evidence.verifierKey + "\n").utf8)),
      ("VERIFY.md", Array(Self.instructions.utf8)),
    ]
    for (digest, bytes) in evidence.bundles.sorted(by: { $0.key < $1.key }) {
      files.append(("bundles/\(digest.hex).sigstore.json", bytes))
    }
    files += evidence.receipts()
    let sums = files.sorted { ByteString($0.name) < ByteString($1.name) }
      .map { "\(SHA256.digest(of: $0.bytes).hex)  \($0.name)\n" }.joined()
    files.append(("SHA256SUMS", Array(sums.utf8)))
    self.files = files
  }

  private static func encode(_ value: JSONValue) throws(LedgerError) -> [UInt8] {
    do throws(CanonicalJSON.EncodingError) { return try CanonicalJSON.encodeForPeople(value) } catch
    {
      throw LedgerError(.inconsistent("the report holds a number that JSON can't keep: \(error)"))
    }
  }

  /// Writes the folder, which appears whole or not at all; gives the digest of its list of sums.
  public func write(to path: String) throws(StorageError) -> Digest {
    if try FileStatus.ifExists(path) != nil { throw StorageError(.exists, path: path) }
    let hidden = Paths.hiddenSibling(of: path)
    do throws(StorageError) {
      for file in files {
        let full = Paths.join(hidden, file.name)
        try Folder.create(Paths.parent(of: full))
        try AtomicFile.write(file.bytes.rawSpan, to: full)
      }
      try Folder.publish(hidden, as: path)
    } catch {
      if try FileStatus.ifExists(hidden) != nil { try Folder.removeTree(hidden) }
      throw error
    }
    return SHA256.digest(of: files[files.count - 1].bytes)
  }

  private static let instructions = """
    # Checking this report by hand

    1. The files are those that were written: `sha256sum -c SHA256SUMS`
    2. A bundle is the one that the log names: its file name is its sha256, and `entries.jsonl` has it as
       `"bundle"` of the `patch.intent` and `patch.applied` entries.
    3. A bundle is signed by its signer, whose public key you have from elsewhere (SIGNER.pub.pem):

           B=bundles/DIGEST.sigstore.json
           sed 's/.*"payload":"\\([^"]*\\)".*/\\1/' $B | base64 -d > payload
           sed 's/.*"sig":"\\([^"]*\\)".*/\\1/' $B | base64 -d > signature
           { printf 'DSSEv1 28 application/vnd.in-toto+json %s ' $(wc -c < payload); cat payload; } > signed
           openssl dgst -sha256 -verify SIGNER.pub.pem -signature signature signed

       `payload` is the statement: base, result, what is touched, how it was made.
    4. The log is the one that was signed: the third line of `checkpoint` is the root of the Merkle tree
       (RFC 6962) over the lines of `entries.jsonl` without their line breaks, and the fifth line is the
       Ed25519 signature over the first three lines by the key in `keys/log.vkey`. Compare that key with
       one that you have from elsewhere: a key in this folder proves nothing by itself.

           head -n 3 checkpoint > head
           sed -n 5p checkpoint | cut -d' ' -f3 | base64 -d | tail -c 64 > head.signature
           { printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; cut -d+ -f3- keys/log.vkey | base64 -d | tail -c 32; } > log.der
           openssl pkey -pubin -inform DER -in log.der -out log.pem
           openssl pkeyutl -verify -pubin -inkey log.pem -rawin -in head -sigfile head.signature

    5. `proofs/N.tlog-proof` shows that entry N is in the signed log (c2sp.org/tlog-proof), apart from the others.
       `unlearn-patch ledger verify-proof proofs/N.tlog-proof --entry ENTRY --trust TRUSTFILE` checks it.
    6. `report.json`, `report.html` and `requests.csv` follow from these files alone:
       `unlearn-patch verify FOLDER --trust TRUSTFILE` makes them again and compares.
    7. `SHA256SUMS.sig` and `SHA256SUMS.minisig`, where they are there, are plain signatures of the ledger's key,
       for `ssh-keygen -Y verify` and `minisign -Vm`, with a public key that you have from elsewhere.

    """

  /// Checks a report's folder: its sums, its log, its bundles, and that the report follows from them.
  public static func verify(_ path: String, trust: TrustFile?) throws -> [Finding] {
    var findings: [Finding] = []
    func check(_ step: String, _ detail: String, _ body: () throws -> String?) {
      do {
        let problem = try body()
        findings.append(Finding(step, problem == nil ? .passed : .failed, problem ?? detail))
      } catch { findings.append(Finding(step, .failed, "\(error)")) }
    }
    func read(_ name: String) throws(StorageError) -> [UInt8] {
      try Folder.read(Paths.join(path, name), limit: 1 << 28)
    }
    check("files", "every file has the sum that SHA256SUMS gives, and there are no others") {
      try problemOfSums(path, try read("SHA256SUMS"))
    }
    var evidence: ReportEvidence?
    check("entries", "every entry follows from those before it") {
      let parsed = try gather(path, read)
      evidence = parsed
      return nil
    }
    guard let evidence else { return findings }
    let vkey = try VerifierKey(evidence.verifierKey)
    check("checkpoint", "the signed head is the root of the entries") {
      let head = try LogCheckpoint(parsing: evidence.head.text)
      guard evidence.head.isSigned(by: vkey) else {
        return "the head is not signed by keys/log.vkey"
      }
      guard head.origin == evidence.state.origin, head.treeSize == evidence.leaves.count,
        head.root == evidence.tree.root
      else { return "the head is not that of the entries" }
      return nil
    }
    if let trust, trust.logs.contains(vkey) {
      findings.append(Finding("trusted log", .passed, "the trust file names this log's key"))
      check("log key", "the trust file lets the key sign a log of this length") {
        _ = try trust.logKey(signing: evidence.head)
        return nil
      }
      let judgement = trust.witnesses.judge(evidence.head)
      if let finding = Finding.ofWitnesses(judgement, trust.witnesses) { findings.append(finding) }
    } else {
      findings.append(
        Finding("trusted log", .missing, "no trust file names this log's key: \(vkey.encoded)"))
    }
    for digest in try ReportEvidence.bundleDigests(evidence.leaves).sorted() {
      let step = "bundle \(digest.hex.prefix(12))"
      guard let bytes = evidence.bundles[digest] else {
        findings.append(Finding(step, .missing, "bundles/\(digest.hex).sigstore.json is not there"))
        continue
      }
      let bundle = try SigstoreBundle(parsing: bytes)
      let use = try evidence.firstUse(of: digest)
      switch trust?.verdict(
        on: bundle.envelope, role: .artifact, at: use.time, revoked: use.revoked)
      {
      case .trusted(let names):
        findings.append(Finding(step, .passed, "signed by \(names.joined(separator: ", "))"))
      case nil, .unknownSigner:
        findings.append(Finding(step, .missing, "no trust file names its signer"))
      case .some(let other): findings.append(Finding(step, .failed, "\(other)"))
      }
    }
    check("report", "report.json, report.html and requests.csv follow from the entries and bundles")
    {
      let again = try ReportFolder(evidence)
      for file in again.files where file.name != "SHA256SUMS" {
        let name = file.name
        guard try read(name) == file.bytes else {
          return "\(name) is not what follows from the entries and bundles"
        }
      }
      return nil
    }
    return findings
  }

  private static func problemOfSums(_ path: String, _ sums: [UInt8]) throws(StorageError)
    -> String?
  {
    var expected: [String: String] = [:]
    for line in String(decoding: sums, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1).map { String($0) }
      guard parts.count == 2 else { return "SHA256SUMS has a line that is none: \(line)" }
      expected[String(parts[1].drop { $0 == " " })] = parts[0]
    }
    let apart = ["SHA256SUMS", "SHA256SUMS.sig", "SHA256SUMS.minisig"]
    for entry in try Folder.files(below: path) where !apart.contains(entry.name) {
      let found = try SHA256.digest(ofFile: Paths.join(path, entry.name)).hex
      guard let sum = expected.removeValue(forKey: entry.name) else {
        return "\(entry.name) is not in SHA256SUMS"
      }
      if sum != found { return "\(entry.name): expected sha256 \(sum), found \(found)" }
    }
    if let missing = expected.keys.sorted().first { return "\(missing) is missing" }
    return nil
  }

  private static func gather(
    _ path: String, _ read: (String) throws(StorageError) -> [UInt8]
  ) throws -> ReportEvidence {
    var leaves: [Leaf] = []
    var lines = try read("entries.jsonl").split(
      separator: 0x0A, omittingEmptySubsequences: false)
    guard lines.popLast()?.isEmpty ?? false else {
      throw LedgerError(.inconsistent("entries.jsonl does not end with a line break"))
    }
    for line in lines {
      leaves.append(try Leaf(parsing: Array(line), sequence: leaves.count))
    }
    var bundles: [Digest: [UInt8]] = [:]
    for digest in try ReportEvidence.bundleDigests(leaves) {
      let name = "bundles/\(digest.hex).sigstore.json"
      guard try FileStatus.ifExists(Paths.join(path, name)) != nil else { continue }
      let bytes = try read(name)
      guard SHA256.digest(of: bytes) == digest else {
        throw LedgerError(.inconsistent("\(name) is not what its name says"))
      }
      bundles[digest] = bytes
    }
    let asOf = try JSONDocument.read(try read("report.json"), byteLimit: 1 << 28) {
      (root) throws(JSONFieldError) in
      guard let time = Timestamp(try root["asOf"].text()) else {
        throw JSONFieldError("$.asOf", expected: "a time")
      }
      return time
    }
    let vkey = String(decoding: try read("keys/log.vkey").prefix { $0 != 0x0A }, as: UTF8.self)
    return try ReportEvidence(
      leaves: leaves, head: try SignedNote(parsing: try read("checkpoint")), verifierKey: vkey,
      bundles: bundles, asOf: asOf)
  }
}
