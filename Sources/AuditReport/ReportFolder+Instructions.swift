import Ledger
import Storage

/// `VERIFY.md`: what a person types to check the report with tools that are on any machine.
extension ReportFolder {
  static func instructions(_ evidence: ReportEvidence) -> String {
    let parts: [String]
    switch evidence.level {
    case .internal, .authority:
      parts = [sums, bundle, signer, entries + head, proof, follows, plain]
    case .dataSubject:
      parts = [sums, bundle, signer, someEntries + head, someProofs, follows, plain]
    case .public: parts = [sums, someEntries + head, someProofs, told, plain]
    }
    let steps = parts.enumerated().map { "\($0 + 1). \($1)\n" }.joined()
    return "# Checking this report by hand\n\n" + steps + "\n"
      + evidence.proofs.handovers.keys.sorted().map { handover($0) }.joined()
  }

  private static let sums = """
    The files are those that were written: `sha256sum -c SHA256SUMS`
    """

  private static let bundle = """
    A bundle is the one that the log names: its file name is its sha256, and `entries.jsonl` has it as
       `"bundle"` of the `patch.intent` and `patch.applied` entries.
    """

  private static let signer = """
    A bundle is signed by its signer, whose public key you have from elsewhere (SIGNER.pub.pem):

           B=bundles/DIGEST.sigstore.json
           sed 's/.*"payload":"\\([^"]*\\)".*/\\1/' $B | base64 -d > payload
           sed 's/.*"sig":"\\([^"]*\\)".*/\\1/' $B | base64 -d > signature
           { printf 'DSSEv1 28 application/vnd.in-toto+json %s ' $(wc -c < payload); cat payload; } > signed
           openssl dgst -sha256 -verify SIGNER.pub.pem -signature signature signed

       `payload` is the statement: base, result, what is touched, how it was made.
    """

  private static let entries = """
    The log is the one that was signed: the third line of `checkpoint` is the root of the Merkle tree
       (RFC 6962) over the lines of `entries.jsonl` without their line breaks, and the fifth line is the
       Ed25519 signature over the first three lines by the key in `keys/log.vkey`. Compare that key with
       one that you have from elsewhere: a key in this folder proves nothing by itself.


    """

  private static let someEntries = """
    The head of the log is the one that was signed: the third line of `checkpoint` is the root of the Merkle
       tree (RFC 6962) over all entries, of which `entries.jsonl` has those that are for you, and the fifth line
       is the Ed25519 signature over the first three lines by the key in `keys/log.vkey`. Compare that key with
       one that you have from elsewhere: a key in this folder proves nothing by itself.


    """

  private static let head = """
           head -n 3 checkpoint > head
           sed -n 5p checkpoint | cut -d' ' -f3 | base64 -d | tail -c 64 > head.signature
           { printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; cut -d+ -f3- keys/log.vkey | base64 -d | tail -c 32; } > log.der
           openssl pkey -pubin -inform DER -in log.der -out log.pem
           openssl pkeyutl -verify -pubin -inkey log.pem -rawin -in head -sigfile head.signature

    """

  private static let proof = """
    `proofs/N.tlog-proof` shows that entry N is in the signed log (c2sp.org/tlog-proof), apart from the others.
       `unlearn-patch ledger verify-proof proofs/N.tlog-proof --entry ENTRY --trust TRUSTFILE` checks it.
    """

  private static let someProofs = """
    Each entry says its place N as `"seq"`, and `proofs/N.tlog-proof` shows that it is in the signed log
       (c2sp.org/tlog-proof): `grep '"seq":N,' entries.jsonl | tr -d '\\n' > ENTRY`, then
       `unlearn-patch ledger verify-proof proofs/N.tlog-proof --entry ENTRY --trust TRUSTFILE` checks it.
    """

  private static let follows = """
    `report.json`, `report.html`, `report.md` and `requests.csv` follow from these files alone:
       `unlearn-patch verify FOLDER --trust TRUSTFILE` makes them again and compares.
    """

  private static let told = """
    What `report.json` tells of requests, patches and models is the word of who keeps the log. The sha256 of
       `SHA256SUMS` is in the log, as `"report"` of a `report.exported` entry: ask for that entry and its proof. That
       `report.html` and `report.md` say the same: `unlearn-patch verify FOLDER --trust TRUSTFILE`.
    """

  private static let plain = """
    `SHA256SUMS.sig` and `SHA256SUMS.minisig`, where they are there, are plain signatures of the ledger's key,
       for `ssh-keygen -Y verify` and `minisign -Vm`, with a public key that you have from elsewhere.
    """

  /// How to get from an older key of the log to the next.
  private static func handover(_ leaf: Int) -> String {
    let proof = ReportEvidence.handoverName(leaf)
    return """

      ## Entry \(leaf) hands the log over to another key

      If the key that you have from elsewhere is the older one, put its vkey into OLD. The head at the end of
      `\(proof)` is that of the first \(leaf + 1) entries; its fifth line is the older key's signature, its
      sixth the newer one's. The entry names the newer key, which has signed what comes after.

             OLD='NAME+ID+KEY'
             N=$(grep -n '^$' \(proof) | head -n 1 | cut -d: -f1)
             tail -n +$((N + 1)) \(proof) > handover
             head -n 3 handover > head
             sed -n 5p handover | cut -d' ' -f3 | base64 -d | tail -c 64 > head.signature
             { printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; echo "$OLD" | cut -d+ -f3- | base64 -d | tail -c 32; } > old.der
             openssl pkey -pubin -inform DER -in old.der -out old.pem
             openssl pkeyutl -verify -pubin -inkey old.pem -rawin -in head -sigfile head.signature
             grep '"seq":\(leaf),' entries.jsonl | grep -o '"key":"[^"]*"'

      `unlearn-patch ledger verify-proof` checks that the entry is in that head.

      """
  }
}
