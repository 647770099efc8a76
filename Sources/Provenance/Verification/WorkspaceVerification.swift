import Attestation
public import Ledger
import PatchRecords
import Storage

/// The part of the walk that needs no model: whom the verifier trusts, the log, and what it names.
public struct WorkspaceVerification: Sendable {
  /// The steps, in order.
  public private(set) var findings: [Finding] = []
  /// What the leaves add up to; nil where they can't be read.
  public private(set) var state: LedgerState?
  /// The states of each model, by its identity, where they follow from signed statements.
  private(set) var chains: [String: VerifiedChain] = [:]
  private(set) var store: LedgerStore?
  private(set) var trust: TrustFile?

  /// Walks a workspace.
  ///
  /// - Parameter trustPath: The trust file; the workspace's own where it is nil.
  public init(_ workspace: Workspace, trustPath: String?, _ surroundings: Surroundings)
    throws(ProvenanceError)
  {
    readTrust(trustPath ?? workspace.trustPath)
    guard
      try storing({ () throws(StorageError) in try FileStatus.ifExists(workspace.ledgerPath) })
        != nil
    else {
      findings.append(
        LedgerVerification.ofMissingLedger(workspace.verifierKey, pins: workspace.pins))
      return
    }
    let store = try workspace.openLedger(.read)
    self.store = store
    let log = LedgerVerification(store, pins: workspace.pins)
    findings += log.findings
    findings += log.keys.findings(trust?.logKeys ?? [], treeSize: log.state?.count)
    findings += store.witnessFindings(
      workspace.cosigned, policy: trust?.witnesses ?? WitnessPolicy())
    guard let state = log.state else { return }
    self.state = state
    if let finding = trust?.signerFinding(state) { findings.append(finding) }
    findings +=
      PatchEvidence(workspace: workspace, store: store, state: state, trust: trust).findings()
    checkChains(state, workspace, store, surroundings)
    findings.append(store.disclosureFinding(state, at: surroundings.now))
    findings.append(state.requestFinding(at: surroundings.now))
  }

  private mutating func readTrust(_ path: String) {
    let step = "trust file"
    do throws(AttestationError) {
      let isThere: Bool
      do throws(StorageError) { isThere = try FileStatus.ifExists(path) != nil } catch {
        throw AttestationError(storage: error)
      }
      guard isThere else {
        findings.append(
          Finding(
            step, .untrusted, "integrity only, signers unknown: there is no trust file \(path)"))
        return
      }
      let file = try TrustFile(path: path)
      trust = file
      findings.append(
        Finding(step, .passed, "\(file.logs.count) log(s), \(file.signers.count) signer(s)"))
    } catch { findings.append(Finding(step, .failed, error.description)) }
  }

  /// The states of each model follow from the signed statements; and whether its patches can be taken back.
  private mutating func checkChains(
    _ state: LedgerState, _ workspace: Workspace, _ store: LedgerStore, _ surroundings: Surroundings
  ) {
    for model in state.models where model.steps.contains(where: { $0.patch != nil }) {
      let step = "chain \(model.id.dropFirst(9).prefix(8))"
      do throws(ProvenanceError) {
        let chain = try VerifiedChain(model, workspace, store, state)
        chains[model.id] = chain
        let note =
          chain.takenOut.isEmpty
          ? "" : ", \(chain.takenOut.count) of them by the files that their leaves name"
        findings.append(
          Finding(
            step, .passed, "\(model.steps.count - 1) states follow from signed statements\(note)"))
      } catch {
        findings.append(
          Finding(
            step, error.category == .incomplete ? .missing : .failed, error.description))
      }
      for applied in model.applied {
        findings.append(undo(applied, workspace, store, surroundings))
      }
    }
  }

  /// Whether an applied patch can be taken back as the log says: its key and its capsule are there.
  private func undo(
    _ applied: LedgerState.Applied, _ workspace: Workspace, _ store: LedgerStore,
    _ surroundings: Surroundings
  ) -> Finding {
    let step = "undo \(applied.patch.hex.prefix(12))"
    let standing = applied.standing(at: surroundings.now)
    if applied.destroyed != nil { return Finding(step, .passed, standing) }
    do throws(ProvenanceError) {
      let key = try ledger { () throws(LedgerError) in try store.undoKey(applied.capsule) }
      let capsule = workspace.capsulePath(applied.capsule)
      let file = try storing { () throws(StorageError) in try FileStatus.ifExists(capsule) }
      if key == nil || file == nil {
        let what = key == nil ? "the key of its undo capsule" : "its undo capsule"
        return Finding(
          step, .missing, "\(standing), by the log; \(what) is gone, and no leaf says so")
      }
      return Finding(step, .passed, standing)
    } catch { return Finding(step, .failed, error.description) }
  }
}
