import ArgumentParser
import Attestation
import Ledger
import Patching
import Provenance
import Storage
import StrictJSON

struct Sign: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Signs a patch, or adds a signature to one.",
    discussion: """
      Writes PATCH.sigstore.json: a Sigstore bundle with the statement in a DSSE envelope.
      Example: unlearn-patch sign a.patch.safetensors --key officer.key.pem
      """)
  @OptionGroup var common: CommonOptions
  @Option(name: .long, help: "The private key.", completion: .file(extensions: ["pem"]))
  var key: String
  @Option(name: .long, help: "A file whose first line is the passphrase.", completion: .file())
  var passphraseFile: String?
  @Argument(help: "The patch.", completion: .file(extensions: ["safetensors"]))
  var patch: String

  func run() throws {
    try common.run { surroundings in
      let passphrase = try passphraseFile.map { try Passphrase.read($0) }
      let key = try PrivateKey(path: key, passphrase: passphrase)
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
      let path = SignedPatch.bundlePath(patch)
      return Console.Answer(
        "sign",
        [
          "bundle": .text(path), "sha256": .text(bundle.hex), "key_id": .text(keyID.hex),
          "signatures": .integer(Int64(count)),
        ],
        ["bundle  \(path)", "key     \(keyID)", "signatures in it: \(count)"])
    }
  }
}
