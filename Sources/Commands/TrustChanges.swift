public import ArgumentParser
import Attestation
public import Ledger
import Provenance
import Storage
import StrictJSON

extension Trust {
  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes trust from a signer's key, from now or from an earlier leaf on.",
      discussion: """
        What was applied before stays valid, what was applied from that leaf on does not. For good: a revoked
        key can't be trusted again.
        Example: unlearn-patch trust revoke officer --reason compromised --from-leaf 120
        """)
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "Why: compromised, lost or retired.")
    var reason: LedgerState.RevocationReason
    @Option(name: .long, help: "The first leaf at which it does not count (default: the next).")
    var fromLeaf: Int?
    @Argument(help: "The signer's name.")
    var name: String

    func run() throws {
      try common.run { surroundings in
        let leaf = try common.needWorkspace().revokeSigner(
          name: name, for: reason, from: fromLeaf, at: surroundings.now)
        return Console.Answer(
          "trust-revoke",
          [
            "name": .text(name), "leaf": .integer(Int64(leaf.sequence)),
            "from": .integer(Int64(fromLeaf ?? leaf.sequence)),
          ],
          ["revoked: \(name), from leaf \(fromLeaf ?? leaf.sequence) on (leaf \(leaf.sequence))"])
      }
    }
  }

  struct Rotate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Gives a signer another key; what was signed with the old one before still counts.",
      discussion: "Example: unlearn-patch trust rotate officer officer-2027.pub.pem")
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "The name under which the new key is trusted (default: the file's).")
    var newName: String?
    @Argument(help: "The signer's name.")
    var name: String
    @Argument(help: "The new public key.", completion: .file(extensions: ["pem"]))
    var publicKey: String

    func run() throws {
      try common.run { surroundings in
        let key = try PublicKey(path: publicKey)
        let newName = newName ?? Trust.name(ofKeyFile: publicKey)
        let leaf = try common.needWorkspace().rotateSigner(
          name: name, to: key, newName: newName, at: surroundings.now)
        return Console.Answer(
          "trust-rotate",
          [
            "name": .text(newName), "key_id": .text(key.keyID.hex),
            "leaf": .integer(Int64(leaf.sequence)),
          ], ["trusted: \(newName), key \(key.keyID), in place of \(name) (leaf \(leaf.sequence))"])
      }
    }
  }

  /// The name of a signer whose key file has a name of its own.
  static func name(ofKeyFile path: String) -> String {
    let file = Paths.name(of: path)
    return String(file.hasSuffix(".pub.pem") ? file.dropLast(8) : file[...])
  }
}

extension LedgerState.RevocationReason: ExpressibleByArgument {}
