import Attestation
import Ledger
import PatchRecords
import Patching
import Storage

/// Holds what the entries say of patches, and the chains of the models, against the signed statements in the folder.
struct StatementComparison {
  /// A step for each patch, then one for each model that was patched.
  private(set) var findings: [Finding] = []
  private var statements: [Digest: PatchStatement] = [:]

  init(_ evidence: ReportEvidence) {
    for patch in evidence.state.patches {
      guard let digest = patch.bundle, let bytes = evidence.bundles[digest] else { continue }
      findings.append(compare(patch, bytes, digest, evidence))
    }
    for model in evidence.state.models {
      if let finding = compare(model, hasGaps: evidence.hasGaps) { findings.append(finding) }
    }
  }

  private mutating func compare(
    _ patch: LedgerState.Patch, _ bytes: [UInt8], _ digest: Digest, _ evidence: ReportEvidence
  ) -> Finding {
    let step = "patch \(patch.digest.hex.prefix(12))"
    do throws(PatchError) {
      let bundle = try KeptBundle(bytes, digest: digest, of: patch.digest)
      statements[patch.digest] = bundle.statement
      let expected: StatementLeaves
      do throws(AttestationError) { expected = try StatementLeaves(bundle) } catch {
        throw PatchError(.attestation(error))
      }
      let leaves = patch.leaves.compactMap { evidence.leaf($0) }
      if let problem = expected.problem(leaves, origin: evidence.state.origin) {
        return Finding(step, .failed, problem)
      }
      return Finding(step, .passed, "its entries say what its signed statement says")
    } catch { return Finding(step, .failed, error.description) }
  }

  private func compare(_ model: LedgerState.Model, hasGaps: Bool) -> Finding? {
    let step = "chain \(model.id.dropFirst(9).prefix(8))"
    let patches = model.steps.compactMap(\.patch)
    guard !patches.isEmpty else { return nil }
    if let missing = patches.first(where: { statements[$0] == nil }) {
      return Finding(step, .missing, "there is no signed statement of the patch \(missing)")
    }
    if hasGaps { return compareSteps(model, step) }
    do throws(PatchError) {
      let chain = try VerifiedChain(model, statements: statements)
      let note =
        chain.takenOut.isEmpty
        ? ""
        : ", \(chain.takenOut.count) of them by the files that their entries name; that later patches touch other bytes only the patch files can show"
      return Finding(
        step, .passed, "\(model.steps.count - 1) states follow from signed statements\(note)")
    } catch { return Finding(step, .failed, error.description) }
  }

  /// Of a chain with holes: each state is held against the statement that leads to it.
  ///
  /// After a patch was taken out from among others the state is one that no statement names.
  private func compareSteps(_ model: LedgerState.Model, _ step: String) -> Finding {
    for state in model.steps {
      guard let statement = state.patch.flatMap({ statements[$0] }), state.changed.isEmpty else {
        continue
      }
      guard state.root == (state.takesBack ? statement.base.root : statement.resultRoot) else {
        return Finding(
          step, .failed, "leaf \(state.leaf) says another root than the signed statement")
      }
    }
    return Finding(
      step, .passed,
      "the states to which patches for this request lead are those of the signed statements")
  }
}
