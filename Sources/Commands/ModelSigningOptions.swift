import ArgumentParser
import Attestation
import Ledger
import ModelSigning
import Provenance
import Safetensors
import Storage

/// Options of the commands that change a signed model.
struct RenewalOptions: ParsableArguments {
  @Option(
    name: .long,
    help:
      "The private key that signs: model.sig where the model changes, or is signed for the first time, and the claims in claims.jsonl.",
    completion: .file(extensions: ["pem"]))
  var signKey: String?
  @Option(
    name: .long, help: "A file whose first line is the passphrase of --sign-key.",
    completion: .file())
  var signPassphraseFile: String?

  func validate() throws {
    if signPassphraseFile != nil && signKey == nil {
      throw ValidationError("--sign-passphrase-file is for the key that --sign-key names")
    }
  }

  /// Who signs the model as it is then.
  func signer() throws -> ModelSigner? {
    try signKey.map { path in
      try ModelSigner(
        key: try PrivateKey(
          path: path, passphrase: try signPassphraseFile.map { try Passphrase.read($0) }))
    }
  }
}

/// Options of signing a model; a patch has none of them.
struct ModelSigningOptions: ParsableArguments {
  @Option(
    name: .long, help: "For a model: where the signature is written (default: MODEL/model.sig).",
    completion: .file())
  var signature: String?
  @Option(
    name: .long,
    help:
      "For a model: leave this path out, with all below it; relative to the model's folder, or absolute (repeatable).",
    completion: .file())
  var ignorePath: [String] = []
  @Flag(
    name: .long,
    help: "For a model of the workspace's ledger: claim how it came to be, in MODEL/claims.jsonl.")
  var claims = false
  @Option(
    name: .long,
    help: "With --claims: a policy that the patch's recorded measurements are held against.",
    completion: .file(extensions: ["json"]))
  var thresholds: String?
  @Option(
    name: .long, help: "For a model: the certificate of the key, in PEM.",
    completion: .file(extensions: ["pem"]))
  var certificate: String?
  @Option(
    name: .long,
    help: "For a model: certificates that lead from --certificate towards a root (repeatable).",
    completion: .file(extensions: ["pem"]))
  var certificateChain: [String] = []

  func validate() throws {
    if certificate == nil && !certificateChain.isEmpty {
      throw ValidationError("name the certificate of the key itself with --certificate")
    }
    if thresholds != nil && !claims {
      throw ValidationError("--thresholds is for a claim: name --claims too")
    }
  }

  var isEmpty: Bool {
    signature == nil && ignorePath.isEmpty && certificate == nil && certificateChain.isEmpty
      && !claims
  }

  /// The certificates, the signer's first.
  func chain() throws -> [Certificate] {
    guard let certificate else { return [] }
    let leaf = try Certificate.read(path: certificate)
    guard leaf.count == 1 else {
      throw ProvenanceError(
        .invalid, "\(certificate): holds \(leaf.count) certificates, expected one")
    }
    return leaf + (try certificateChain.flatMap { try Certificate.read(path: $0) })
  }
}

/// Options of verifying a model by a signature alone, without a ledger.
struct SignatureOptions: ParsableArguments {
  @Option(
    name: .long,
    help: "Verify the model by this signature alone (default with the next two: MODEL/model.sig).",
    completion: .file())
  var signature: String?
  @Option(
    name: .long, help: "The public key of the model's signer.",
    completion: .file(extensions: ["pem"]))
  var publicKey: String?
  @Option(
    name: .long,
    help: "Root certificates in PEM to which the signer's must lead (repeatable).",
    completion: .file(extensions: ["pem"]))
  var certificateChain: [String] = []
  @Option(
    name: .long,
    help:
      "With a signature alone: leave this path out; relative to the model's folder, or absolute (repeatable).",
    completion: .file())
  var ignorePath: [String] = []
  @Flag(name: .long, help: "With a signature alone: let files be there that were not signed.")
  var ignoreUnsignedFiles = false
  @Flag(
    name: .long,
    help: "With a signature alone: refuse it also where it merely departs from the specification.")
  var strict = false

  func validate() throws {
    if publicKey != nil && !certificateChain.isEmpty {
      throw ValidationError("name either --public-key or --certificate-chain")
    }
  }

  /// Whether a signature alone is meant.
  var isGiven: Bool { signature != nil || publicKey != nil || !certificateChain.isEmpty }

  /// Whether there are options that only a signature alone has.
  var hasRules: Bool { !ignorePath.isEmpty || ignoreUnsignedFiles || strict }

  /// Where the signature over a model is.
  func path(for model: String) -> String {
    signature ?? Paths.join(model, Checkpoint.signatureName)
  }

  /// Verifies a model by the signature.
  func findings(_ model: String, trust: TrustFile?, _ surroundings: Surroundings) throws
    -> [Finding]
  {
    var rules = SignatureRules()
    rules.ignored = try ignorePath.map { try IgnoredPaths.relative($0, to: model) }
    rules.allowsUnsigned = ignoreUnsignedFiles
    rules.isStrict = strict
    let by: ModelTrust? =
      if let publicKey {
        .key(try PublicKey(path: publicKey))
      } else if !certificateChain.isEmpty {
        .roots(try CertificateRoots(paths: certificateChain))
      } else {
        trust.map { .file($0) }
      }
    return try SignatureVerification(
      model: model, signature: path(for: model), by: by, rules, surroundings
    ).findings
  }
}
