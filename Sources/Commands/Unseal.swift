import ArgumentParser
import Attestation
import Provenance
import Storage
import StrictJSON

struct Unseal: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Opens a patch that was sealed for recipients.",
    discussion: """
      `apply` and `inspect` open sealed patches themselves, given --key.
      Example: unlearn-patch unseal a.patch.safetensors.sealed --key mine.key.pem -o a.patch.safetensors
      """)
  @OptionGroup var common: CommonOptions
  @OptionGroup var unsealing: UnsealingOptions
  @Option(name: [.short, .long], help: "The new file.", completion: .file())
  var output: String
  @Argument(help: "The sealed patch.", completion: .file(extensions: ["sealed"]))
  var sealed: String

  func run() throws {
    try common.run { _ in
      guard try FileStatus.ifExists(sealed) != nil else {
        throw ProvenanceError(.inputOutput, "\(sealed): there is nothing of that name")
      }
      guard try SealedPatch.isSealed(sealed) else {
        throw ProvenanceError(.invalid, "\(sealed): not a file that is sealed for recipients")
      }
      if try FileStatus.ifExists(output) != nil { throw StorageError(.exists, path: output) }
      let key = try unsealing.privateKey(for: sealed)
      try SealedPatch.unseal(sealed, with: key, to: output)
      let digest = try SHA256.digest(ofFile: output)
      return Console.Answer(
        "unseal", ["patch": .text(output), "sha256": .text(digest.hex)],
        ["patch   \(output)", "sha256  \(digest)"])
    }
  }
}
