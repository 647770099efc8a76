import ArgumentParser
import Claims
import Attestation
import Ledger
import ModelSigning
import Patching
import Provenance
import Storage
import StrictJSON

struct Sign: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Signs a patch, or adds a signature to one, or a model; seals a patch for recipients.",
    discussion: """
      Of a model's folder every file is hashed and the OpenSSF Model Signing signature MODEL/model.sig written, which
      `verify` and `model_signing verify` read.

      Writes PATCH.sigstore.json: a Sigstore bundle with the statement in a DSSE envelope. With --encrypt-to
      also PATCH.sealed, which only the recipients can open: who has a base and a patch can tell what was erased.
      The bundle beside it is not sealed; it names what is touched and holds no values. Without --key a patch
      that is signed is sealed only.
      Examples: unlearn-patch sign a.patch.safetensors --key officer.key.pem
                unlearn-patch sign bert --key officer.key.pem
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
  @OptionGroup var model: ModelSigningOptions
  @Argument(help: "The patch, or the model's folder.", completion: .file())
  var path: String

  func validate() throws {
    if key == nil && encryptTo.isEmpty {
      throw ValidationError("name the key that signs with --key, or recipients with --encrypt-to")
    }
  }

  func run() throws {
    try common.run { surroundings in
      if try FileStatus.ifExists(path)?.kind == .directory { return try signModel(surroundings) }
      guard model.isEmpty else {
        throw ProvenanceError(
          .usage,
          "\(path): --signature, --ignore-path, --claims and the certificates are for a model's folder"
        )
      }
      let recipients = try encryptTo.map { try PublicKey(path: $0) }
      let sealed = SealedPatch.path(of: path)
      if !recipients.isEmpty, try FileStatus.ifExists(sealed) != nil {
        throw StorageError(.exists, path: sealed)
      }
      var answer = Console.Answer("sign", [:], [])
      if let key { try sign(with: key, &answer, surroundings) }
      if !recipients.isEmpty {
        answer.fields["sealed"] = .text(try SealedPatch.seal(path, for: recipients))
        answer.fields["recipients"] = .array(recipients.map { .text($0.keyID.hex) })
        answer.lines.append("sealed  \(sealed)")
        answer.lines += recipients.map { "for     \($0.keyID)" }
      }
      return answer
    }
  }

  private func privateKey(_ keyPath: String) throws -> PrivateKey {
    try PrivateKey(path: keyPath, passphrase: try passphraseFile.map { try Passphrase.read($0) })
  }

  private func signModel(_ surroundings: Surroundings) throws -> Console.Answer {
    guard let key, encryptTo.isEmpty else {
      throw ProvenanceError(.usage, "\(path): a model is signed with --key, and never sealed")
    }
    guard try Artifact.kind(of: path) == .model else {
      throw ProvenanceError(.usage, "\(path): is a report, not a model")
    }
    let signer = try ModelSigner(key: try privateKey(key), chain: try model.chain())
    let workspace = model.claims ? try common.needWorkspace() : nil
    let thresholds = try model.thresholds.map { try ThresholdFile(path: $0) }
    // First, for it has more to refuse.
    let claims = try workspace?.renewClaims(path, by: signer, thresholds: thresholds, surroundings)
    let signed = try signer.sign(
      path, to: model.signature,
      ignoring: try model.ignorePath.map { try IgnoredPaths.relative($0, to: path) }, surroundings)
    let (files, keyID) = (signed.manifest.files.count, signer.publicKey.keyID)
    return Console.Answer(
      "sign-model",
      [
        "signature": .text(signed.path), "sha256": .text(signed.digest.hex),
        "key_id": .text(keyID.hex), "root": .text(signed.manifest.root.hex),
        "files": .integer(Int64(files)),
        "ignored": .array(signed.manifest.ignored.map { .text($0) }),
        "claims": claims.map { .text($0.path) },
        "test_result": claims?.result.map { .text($0.outcome.rawValue) },
      ],
      [
        "signature \(signed.path)", "key       \(keyID)", "root      \(signed.manifest.root)",
        "files     \(files)", "left out  \(signed.manifest.ignored.joined(separator: ", "))",
      ] + (claims.map { [Apply.line(of: $0)] } ?? []))
  }

  private func sign(
    with keyPath: String, _ answer: inout Console.Answer, _ surroundings: Surroundings
  ) throws {
    let key = try privateKey(keyPath)
    let keyID = key.publicKey.keyID
    let (bundle, statement, count) = try PatchMaking.sign(path, with: key)
    if let workspace = try common.findWorkspace(),
      statement.request == nil || statement.ledgerOrigin == workspace.verifierKey.name
    {
      // Kept: from here on the log names this bundle, also where the patch was applied under an earlier one.
      var attachments = LedgerStore.Attachments()
      let bytes = try Folder.read(SignedPatch.bundlePath(path), limit: SigstoreBundle.byteLimit)
      attachments.blobs = [(SigstoreBundle.mediaType, bytes)]
      try workspace.record(
        [
          Event(
            .patchSigned,
            [
              "patch": .text(statement.patchDigest.hex), "bundle": .text(bundle.hex),
              "key_id": .text(keyID.hex), "request": statement.request.map { .text($0) },
            ])
        ], attachments, in: try workspace.openLedger(.append), at: surroundings.now)
    }
    let bundlePath = SignedPatch.bundlePath(path)
    answer.fields["bundle"] = .text(bundlePath)
    answer.fields["sha256"] = .text(bundle.hex)
    answer.fields["key_id"] = .text(keyID.hex)
    answer.fields["signatures"] = .integer(Int64(count))
    answer.lines += ["bundle  \(bundlePath)", "key     \(keyID)", "signatures in it: \(count)"]
  }
}
