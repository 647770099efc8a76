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
      abstract: "Puts another key in the place of a signer's, or of the log's own.",
      discussion: """
        A signer gets the public key that is named; what was signed with the old one before still counts.
        With --role ledger the log gets a new key, which is made here, and the former private key is destroyed. The
        leaf that says so ends a head that both keys sign; later heads are signed by the new one alone, so who trusts
        the former key is led to the new one. Interrupted, it is ended by whatever appends next. Tell witnesses the
        new key, and give `ledger prove LEAF --entry FILE` to those who know the former one alone.
        Example: unlearn-patch trust rotate officer officer-2027.pub.pem
        Example: unlearn-patch trust rotate --role ledger
        """)
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "Whose key it is: artifact (a signer's) or ledger (the log's own).")
    var role = Keygen.Role.artifact
    @Option(name: .long, help: "The name under which the new key is trusted (default: the file's).")
    var newName: String?
    @Argument(help: "The signer's name.")
    var name: String?
    @Argument(help: "The new public key.", completion: .file(extensions: ["pem"]))
    var publicKey: String?

    func validate() throws {
      switch role {
      case .artifact:
        if name == nil || publicKey == nil {
          throw ValidationError("name the signer and the new public key, or say --role ledger")
        }
      case .ledger:
        if name != nil || newName != nil {
          throw ValidationError("the log's new key is made here; no name and no key is given")
        }
      }
    }

    func run() throws {
      try common.run { surroundings in
        let workspace = try common.needWorkspace()
        guard let name, let publicKey else { return try handOver(workspace, surroundings) }
        let key = try PublicKey(path: publicKey)
        let newName = newName ?? Trust.name(ofKeyFile: publicKey)
        let leaf = try workspace.rotateSigner(
          name: name, to: key, newName: newName, at: surroundings.now)
        return Console.Answer(
          "trust-rotate",
          [
            "name": .text(newName), "key_id": .text(key.keyID.hex),
            "leaf": .integer(Int64(leaf.sequence)),
          ], ["trusted: \(newName), key \(key.keyID), in place of \(name) (leaf \(leaf.sequence))"])
      }
    }

    private func handOver(_ workspace: Workspace, _ surroundings: Surroundings) throws
      -> Console.Answer
    {
      let (leaf, keys) = try workspace.handOverLog(at: surroundings.now)
      let key = keys.present
      return Console.Answer(
        "trust-rotate",
        [
          "name": .text(key.name), "key_id": .text(key.publicKey.keyID.hex),
          "vkey": .text(key.encoded), "leaf": .integer(Int64(leaf.sequence)),
        ],
        [
          "log key   \(key.encoded)",
          "signs all heads of more than \(leaf.sequence + 1) leaves (leaf \(leaf.sequence)); the former private key is destroyed",
        ])
    }
  }

  /// The name of a signer whose key file has a name of its own.
  static func name(ofKeyFile path: String) -> String {
    let file = Paths.name(of: path)
    return String(file.hasSuffix(".pub.pem") ? file.dropLast(8) : file[...])
  }
}

extension LedgerState.RevocationReason: ExpressibleByArgument {}
