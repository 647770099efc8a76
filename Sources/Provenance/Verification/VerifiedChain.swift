import Ledger
import Patching
import Storage

/// The states of a model, each held against the signed statement that leads to it.
///
/// A state that no statement names, after a patch was taken out from among others, is computed anew from the files
/// that its leaf names; and the later patches are shown to touch other bytes.
struct VerifiedChain {
  /// How many states no statement names.
  private(set) var computedCount = 0
  /// The files of the states, by the place of the step; of a model that was never patched they are not told.
  private(set) var files: [Int: ModelDigest] = [:]
  /// The patches that are applied, in order.
  private var applied: [Digest] = []

  /// Checks all steps of a model.
  init(
    _ model: LedgerState.Model, _ workspace: Workspace, _ store: LedgerStore, _ state: LedgerState
  ) throws(ProvenanceError) {
    for (place, step) in model.steps.enumerated().dropFirst() {
      let before = model.steps[place - 1]
      guard let digest = step.patch else { continue }
      let statement = try KeptBundle(of: digest, state, store).statement
      let (base, result) = (statement.base, statement.result)
      if !step.takesBack {
        guard before.root == base.root, step.root == result.root else { throw Self.other(step) }
        // The root has the files' digests in order, and not their names.
        if let known = files[place - 1], known != base {
          throw ProvenanceError(
            .invalid,
            "leaf \(step.leaf): the signed statement names other files than the one before")
        }
        (files[place - 1], files[place]) = (base, result)
        applied.append(digest)
      } else if step.changed.isEmpty {
        guard before.root == result.root, step.root == base.root else { throw Self.other(step) }
        files[place] = base
        applied.removeAll { $0 == digest }
      } else {
        let patch = try workspace.keptPatch(digest, state, store)
        let (after, later) = try takeOut(patch.statement, step, files[place - 1])
        for other in later {
          let other = try workspace.keptPatch(other, state, store)
          guard try Workspace.overlap(patch, other).isEmpty else {
            throw ProvenanceError(
              .invalid,
              "leaf \(step.leaf) takes a patch back alone though the patch \(other.statement.patchDigest) touches the same bytes"
            )
          }
        }
        files[place] = after
        computedCount += 1
      }
    }
  }

  private static func other(_ step: LedgerState.Step) -> ProvenanceError {
    ProvenanceError(.invalid, "leaf \(step.leaf) says other roots than the signed statement")
  }

  /// The files after a patch was taken out from among others, and the patches applied after it.
  private mutating func takeOut(
    _ statement: PatchStatement, _ step: LedgerState.Step, _ before: ModelDigest?
  ) throws(ProvenanceError) -> (ModelDigest, later: [Digest]) {
    let digest = statement.patchDigest
    guard let known = before, let index = applied.firstIndex(of: digest) else {
      throw Self.other(step)
    }
    let touched = Set(statement.edits.map { ByteString($0.file) })
    var changed: [ModelDigest.File] = []
    for change in step.changed {
      guard known.files.indices.contains(change.file) else {
        throw ProvenanceError(
          .invalid, "leaf \(step.leaf) names file \(change.file) of \(known.files.count)")
      }
      let name = known.files[change.file].name
      guard touched.contains(ByteString(name)) else {
        throw ProvenanceError(
          .invalid, "leaf \(step.leaf) changes \(name), which the patch does not touch")
      }
      changed.append(ModelDigest.File(name: name, digest: change.digest))
    }
    let after = known.replacing(changed)
    guard after.root == step.root else {
      throw ProvenanceError(
        .invalid,
        "leaf \(step.leaf) says the root \(step.root), its files make \(after.root)")
    }
    let later = Array(applied[(index + 1)...])
    applied.remove(at: index)
    return (after, later)
  }
}
