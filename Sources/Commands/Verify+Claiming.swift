import Attestation
import Ledger
import Provenance
import Storage
import StrictJSON

extension Verify {
  /// Walks over a model, and claims the verdict where it is valid; gives the steps besides.
  func answerAndClaim(_ surroundings: Surroundings) throws -> (Console.Answer, [Finding]) {
    guard try Artifact.kind(of: path) == .model else {
      throw ProvenanceError(.usage, "\(path): --claim is for a model")
    }
    let workspace = try common.needWorkspace()
    guard let signer = try renewal.signer() else {
      throw ProvenanceError(.usage, "name the key that signs the claim with --sign-key")
    }
    let walk = try ModelVerification(
      model: path, workspace: workspace, trustPath: trust, surroundings)
    var answer = Self.answer(walk.findings, walk.verdict)
    guard walk.verdict == .valid else {
      surroundings.warn("the verdict is \(walk.verdict.rawValue), so nothing is claimed of it")
      return (answer, walk.findings)
    }
    let written = try walk.claim(
      in: path, trustPath: trust ?? workspace.trustPath, by: signer, surroundings)
    answer.fields["claims"] = .text(written.path)
    answer.lines.append(Apply.line(of: written))
    return (answer, walk.findings)
  }
}
