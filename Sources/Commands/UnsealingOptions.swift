import ArgumentParser
import Attestation
import Patching
import Provenance
import Storage

/// Options of the commands that open patches, sealed ones too.
struct UnsealingOptions: ParsableArguments {
  @Option(
    name: .long, help: "For a sealed patch: the private key of a recipient.",
    completion: .file(extensions: ["pem"]))
  var key: String?
  @Option(name: .long, help: "A file whose first line is the passphrase.", completion: .file())
  var passphraseFile: String?

  /// The recipient's key.
  func privateKey(for path: String) throws -> PrivateKey {
    guard let key else {
      throw ProvenanceError(
        .incomplete, "\(path): is sealed for recipients", hint: "name a recipient's key with --key")
    }
    return try PrivateKey(path: key, passphrase: try passphraseFile.map { try Passphrase.read($0) })
  }

  /// Opens a patch with the bundle beside it.
  func open(_ path: String) throws -> SignedPatch {
    guard try SealedPatch.isSealed(path) else { return try SignedPatch(path: path) }
    return try SealedPatch.open(path, with: try privateKey(for: path))
  }
}

/// Patches that are named and not opened.
enum PatchNaming {
  /// The digest of a patch file, or of the one that is sealed in a file, as its bundle says.
  static func digest(of path: String) throws -> Digest {
    if try SealedPatch.isSealed(path) { return try SealedPatch.statement(of: path).patchDigest }
    let file = try DistributedPatch(path: path)
    return file.digest
  }
}
