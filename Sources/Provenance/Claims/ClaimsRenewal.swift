import Attestation
import Claims
import Ledger
import ModelSigning
import Patching
import Safetensors
import Storage

/// How `claims.jsonl` is written anew when a patch is applied or taken back, or for a model as it is.
///
/// It is written after `model.sig` and before the journal goes: an interruption leaves the old claims, which are
/// about another state and told to be stale.
struct ClaimsRenewal: Sendable {
  private let signer: ModelSigner
  private let operation: BuildProvenance.Operation
  private let statement: PatchStatement
  private let bundle: Digest
  private let parentRoot: Digest
  private let judgement: ThresholdPolicy.Judgement?

  /// Decides what will be claimed, before anything is written.
  ///
  /// - Parameters:
  ///   - folder: Where the claims will be; nil for a folder that is made anew.
  ///   - bundle: The digest of the patch's signed bundle.
  ///   - parentRoot: The root of what the model was made from.
  ///   - policy: What the measurements of the patch are held against; without it there is no test result.
  init(
    in folder: String?, _ operation: BuildProvenance.Operation, _ statement: PatchStatement,
    bundle: Digest, parentRoot: Digest, by signer: ModelSigner, policy: ThresholdFile?,
    _ surroundings: Surroundings
  ) throws(ProvenanceError) {
    if let folder { _ = try ClaimsPlace.read(in: folder) }
    self.signer = signer
    self.operation = operation
    self.statement = statement
    self.bundle = bundle
    self.parentRoot = parentRoot
    judgement = policy.map { policy in
      policy.policy.judge(
        statement.metrics.recorded,
        configuration: [
          ResourceDescriptor(
            name: "thresholds", sha256: policy.digest, mediaType: "application/json"),
          ResourceDescriptor(
            name: "patch-bundle", sha256: bundle, mediaType: SigstoreBundle.mediaType),
        ])
    }
    if let judgement, judgement.result.outcome != .passed {
      let shown = judgement.notes.prefix(8).joined(separator: "; ")
      let more = judgement.notes.count > 8 ? " and \(judgement.notes.count - 8) more" : ""
      surroundings.warn(
        "the thresholds come to \(judgement.result.outcome.rawValue): \(shown)\(more)")
    }
  }

  /// Writes the claims about a model as it is now.
  ///
  /// - Parameters:
  ///   - folder: The model, or a patched copy of it.
  ///   - parent: The ledger's identity of what it was made from.
  ///   - after: The digests that it has now.
  ///   - leaf: The leaf of the ledger `origin` that records the operation, and its time.
  func write(
    in folder: String, mode: String, parent: String, _ after: ModelDigest,
    origin: String, leaf: (sequence: Int, time: Timestamp)
  ) throws(ProvenanceError) -> WrittenClaims {
    let provenance = BuildProvenance(
      operation: operation, mode: mode, parent: parent, parentRoot: parentRoot,
      patch: statement.patchDigest, bundle: bundle, encoding: statement.encoding.rawValue,
      method: statement.method.name, software: Tool.version, origin: origin, leaf: leaf.sequence,
      finishedOn: leaf.time)
    let model = try ClaimsPlace.subject(folder, after.root)
    // Names of subjects are distinct, and a file may be called as the folder is.
    let files = after.files.filter { ByteString($0.name) != ByteString(model.name) }.map {
      Statement.Subject(name: $0.name, sha256: $0.digest)
    }
    var statements = [Statement(of: [model] + files, provenance)]
    if let judgement { statements.append(Statement(of: model, judgement.result)) }
    var file = ClaimsFile()
    for statement in statements {
      let bundle = try signer.sign(statement)
      do throws(ClaimsError) { try file.append(bundle) } catch {
        throw ProvenanceError(.state, "\(ClaimsPlace.path(in: folder)): \(error)")
      }
    }
    try ClaimsPlace.write(file, in: folder)
    return WrittenClaims(
      path: ClaimsPlace.path(in: folder), count: file.claims.count, result: judgement?.result,
      lacksThresholds: judgement == nil && operation == .apply)
  }
}
