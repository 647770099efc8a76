import Ledger
import PatchRecords
import Patching
import Storage

extension VerifiedChain {
  /// Checks all steps of a model, by what the ledger and the workspace keep.
  init(
    _ model: LedgerState.Model, _ workspace: Workspace, _ store: LedgerStore, _ state: LedgerState
  ) throws(ProvenanceError) {
    var statements: [Digest: PatchStatement] = [:]
    for case let digest? in model.steps.map(\.patch) where statements[digest] == nil {
      statements[digest] = try KeptBundle(of: digest, state, store).statement
    }
    self = try patching { () throws(PatchError) in
      try VerifiedChain(model, statements: statements)
    }
    for one in takenOut {
      let patch = try workspace.keptPatch(one.patch, state, store)
      for later in one.later {
        let other = try workspace.keptPatch(later, state, store)
        guard try Workspace.overlap(patch, other).isEmpty else {
          throw ProvenanceError(
            .invalid,
            "leaf \(one.leaf) takes a patch back alone though the patch \(other.statement.patchDigest) touches the same bytes"
          )
        }
      }
    }
  }
}
