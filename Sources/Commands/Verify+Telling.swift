import Attestation
import Ledger
import Provenance
import Storage
import StrictJSON

extension Verify {
  /// Walks over a model and tells others of the verdict, by a claim or in the log; gives the steps besides.
  func answerAndTell(_ surroundings: Surroundings) throws -> (Console.Answer, [Finding]) {
    guard try Artifact.kind(of: path) == .model else {
      throw ProvenanceError(.usage, "\(path): --claim and --record are for a model")
    }
    let workspace = try common.needWorkspace()
    let walk = try ModelVerification(
      model: path, workspace: workspace, trustPath: trust, rebuilding: rebuilding.source,
      surroundings)
    var answer = Self.answer(walk.findings, walk.verdict)
    if claim { try addClaim(walk, workspace, surroundings, &answer) }
    if record { try addLeaf(walk, workspace, surroundings, &answer) }
    return (answer, walk.findings)
  }

  private func addClaim(
    _ walk: ModelVerification, _ workspace: Workspace, _ surroundings: Surroundings,
    _ answer: inout Console.Answer
  ) throws {
    guard let signer = try renewal.signer() else {
      throw ProvenanceError(.usage, "name the key that signs the claim with --sign-key")
    }
    guard walk.verdict == .valid else {
      surroundings.warn("the verdict is \(walk.verdict.rawValue), so nothing is claimed of it")
      return
    }
    let written = try walk.claim(
      in: path, trustPath: trust ?? workspace.trustPath, by: signer, surroundings)
    answer.fields["claims"] = .text(written.path)
    answer.lines.append(Apply.line(of: written))
  }

  private func addLeaf(
    _ walk: ModelVerification, _ workspace: Workspace, _ surroundings: Surroundings,
    _ answer: inout Console.Answer
  ) throws {
    let event = Event(
      walk.verdict == .valid ? .verificationPassed : .verificationFailed,
      [
        "verdict": .text(walk.verdict.rawValue),
        "model": walk.model.map { .text($0) }, "root": walk.root.map { .text($0.hex) },
        "steps": .text(
          SHA256.digest(of: try CanonicalJSON.encode(Self.steps(walk.findings))).hex),
      ])
    do throws(ProvenanceError) {
      let leaf = try workspace.record(
        [event], in: try workspace.openLedger(.append), at: surroundings.now)[0].sequence
      answer.fields["leaf"] = .integer(Int64(leaf))
      answer.lines.append("recorded  leaf \(leaf)")
    } catch {
      // A log that is broken can't be added to; the verdict says so already and must be shown.
      guard walk.verdict == .invalid else { throw error }
      surroundings.warn("the verdict could not be recorded: \(error.description)")
    }
  }
}
