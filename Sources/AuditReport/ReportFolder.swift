import Attestation
public import Ledger
public import Storage
import StrictJSON

/// The report as a folder of files that a stranger can check.
public struct ReportFolder: Sendable {
  let files: [(name: String, bytes: [UInt8])]

  /// Renders the report.
  public init(_ evidence: ReportEvidence) throws(LedgerError) {
    let audit = try Audit(evidence)
    var files: [(name: String, bytes: [UInt8])] = [
      ("report.json", try Self.encode(audit.json)),
      ("report.html", ReportPage.render(audit)),
      ("report.md", ReportText.render(audit)),
      ("requests.csv", Array(audit.requestTable.utf8)),
      ("entries.jsonl", Array(evidence.leaves.map { $0.bytes + [0x0A] }.joined())),
      ("checkpoint", Array(evidence.head.encoded.utf8)),
      ("keys/log.vkey", Array((evidence.verifierKey + "\n").utf8)),
      ("VERIFY.md", Array(Self.instructions(evidence).utf8)),
    ]
    files += evidence.handoverProofs()
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
}
