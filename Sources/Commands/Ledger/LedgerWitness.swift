import ArgumentParser
import Attestation
import Ledger
import Patching
import Provenance
import Storage
import StrictJSON
import Witnessing

extension LedgerCommand {
  struct Witness: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Has witnesses cosign the newest head (C2SP tlog-witness).",
      discussion: """
        Asks every witness of the trust file that has a URL, and keeps what verifies. Without a network the
        request goes out and the answer comes in as files.
        Example: unlearn-patch ledger witness
        Example: unlearn-patch ledger witness --request-file request --old-size 0
        Example: unlearn-patch ledger witness --response-file response
        """)
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "The trust file (default: the workspace's).", completion: .file())
    var trust: String?
    @Option(name: .long, help: "Only this witness of the trust file (repeatable).")
    var name: [String] = []
    @Option(name: .long, help: "How long a witness may take, in seconds.")
    var timeout = 30
    @Option(
      name: .long, help: "Write the request to this file and ask no one.", completion: .file())
    var requestFile: String?
    @Option(
      name: .long,
      help:
        "For --request-file: how many leaves the witness has cosigned (default: by what is kept here)."
    )
    var oldSize: Int?
    @Option(name: .long, help: "Take the witness's answer from this file.", completion: .file())
    var responseFile: String?
    @Flag(
      name: .long, help: "Record in the log that the head was cosigned, and keep the note there.")
    var record = false

    func validate() throws {
      guard (1...3600).contains(timeout) else {
        throw ValidationError("--timeout must be from 1 to 3600 seconds")
      }
      guard requestFile == nil || responseFile == nil else {
        throw ValidationError("a request is written or an answer read, not both at once")
      }
      guard !record || requestFile == nil else {
        throw ValidationError("--record is for an answer; --request-file asks no one")
      }
      guard oldSize == nil || requestFile != nil, (oldSize ?? 0) >= 0 else {
        throw ValidationError("--old-size is a number of leaves for --request-file")
      }
    }

    func run() throws {
      var code: Int32 = 0
      try common.run(
        { surroundings in
          let workspace = try common.needWorkspace()
          let trust = try TrustFile(path: trust ?? workspace.trustPath)
          let store = try workspace.openLedger(.read)
          let round = WitnessRound(
            workspace: workspace, store: store, keys: try store.keys(), policy: trust.witnesses,
            witnesses: try chosen(trust.witnesses.witnesses),
            recordedAt: record ? surroundings.now : nil)
          if let requestFile {
            return try round.writeRequest(to: requestFile, oldSize: oldSize)
          }
          if let responseFile { return try round.readAnswer(from: responseFile) }
          let post = HTTPPost(milliseconds: timeout * 1000, agent: Tool.nameAndVersion)
          let (answer, worst) = try round.ask {
            (body, url) throws(WitnessError) in
            try post.send(body, to: url, limit: WitnessAnswer.byteLimit)
          }
          code = worst
          return answer
        }, code: { code })
    }

    private func chosen(_ known: [WitnessPolicy.Witness]) throws -> [WitnessPolicy.Witness] {
      for name in name where !known.contains(where: { $0.name == ByteString(name) }) {
        throw ProvenanceError(.usage, "the trust file names no witness '\(name)'")
      }
      let chosen =
        name.isEmpty ? known : known.filter { name.map { ByteString($0) }.contains($0.name) }
      guard !chosen.isEmpty else {
        throw ProvenanceError(
          .usage, "the trust file names no witness",
          hint: "add a line `witness NAME VKEY URL`, and `quorum NAME`")
      }
      return chosen
    }
  }
}
