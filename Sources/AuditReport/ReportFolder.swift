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
}
