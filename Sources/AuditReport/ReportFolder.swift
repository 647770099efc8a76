import Attestation
public import Ledger
public import Storage
import StrictJSON

/// The report as a folder of files that a stranger can check.
public struct ReportFolder: Sendable {
  let files: [(name: String, bytes: [UInt8])]

  /// How many bundles are not for the reader, of those whose patches are.
  public let withheldBundleCount: Int

  /// Renders the report for a reader.
  ///
  /// - Parameters:
  ///   - evidence: The whole evidence.
  ///   - request: The request whose person is the reader; nil at every other level than theirs.
  /// - Throws: `inconsistent` also where the identity of another's request would get into the folder.
  public init(_ evidence: ReportEvidence, for level: ReportLevel, request: String? = nil)
    throws(LedgerError)
  {
    let shown = try evidence.redacted(for: level, request: request)
    let audit = try level == .public ? Audit(evidence).published : Audit(shown)
    try self.init(shown, audit)
    guard shown.hasGaps else { return }
    // What is signed elsewhere may say anything.
    let others = Set(evidence.state.requests.map { Identities.bare($0.id) })
      .subtracting(request.map { [Identities.bare($0)] } ?? [])
    for file in files {
      guard let id = Identities(in: file.bytes).found.intersection(others).sorted().first else {
        continue
      }
      throw LedgerError(
        .inconsistent(
          "\(file.name) would name the request \(id), which is not for a reader of the level \(level.rawValue)"
        ))
    }
  }

  /// Renders what was left for the reader.
  init(_ evidence: ReportEvidence, _ audit: Audit) throws(LedgerError) {
    withheldBundleCount = audit.withheldBundles.count
    var files: [(name: String, bytes: [UInt8])] = [
      ("report.json", try Self.encode(audit.json)),
      ("report.html", ReportPage.render(audit)),
      ("report.md", ReportText.render(audit)),
      ("entries.jsonl", Array(evidence.leaves.map { $0.bytes + [0x0A] }.joined())),
      ("checkpoint", Array(evidence.head.encoded.utf8)),
      ("keys/log.vkey", Array((evidence.verifierKey + "\n").utf8)),
      ("VERIFY.md", Array(Self.instructions(evidence).utf8)),
    ]
    if audit.requestCounts == nil {
      files.append(("requests.csv", Array(audit.requestTable.utf8)))
    }
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
    try Folder.write(files, as: path)
    return SHA256.digest(of: files[files.count - 1].bytes)
  }
}
