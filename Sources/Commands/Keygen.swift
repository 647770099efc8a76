import ArgumentParser
import Attestation
import Provenance
import Storage
import StrictJSON

struct Keygen: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes a signing key.",
    discussion: """
      Writes NAME.key.pem (PKCS#8, mode 0600) and NAME.pub.pem; for a ledger also NAME.vkey.
      Example: unlearn-patch keygen --role artifact -o officer
      """)

  enum Role: String, ExpressibleByArgument, CaseIterable { case artifact, ledger }

  @OptionGroup var common: CommonOptions
  @Option(name: .long, help: "What the key signs: artifact (ECDSA P-256) or ledger (Ed25519).")
  var role: Role
  @Option(name: .long, help: "For a ledger key: the name of the log.")
  var origin: String?
  @Option(name: .long, help: "A file whose first line is the passphrase.", completion: .file())
  var passphraseFile: String?
  @Option(name: [.short, .long], help: "The path of the key files, without ending.")
  var output: String

  func validate() throws {
    if role == .ledger && origin == nil {
      throw ValidationError("a ledger key needs --origin, the name of its log")
    }
  }

  func run() throws {
    try common.run { _ in
      let passphrase = try passphraseFile.map { try Passphrase.read($0) }
      let key = try PrivateKey.generate(role == .artifact ? .p256 : .ed25519)
      let publicKey = key.publicKey
      let pem = key.pem(passphrase: passphrase)
      let (privatePath, publicPath) = (output + ".key.pem", output + ".pub.pem")
      try AtomicFile.write(pem.rawSpan, to: privatePath, mode: 0o600)
      try AtomicFile.write(publicKey.pem.rawSpan, to: publicPath)
      var lines = [
        "private key \(privatePath)", "public key  \(publicPath)",
        "key id      \(publicKey.keyID)",
      ]
      if role == .ledger, let origin {
        let vkey = try VerifierKey(name: origin, publicKey: publicKey).encoded
        try AtomicFile.write(Array((vkey + "\n").utf8).rawSpan, to: output + ".vkey")
        lines.append("vkey        \(vkey)")
      }
      return Console.Answer(
        "keygen",
        [
          "private_key": .text(privatePath), "public_key": .text(publicPath),
          "key_id": .text(publicKey.keyID.hex), "algorithm": .text(publicKey.algorithm.rawValue),
        ], lines)
    }
  }
}

/// Passphrases come from files, never from the command line, where other users could read them.
enum Passphrase {
  static func read(_ path: String) throws -> [UInt8] {
    Array(try Folder.read(path, limit: 4096).prefix { $0 != 0x0A })
  }
}
