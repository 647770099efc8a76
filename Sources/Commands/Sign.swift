import ArgumentParser
import Attestation
import Ledger
import Patching
import Provenance
import Storage
import StrictJSON

struct Sign: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Signs a patch, or adds a signature to one; seals it for recipients.",
    discussion: """
      Writes PATCH.sigstore.json: a Sigstore bundle with the statement in a DSSE envelope. With --encrypt-to
      also PATCH.sealed, which only the recipients can open: who has a base and a patch can tell what was erased.
      The bundle beside it is not sealed; it names what is touched and holds no values. Without --key a patch
      that is signed is sealed only.
      Example: unlearn-patch sign a.patch.safetensors --key officer.key.pem
      """)
  @OptionGroup var common: CommonOptions
  @Option(name: .long, help: "The private key.", completion: .file(extensions: ["pem"]))
  var key: String?
  @Option(
    name: .long, help: "Seal for the holder of this public key (repeatable).",
    completion: .file(extensions: ["pem"]))
  var encryptTo: [String] = []
  @Option(name: .long, help: "A file whose first line is the passphrase.", completion: .file())
  var passphraseFile: String?
  @Argument(help: "The patch.", completion: .file(extensions: ["safetensors"]))
  var patch: String

  func validate() throws {
    if key == nil && encryptTo.isEmpty {
      throw ValidationError("name the key that signs with --key, or recipients with --encrypt-to")
    }
  }

  func run() throws {
    try common.run { surroundings in
      let recipients = try encryptTo.map { try PublicKey(path: $0) }
      let sealed = SealedPatch.path(of: patch)
      if !recipients.isEmpty, try FileStatus.ifExists(sealed) != nil {
        throw StorageError(.exists, path: sealed)
      }
      var answer = Console.Answer("sign", [:], [])
      if let key { try sign(with: key, &answer, surroundings) }
      if !recipients.isEmpty {
        answer.fields["sealed"] = .text(try SealedPatch.seal(patch, for: recipients))
        answer.fields["recipients"] = .array(recipients.map { .text($0.keyID.hex) })
        answer.lines.append("sealed  \(sealed)")
        answer.lines += recipients.map { "for     \($0.keyID)" }
      }
      return answer
    }
  }

  private func sign(
    with path: String, _ answer: inout Console.Answer, _ surroundings: Surroundings
  ) throws {
    let passphrase = try passphraseFile.map { try Passphrase.read($0) }
    let key = try PrivateKey(path: path, passphrase: passphrase)
    let keyID = key.publicKey.keyID
    let (bundle, statement, count) = try PatchMaking.sign(patch, with: key)
    if let workspace = try common.findWorkspace(),
      statement.request == nil || statement.ledgerOrigin == workspace.verifierKey.name
    {
      try workspace.record(
        [
          Event(
            .patchSigned,
            [
              "patch": .text(statement.patchDigest.hex), "bundle": .text(bundle.hex),
              "key_id": .text(keyID.hex), "request": statement.request.map { .text($0) },
            ])
        ], in: try workspace.openLedger(.append), at: surroundings.now)
    }
    let bundlePath = SignedPatch.bundlePath(patch)
    answer.fields["bundle"] = .text(bundlePath)
    answer.fields["sha256"] = .text(bundle.hex)
    answer.fields["key_id"] = .text(keyID.hex)
    answer.fields["signatures"] = .integer(Int64(count))
    answer.lines += ["bundle  \(bundlePath)", "key     \(keyID)", "signatures in it: \(count)"]
  }
}
