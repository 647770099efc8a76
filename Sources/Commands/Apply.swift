import ArgumentParser
import Claims
import Ledger
import Patching
import Provenance
import Safetensors
import Storage
import StrictJSON

struct Apply: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Applies a signed patch to a model, in place or to a new folder.",
    discussion: """
      In place, the former values are sealed in an undo capsule first; an interruption at any moment is
      recovered with `recover`. Programs that have the model mapped see the change as it is written: use
      --output for a model that is being served.
      Example: unlearn-patch apply bert a.patch.safetensors
      """)
  @OptionGroup var common: CommonOptions
  @OptionGroup var unsealing: UnsealingOptions
  @OptionGroup var renewal: RenewalOptions
  @Option(
    name: .long,
    help:
      "With --sign-key: a policy that the patch's recorded measurements are held against, for a claim in claims.jsonl.",
    completion: .file(extensions: ["json"]))
  var thresholds: String?
  @Option(name: .long, help: "Write a patched copy to this new folder.", completion: .directory)
  var output: String?
  @Option(
    name: .long, help: "What is hashed: full (every file) or touched (what the patch touches).")
  var verify = VerifyOption.full
  @Flag(name: .long, help: "Do every check, print what would be written, and write nothing.")
  var dryRun = false
  @Option(
    name: .long,
    help:
      "After how many days the undo key is due to be destroyed by `finalize`; told when overdue.")
  var undoDays = Workspace.undoDays
  @Argument(help: "The model's folder.", completion: .directory)
  var model: String
  @Argument(help: "The patch.", completion: .file(extensions: ["safetensors"]))
  var patch: String

  func validate() throws {
    guard (0...36_500).contains(undoDays) else {
      throw ValidationError("--undo-days must be from 0 to 36500")
    }
    if thresholds != nil && renewal.signKey == nil {
      throw ValidationError("--thresholds is for a claim, which --sign-key signs")
    }
  }

  func run() throws {
    try common.run { surroundings in
      let workspace = try common.needWorkspace()
      let signer = try renewal.signer()
      let thresholds = try thresholds.map { try ThresholdFile(path: $0) }
      let signed = try unsealing.open(patch)
      if dryRun { return try plan(signed, workspace, surroundings) }
      let result =
        if let output {
          try workspace.apply(
            signed, to: model, output: output, verification: verify.verification, signer: signer,
            thresholds: thresholds, surroundings)
        } else {
          try workspace.apply(
            signed, inPlaceTo: model, verification: verify.verification, undoDays: undoDays,
            signer: signer, thresholds: thresholds, surroundings)
        }
      return Self.answer("apply", result, at: output ?? model, word: "applied")
    }
  }

  private func plan(
    _ signed: borrowing SignedPatch, _ workspace: Workspace, _ surroundings: Surroundings
  ) throws -> Console.Answer {
    let plan = try workspace.planApply(
      signed, to: model, inPlace: output == nil, verification: verify.verification,
      store: try workspace.openLedger(.read), surroundings)
    let target = plan.target
    return Console.Answer(
      plan: try plan.summary(
        signed, output: output, verification: verify.verification, workspace: workspace),
      of: "apply",
      more: [
        "files": .array(target.shardNames.map { .text($0) }),
        "touched_bytes": .integer(Int64(target.touchedByteCount)),
      ],
      lines: ["bytes   \(target.touchedByteCount) of new values"]
        + (renewal.signKey == nil ? [] : ["signs   the model as it is then"])
        + LayerMap.lines(target.statement.units))
  }

  /// What was claimed; where measurements could have been held against thresholds and were not, that too.
  static func line(of claims: WrittenClaims) -> String {
    var line = "claims  \(claims.path): \(claims.count) line(s)"
    if let result = claims.result {
      line += ", test-result \(result.summary)"
    } else if claims.lacksThresholds {
      line += ", no test-result: without --thresholds nothing passes or fails"
    }
    return line
  }

  static func answer(
    _ schema: String, _ result: OperationResult, at place: String, word: String
  ) -> Console.Answer {
    Console.Answer(
      schema,
      [
        "model": .text(result.model), "path": .text(place), "patch": .text(result.patch.hex),
        "before": .text(result.before.hex), "after": .text(result.after.hex),
        "leaf": .integer(Int64(result.leaf)), "files": .array(result.files.map { .text($0) }),
        "signers": .array(result.signers.map { .text($0) }),
        "signature": result.signature.map { .text($0.path) },
        "claims": result.claims.map { .text($0.path) },
        "test_result": result.claims?.result.map { .text($0.outcome.rawValue) },
      ],
      [
        "\(word): \(place)", "before  \(result.before)", "after   \(result.after)",
        "files   \(result.files.joined(separator: ", "))", "leaf    \(result.leaf)",
      ] + (result.signers.isEmpty ? [] : ["signed  \(result.signers.joined(separator: ", "))"])
        + (result.signature.map { ["renewed \($0.path)"] } ?? [])
        + (result.claims.map { [line(of: $0)] } ?? []))
  }
}

/// How much of the model is hashed before it is changed.
enum VerifyOption: String, ExpressibleByArgument, CaseIterable {
  case full, touched

  var verification: PatchTarget.Verification { self == .full ? .full : .touched }
}
