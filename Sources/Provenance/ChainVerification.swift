import Ledger
import Patching
import Storage

/// Walks the states of a model and holds each against the signed statements that lead to it.
///
/// A state that no statement names, after a patch was taken out from among others, is computed anew from the files
/// that its leaf names; and the later patches are shown to touch other bytes.
struct ChainVerification {
  private let workspace: Workspace
  private let store: LedgerStore
  private let state: LedgerState
  /// The files of the model, once a statement has told them.
  private var files: ModelDigest?
  /// The patches that are applied, in order.
  private var applied: [Digest] = []

  init(_ workspace: Workspace, _ store: LedgerStore, _ state: LedgerState) {
    self.workspace = workspace
    self.store = store
    self.state = state
  }

  /// Checks all steps of a model; gives how many lead to a state that no statement names.
  mutating func check(_ model: LedgerState.Model) throws(ProvenanceError) -> Int {
    files = nil
    applied = []
    var computed = 0
    for (before, step) in zip(model.steps, model.steps.dropFirst()) {
      guard let digest = step.patch else { continue }
      let patch = try workspace.keptPatch(digest, state, store)
      let statement = patch.statement
      let (base, result) = (statement.base, statement.result)
      if !step.takesBack {
        guard before.root == base.root, step.root == result.root else { throw Self.other(step) }
        files = result
        applied.append(digest)
      } else if step.changed.isEmpty {
        guard before.root == result.root, step.root == base.root else { throw Self.other(step) }
        files = base
        applied.removeAll { $0 == digest }
      } else {
        try takeOut(patch, step, before)
        computed += 1
      }
    }
    return computed
  }

  private static func other(_ step: LedgerState.Step) -> ProvenanceError {
    ProvenanceError(.invalid, "leaf \(step.leaf) says other roots than the signed statement")
  }

  private mutating func takeOut(
    _ patch: borrowing SignedPatch, _ step: LedgerState.Step, _ before: LedgerState.Step
  ) throws(ProvenanceError) {
    let digest = patch.statement.patchDigest
    guard let known = files, known.root == before.root,
      let index = applied.firstIndex(of: digest)
    else { throw Self.other(step) }
    let touched = Set(patch.statement.edits.map { ByteString($0.file) })
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
    for later in applied[(index + 1)...] {
      let other = try workspace.keptPatch(later, state, store)
      let overlap = try Workspace.overlap(patch, other)
      guard overlap.isEmpty else {
        throw ProvenanceError(
          .invalid,
          "leaf \(step.leaf) takes a patch back alone though the patch \(later) touches the same bytes"
        )
      }
    }
    files = after
    applied.remove(at: index)
  }
}
