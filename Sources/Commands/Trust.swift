import ArgumentParser
import Attestation
import Provenance
import Storage
import StrictJSON

struct Trust: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says whom the workspace trusts.", subcommands: [Add.self, List.self])

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Trusts the owner of a public key.",
      discussion: "Example: unlearn-patch trust add officer.pub.pem --name officer")
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "The signer's name (default: the file's).")
    var name: String?
    @Option(name: .long, help: "What the signer may vouch for: artifact,model,report.")
    var roles = "artifact,model,report"
    @Argument(help: "The public key.", completion: .file(extensions: ["pem"]))
    var publicKey: String

    func run() throws {
      try common.run { surroundings in
        let roles = try roles.split(separator: ",").map { word in
          guard let role = TrustFile.Role(rawValue: String(word)) else {
            throw ValidationError("unknown role '\(word)': artifact, model and report are known")
          }
          return role
        }
        let key = try PublicKey(path: publicKey)
        let file = Paths.name(of: publicKey)
        let name = name ?? String(file.hasSuffix(".pub.pem") ? file.dropLast(8) : file[...])
        let workspace = try common.needWorkspace()
        try workspace.addSigner(name: name, key: key, roles: roles, at: surroundings.now)
        return Console.Answer(
          "trust-add", ["name": .text(name), "key_id": .text(key.keyID.hex)],
          ["trusted: \(name), key \(key.keyID)"])
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists whom the workspace trusts.")
    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.run { _ in
        let trust = try common.needWorkspace().trust()
        return Console.Answer(
          "trust-list",
          [
            "logs": .array(trust.logs.map { .text($0.encoded) }),
            "signers": .array(
              trust.signers.map {
                .members([
                  "name": .text($0.name), "key_id": .text($0.key.keyID.hex),
                  "roles": .array($0.roles.map(\.rawValue).sorted().map { .text($0) }),
                ])
              }),
            "witnesses": .array(
              trust.witnesses.witnesses.map {
                .members([
                  "name": .text($0.name.description), "vkey": .text($0.key.encoded),
                  "url": $0.url.map { .text($0) } ?? .null,
                ])
              }),
            "quorum": .text(trust.witnesses.quorum?.description ?? "none"),
          ],
          trust.logKeys.map {
            "log    \($0.key.encoded)" + ($0.lastIndex.map { "  up to leaf \($0)" } ?? "")
          }
            + trust.witnesses.witnesses.map { "witness \($0.name)  \($0.key.encoded)" }
            + (trust.witnesses.quorum.map { ["quorum \($0)"] } ?? [])
            + trust.signers.map {
              "signer \($0.name)  \($0.key.keyID)  \($0.roles.map(\.rawValue).sorted().joined(separator: ","))"
            })
      }
    }
  }
}
