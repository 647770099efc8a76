public import Attestation
public import Ledger
import Storage
import StrictJSON

extension ReportFolder {
  private static let sumsName = "SHA256SUMS"

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
      try problemOfSums(path, try read(sumsName))
    }
    var gathered: GatheredReport?
    check("entries", "every entry follows from those before it") {
      gathered = try GatheredReport(read) { (name) throws(StorageError) in
        try FileStatus.ifExists(Paths.join(path, name)) != nil
      }
      return nil
    }
    guard let gathered else { return findings }
    let evidence = gathered.evidence
    var key: VerifierKey?
    check("log key file", "keys/log.vkey is the key of a log") {
      key = try VerifierKey(evidence.verifierKey)
      return nil
    }
    guard let vkey = key else { return findings }
    let keys = evidence.state.logKeys ?? LogKeys(first: vkey)
    check(
      "checkpoint",
      evidence.hasGaps
        ? "by its proof each entry is in the signed head"
        : "the signed head is the root of the entries"
    ) {
      let head = try keys.head(evidence.head)
      guard keys.signers(treeSize: head.treeSize)[0] == vkey else {
        return "the head is not signed by keys/log.vkey"
      }
      if evidence.hasGaps { return evidence.problemOfProofs(head) }
      let tree = ReportEvidence.Tree(evidence.leaves)
      return head.treeSize == tree.count && head.root == tree.root
        ? nil : "the head is not that of the entries"
    }
    for handover in keys.handovers {
      let leaf = handover.leaf
      check("handover \(leaf)", "both keys have signed the head of the first \(leaf + 1) entries") {
        guard let proof = evidence.proofs.handovers[leaf] else {
          return "\(ReportEvidence.handoverName(leaf)) is not there"
        }
        let head = try keys.head(proof.checkpoint)
        let isTheirs =
          head.treeSize == leaf + 1
          && MerkleTree.verifyInclusion(
            leaf: evidence.leaf(leaf)?.hash ?? MerkleTree.emptyRoot, index: leaf,
            size: head.treeSize, proof: proof.hashes, root: head.root)
        return isTheirs
          ? nil : "the head in \(ReportEvidence.handoverName(leaf)) is not that of the entries"
      }
    }
    let told = evidence.state.witnessedHeads
    if !told.isEmpty, !evidence.hasGaps {
      check(
        "witnessed heads",
        "every head that an entry says was cosigned is a beginning of the log; by whom is not in this folder"
      ) {
        let tree = ReportEvidence.Tree(evidence.leaves)
        return told.first { tree.root(ofFirst: $0.size) != $0.root }.map {
          "entry \($0.leaf) tells of a head of \($0.size) entries that is not theirs"
        }
      }
    }
    // A signature may be younger than the report, by a key that the log had only later.
    let named = trust?.logs.filter { ByteString($0.name) == ByteString(vkey.name) } ?? []
    let signers = ([vkey, keys.present] + named).map(\.publicKey)
    for (ending, isSignature) in Self.plainSignatures
    where try FileStatus.ifExists(Paths.join(path, sumsName + ending)) != nil {
      check("signature \(sumsName)\(ending)", "is the log key's over \(sumsName)") {
        let text = try read(sumsName + ending)
        return try signers.contains { try isSignature(text, Paths.join(path, sumsName), $0) }
          ? nil : "is not the log key's over \(sumsName)"
      }
    }
    if let trust {
      let found = keys.findings(trust.logKeys, treeSize: evidence.treeSize)
      findings += found
      if found.allSatisfy({ $0.outcome == .passed }),
        let finding = Finding.ofWitnesses(trust.witnesses.judge(evidence.head), trust.witnesses)
      {
        findings.append(finding)
      }
    } else {
      findings.append(
        Finding(
          "trusted log", .untrusted,
          "integrity only, signer unknown: no trust file names this log's key: \(vkey.encoded)"))
    }
    for digest in try ReportEvidence.bundleDigests(evidence.leaves).sorted() {
      let step = "bundle \(digest.hex.prefix(12))"
      if evidence.withheldBundles.contains(digest) {
        findings.append(
          Finding(
            step, .missing,
            "it names what is not for a reader of the level \(evidence.level.rawValue), and was left out"
          ))
        continue
      }
      guard let bytes = evidence.bundles[digest] else {
        findings.append(Finding(step, .missing, "bundles/\(digest.hex).sigstore.json is not there"))
        continue
      }
      findings.append(try judge(bytes, try evidence.firstUse(of: digest), trust, step))
    }
    findings += StatementComparison(evidence).findings
    check("report", gathered.claim) {
      let again = try ReportFolder(evidence, gathered.audit)
      let known = Set((again.files.map(\.name) + apartNames).map { ByteString($0) })
      if let stray = try Folder.files(below: path).first(where: {
        !known.contains(ByteString($0.name))
      }) {
        return "\(stray.name) is not part of a report on these entries"
      }
      for file in again.files where file.name != sumsName {
        let name = file.name
        guard try read(name) == file.bytes else {
          return "\(name) is not what follows from \(gathered.source)"
        }
      }
      return gathered.audit.contradiction
    }
    if let finding = gathered.audit.withheld { findings.append(finding) }
    return findings
  }

  private static func judge(
    _ bytes: [UInt8], _ use: (time: Timestamp, revoked: Set<Digest>), _ trust: TrustFile?,
    _ step: String
  ) throws -> Finding {
    let bundle: SigstoreBundle
    do throws(AttestationError) { bundle = try SigstoreBundle(parsing: bytes) } catch {
      return Finding(step, .failed, error.description)
    }
    switch trust?.verdict(on: bundle.envelope, role: .artifact, at: use.time, revoked: use.revoked)
    {
    case .trusted(let names):
      return Finding(step, .passed, "signed by \(names.joined(separator: ", "))")
    case nil:
      return Finding(step, .untrusted, "integrity only, signer unknown: there is no trust file")
    case .unknownSigner:
      return Finding(step, .untrusted, "signed by no one whom the trust file names")
    case .belowThreshold(let have, let need):
      return Finding(
        step, .untrusted,
        TrustFile.shortfall(have: have, need: need)
      )
    case .outsideWindow(let name):
      return Finding(
        step, .failed, "signed by \(name), whose key did not count when the patch was used")
    case .revoked(let name):
      return Finding(
        step, .failed, "signed by \(name) with a key that did not count any more when it was used")
    case .invalid(let what): return Finding(step, .failed, what)
    }
  }

  /// Signatures over the list of sums for standard tools: what is put behind its name, and the check.
  private static let plainSignatures:
    [(
      ending: String,
      check: @Sendable (_ text: [UInt8], _ file: String, _ key: PublicKey) throws -> Bool
    )] = [
      (
        ".sig",
        { try SSHSignature.isSignature($0, sha512: try Hash512.sha512.digest(ofFile: $1), by: $2) }
      ),
      (
        ".minisig",
        { try Minisign.isSignature($0, blake2b: try Hash512.blake2b.digest(ofFile: $1), by: $2) }
      ),
    ]

  /// What the list of sums does not name.
  private static let apartNames = [sumsName] + plainSignatures.map { sumsName + $0.ending }

  private static func problemOfSums(_ path: String, _ sums: [UInt8]) throws(StorageError)
    -> String?
  {
    var expected: [String: String] = [:]
    guard sums.last == 0x0A else { return "SHA256SUMS does not end with a line break" }
    let text = String(decoding: sums.dropLast(), as: UTF8.self)
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let parts = line.split(separator: " ", maxSplits: 1).map { String($0) }
      guard parts.count == 2 else { return "SHA256SUMS has a line that is none: \(line)" }
      // As sha256sum writes it: the sum, two spaces, the name, each file once.
      guard parts[1].hasPrefix(" "),
        expected.updateValue(parts[0], forKey: String(parts[1].dropFirst())) == nil
      else { return "SHA256SUMS has a line that is none, or a file twice: \(line)" }
    }
    for entry in try Folder.files(below: path) where !apartNames.contains(entry.name) {
      let found = try SHA256.digest(ofFile: Paths.join(path, entry.name)).hex
      guard let sum = expected.removeValue(forKey: entry.name) else {
        return "\(entry.name) is not in SHA256SUMS"
      }
      if sum != found { return "\(entry.name): expected sha256 \(sum), found \(found)" }
    }
    if let missing = expected.keys.sorted().first { return "\(missing) is missing" }
    return nil
  }
}
