import ArgumentParser
import Attestation
import Ledger
import Patching
import Provenance
import Storage
import StrictJSON

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Verifies a model, a patch or a report; one verdict with its reasons.",
    discussion: """
      A model is held against the workspace's ledger; with --signature, --public-key or --certificate-chain, or
      where there is no workspace, against its OpenSSF Model Signing signature alone.
      Exit codes: 0 valid, 1 invalid, 3 signer not trusted, 4 incomplete, 6 recovery needed.
      --deep makes a model anew: from --base by all patches of its chain, else by its undo capsule.
      Examples: unlearn-patch verify bert
                unlearn-patch verify bert --public-key officer.pub.pem
                unlearn-patch verify bert --claim --sign-key officer.key.pem
                unlearn-patch verify bert --record
                unlearn-patch verify bert --trust auditor.trust --deep --base bert-as-registered
      """)
  @OptionGroup var common: CommonOptions
  @Option(name: .long, help: "The trust file (default: the workspace's).", completion: .file())
  var trust: String?
  @OptionGroup var rebuilding: RebuildingOptions
  @OptionGroup var signature: SignatureOptions
  @Flag(
    name: .long,
    help: "Add a verdict of valid to the model's claims.jsonl, signed with --sign-key.")
  var claim = false
  @Flag(
    name: .long,
    help: "Record the verdict on a model in the log (verification.passed or verification.failed).")
  var record = false
  @OptionGroup var renewal: RenewalOptions
  @Argument(help: "A model's folder, a patch file or a report's folder.", completion: .file())
  var path: String

  func run() throws {
    var code: Int32 = 0
    try common.run(
      { surroundings in
        if claim || record {
          let (answer, findings) = try answerAndTell(surroundings)
          code = Exit.code(findings)
          return answer
        }
        let findings = try findings(surroundings)
        let verdict = Verdict(findings)
        code = Exit.code(findings)
        return Self.answer(findings, verdict)
      }, code: { code })
  }

  func validate() throws {
    if claim != (renewal.signKey != nil) {
      throw ValidationError("--claim and --sign-key go together")
    }
    if (claim || record) && (signature.isGiven || signature.hasRules) {
      throw ValidationError(
        "--claim and --record are for the verdict of the whole walk, not of a signature alone")
    }
  }

  private func findings(_ surroundings: Surroundings) throws -> [Finding] {
    let kind = try Artifact.kind(of: path)
    var isAlone = signature.isGiven
    if kind == .model, !isAlone, try common.findWorkspace() == nil {
      isAlone = try FileStatus.ifExists(signature.path(for: path)) != nil
    }
    if rebuilding.deep, kind != .model || isAlone {
      throw ProvenanceError(
        .usage, "\(path): only a model in a workspace is made anew with --deep")
    }
    if isAlone {
      return try signature.findings(path, trust: try trustFile(), surroundings)
    }
    guard !signature.hasRules else {
      throw ProvenanceError(
        .usage,
        "--ignore-path, --ignore-unsigned-files and --strict are for a model and its signature alone: name it with --signature"
      )
    }
    switch kind {
    case .patch: return try verifyPatch(surroundings)
    case .model:
      return try ModelVerification(
        model: path, workspace: try common.needWorkspace(), trustPath: trust,
        rebuilding: rebuilding.source, surroundings
      ).findings
    case .report: return try ReportVerifying.findings(path, trust: try trustFile())
    }
  }

  private func trustFile() throws -> TrustFile? {
    if let trust { return try TrustFile(path: trust) }
    return try common.findWorkspace().map { try $0.trust() }
  }

  private func verifyPatch(_ surroundings: Surroundings) throws -> [Finding] {
    let signed = try SignedPatch(path: path)
    guard let trust = try trustFile() else {
      throw ProvenanceError(
        .untrusted,
        "\(path): integrity only, signer unknown: the patch is what was signed, and no trust file says by whom",
        hint: "name a trust file with --trust")
    }
    let names = try signed.checkTrust(trust, at: surroundings.now)
    return [
      Finding("integrity", .passed, "the patch is the file that was signed"),
      Finding("signer", .passed, "signed by \(names.joined(separator: ", "))"),
    ]
  }

  /// The steps as they are shown to machines.
  static func steps(_ findings: [Finding]) -> JSONValue {
    .array(
      findings.map {
        .members([
          "step": .text($0.step), "outcome": .text($0.outcome.rawValue), "detail": .text($0.detail),
        ])
      })
  }

  static func answer(_ findings: [Finding], _ verdict: Verdict) -> Console.Answer {
    Console.Answer(
      "verify",
      [
        "verdict": .text(verdict.rawValue),
        "steps": steps(findings),
      ],
      findings.map { finding in
        let mark =
          switch finding.outcome {
          case .passed: "ok     "
          case .failed: "FAILED "
          case .missing: "missing"
          case .untrusted: "UNKNOWN"
          }
        return "\(mark) \(finding.step): \(finding.detail)"
      } + ["verdict: \(verdict.rawValue)"])
  }
}

/// What a path that a person names is.
enum Artifact {
  case model
  case patch
  case report

  static func kind(of path: String) throws -> Artifact {
    guard let status = try FileStatus.ifExists(path) else {
      throw ProvenanceError(.inputOutput, "\(path): there is nothing of that name")
    }
    if status.kind != .directory { return .patch }
    let isReport = try FileStatus.ifExists(Paths.join(path, "report.json")) != nil
    return isReport ? .report : .model
  }
}
