import Attestation
import Ledger
import PatchRecords
import Patching
import Storage

/// What vouches for the patches that were used: kept bundle, signatures, leaves, kept file.
struct PatchEvidence {
  let workspace: Workspace
  let store: LedgerStore
  let state: LedgerState
  let trust: TrustFile?

  /// The findings of every patch that was used.
  func findings() -> [Finding] {
    let steps = state.models.flatMap(\.steps)
    return state.patches.flatMap { patch in
      let uses = steps.filter { $0.patch == patch.digest && !$0.takesBack }
      return uses.isEmpty ? [] : [judge(patch, uses), file(patch.digest)]
    }
  }

  private func judge(_ patch: LedgerState.Patch, _ uses: [LedgerState.Step]) -> Finding {
    let step = "patch \(patch.digest.hex.prefix(12))"
    do throws(ProvenanceError) {
      let bundle = try KeptBundle(of: patch.digest, state, store)
      var leaves: [Leaf] = []
      for leaf in patch.leaves {
        leaves.append(try ledger { () throws(LedgerError) in try store.leaf(leaf) })
      }
      let expected = try attesting { () throws(AttestationError) in try StatementLeaves(bundle) }
      if let problem = expected.problem(leaves, origin: workspace.verifierKey.name) {
        return Finding(step, .failed, problem)
      }
      guard let trust else {
        return Finding(
          step, .untrusted, "integrity only, signer unknown: there is no trust file to judge it by")
      }
      return judge(bundle, uses, trust, step)
    } catch {
      return Finding(
        step, error.category == .incomplete ? .missing : .failed, error.description)
    }
  }

  /// Whether a key counted is a matter of when the patch was used, which the leaf records.
  private func judge(
    _ bundle: KeptBundle, _ uses: [LedgerState.Step], _ trust: TrustFile, _ step: String
  ) -> Finding {
    var signers: [String] = []
    for use in uses {
      let revoked = Set(state.revokedKeys(at: use.leaf).keys)
      switch trust.verdict(on: bundle.envelope, role: .artifact, at: use.time, revoked: revoked) {
      case .trusted(let names): signers = names
      case .outsideWindow(let name):
        return Finding(
          step, .failed, "signed by \(name), whose key did not count when the patch was used")
      case .revoked(let name):
        return Finding(
          step, .failed,
          "used at leaf \(use.leaf), signed by \(name) with a key that did not count any more")
      case .unknownSigner:
        return Finding(step, .untrusted, "signed by no one whom the trust file names")
      case .invalid(let what): return Finding(step, .failed, what)
      case .belowThreshold(let have, let need):
        return Finding(
          step, .untrusted,
          TrustFile.shortfall(have: have, need: need)
        )
      }
    }
    return Finding(step, .passed, "signed by \(signers.joined(separator: ", "))")
  }

  /// The patch file itself, which taking back and `--deep` need.
  private func file(_ patch: Digest) -> Finding {
    let step = "artifact \(patch.hex.prefix(12))"
    let path = workspace.artifactPath(patch)
    do throws(StorageError) {
      guard try FileStatus.ifExists(path) != nil else {
        return Finding(step, .missing, "\(path) is not there")
      }
      let found = try SHA256.digest(ofFile: path)
      guard found == patch else {
        return Finding(
          step, .failed,
          "\(path): not the file that was signed: expected sha256 \(patch), found \(found)")
      }
      return Finding(step, .passed, "the patch is the file that was signed")
    } catch { return Finding(step, .missing, error.description) }
  }
}
