import ArgumentParser
import Attestation
import Ledger
import Provenance
import Storage
import StrictJSON

extension LedgerCommand {
  struct Key: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints the ledger's public key, as a vkey or as another tool reads it.",
      discussion: """
        Example: unlearn-patch ledger key --format ssh > allowed_signers
        """)
    enum Format: String, ExpressibleByArgument, CaseIterable {
      case vkey, ssh, minisign, pem, trust
    }

    @OptionGroup var common: CommonOptions
    @Option(
      name: .long,
      help:
        "vkey (C2SP), ssh (allowed_signers), minisign (minisign.pub), pem (SPKI) or trust (a trust file's line for each key that the log has had)."
    )
    var format = Format.vkey

    private static func trustLines(_ keys: LogKeys) -> String {
      keys.all.map { key in
        "log \(key.encoded)" + (keys.lastLeaf(of: key).map { " not-after-index=\($0)" } ?? "")
          + "\n"
      }.joined()
    }

    func run() throws {
      try common.run { _ in
        let workspace = try common.needWorkspace()
        let text =
          switch format {
          case .vkey: try workspace.ledgerKeys().present.encoded + "\n"
          case .ssh: try workspace.publicKeyFile(for: .ssh)
          case .minisign: try workspace.publicKeyFile(for: .minisign)
          case .pem:
            String(decoding: try workspace.ledgerKeys().present.publicKey.pem, as: UTF8.self)
          case .trust: Self.trustLines(try workspace.ledgerKeys())
          }
        return Console.Answer(
          "ledger-key", ["format": .text(format.rawValue), "key": .text(text)],
          [String(text.dropLast())])
      }
    }
  }

  struct SignFile: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Signs a file with the ledger's key for people who have standard tools only.",
      discussion: """
        Checked with
          ssh-keygen -Y verify -f allowed_signers -I ORIGIN -n file -s FILE.sig < FILE
          minisign -Vm FILE -p minisign.pub
        where `ledger key` gives the public key. A report is signed by its SHA256SUMS.
        Example: unlearn-patch ledger sign-file report/SHA256SUMS --format minisign
        """)
    @OptionGroup var common: CommonOptions
    enum Format: String, ExpressibleByArgument, CaseIterable {
      case ssh, minisign
      var signature: PlainSignature { self == .ssh ? .ssh : .minisign }
    }

    @Option(name: .long, help: "ssh (SSHSIG) or minisign.")
    var format: Format
    @Option(
      name: [.short, .long], help: "The signature (default: FILE.sig or FILE.minisig).",
      completion: .file())
    var output: String?
    @Argument(help: "The file.", completion: .file())
    var file: String

    func run() throws {
      try common.run { surroundings in
        let workspace = try common.needWorkspace()
        let text = try workspace.signFile(file, as: format.signature, at: surroundings.now)
        let path = output ?? file + format.signature.ending
        let bytes = Array(text.utf8)
        try AtomicFile.write(bytes.rawSpan, to: path)
        return Console.Answer(
          "ledger-sign-file",
          [
            "file": .text(file), "signature": .text(path), "format": .text(format.rawValue),
            "signer": .text(workspace.verifierKey.name),
          ], ["signature  \(path)", "signer     \(workspace.verifierKey.name)"])
      }
    }
  }
}
