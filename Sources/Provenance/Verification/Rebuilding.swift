import Ledger
import Patching
import Safetensors
import Storage

/// What a model is made anew from.
public struct RebuildingSource: Sendable {
  /// A copy of the model as it was registered; nil where undo capsules must do.
  public var base: String?
  /// Where a patched copy may lie meanwhile.
  public var scratch: String

  /// Names the folders.
  public init(base: String?, scratch: String) {
    self.base = base
    self.scratch = scratch
  }
}

/// Makes the states of a model anew from its base and the kept patches, and compares each with the chain.
///
/// Statements say what a patch makes of a model; this is the test that it does.
struct Rebuilding {
  private let workspace: Workspace
  private let store: LedgerStore
  private let state: LedgerState
  private let source: RebuildingSource
  private let surroundings: Surroundings
  private static let step = "deep"

  init(
    _ workspace: Workspace, _ store: LedgerStore, _ state: LedgerState, _ source: RebuildingSource,
    _ surroundings: Surroundings
  ) {
    self.workspace = workspace
    self.store = store
    self.state = state
    self.source = source
    self.surroundings = surroundings
  }

  /// What making a model anew has come to.
  func finding(_ model: LedgerState.Model?, folder: String) -> Finding {
    guard let model else {
      return Finding(Self.step, .missing, "the model is not from this ledger")
    }
    do throws(ProvenanceError) {
      if let base = source.base { return try forwards(model, from: base, folder) }
      return try backwards(model, from: folder)
    } catch {
      let isGap = error.category == .incomplete || error.category == .inputOutput
      return Finding(Self.step, isGap ? .missing : .failed, error.description)
    }
  }

  private func digest(_ checkpoint: Safetensors.Checkpoint) throws(ProvenanceError) -> ModelDigest {
    let (total, surroundings) = (checkpoint.byteCount, surroundings)
    return try patching { () throws(PatchError) in
      try ModelDigest(checkpoint) { surroundings.progress("rebuilding", $0, total) }
    }
  }

  // MARK: From the base.

  private func forwards(_ model: LedgerState.Model, from base: String, _ folder: String)
    throws(ProvenanceError) -> Finding
  {
    let checkpoint = try readingModel(base)
    let digest = try digest(checkpoint)
    guard digest.root == model.steps[0].root else {
      return Finding(
        Self.step, .failed,
        "\(base): not the model that was registered (leaf \(model.steps[0].leaf)): expected root \(model.steps[0].root), found \(digest.root)"
      )
    }
    var copy = RebuiltCopy(of: checkpoint, in: source.scratch)
    defer { copy.remove() }
    var applied: [Digest] = []
    var last = digest
    for step in model.steps.dropFirst() {
      guard let patch = step.patch else { continue }
      if step.takesBack { applied.removeAll { $0 == patch } } else { applied.append(patch) }
      last = try state(after: applied, digest, &copy)
      guard last.root == step.root else {
        return Finding(
          Self.step, .failed,
          "leaf \(step.leaf) (\(step.event)): the patches make the root \(last.root) of the base, the leaf and its statement say \(step.root)"
        )
      }
    }
    let found = try self.digest(try readingModel(folder))
    guard found == last else {
      return Finding(
        Self.step, .failed,
        "the patches make the root \(last.root) of the base, the model is at \(found.root)")
    }
    return Finding(
      Self.step, .passed,
      "made anew from \(base) by \(applied.count) patch(es), through \(model.steps.count - 1) state(s): each is what the chain says, the last is the model"
    )
  }

  /// The files that the base becomes by patches in order; all but the last are written into a copy.
  private func state(after patches: [Digest], _ base: ModelDigest, _ copy: inout RebuiltCopy)
    throws(ProvenanceError) -> ModelDigest
  {
    guard let last = patches.last else { return base }
    let earlier = Array(patches.dropLast())
    if !earlier.starts(with: copy.patches) { copy.remove() }
    for patch in earlier[copy.patches.count...] {
      let signed = try workspace.keptPatch(patch, state, store)
      try copy.write(signed)
    }
    let signed = try workspace.keptPatch(last, state, store)
    return try copy.effect(of: signed)
  }

  // MARK: From undo capsules.

  /// Takes patches back in a copy, from the last one on, as far as their capsules are kept.
  private func backwards(_ model: LedgerState.Model, from folder: String) throws(ProvenanceError)
    -> Finding
  {
    let gap = "base not given (--base), and "
    guard let applied = model.applied.last else {
      return model.steps.contains { $0.patch != nil }
        ? Finding(Self.step, .missing, gap + "no patch is applied that could be taken back")
        : Finding(Self.step, .passed, "no patch has been applied")
    }
    guard model.applied.count == 1, applied.before == model.steps[0].root,
      applied.after == model.head
    else {
      return Finding(
        Self.step, .missing, gap + "\(model.applied.count) patches lie between it and the model")
    }
    guard
      let key = try ledger({ () throws(LedgerError) in try store.undoKey(applied.capsule) })
    else {
      return Finding(
        Self.step, .missing, gap + "the undo capsule of the patch \(applied.patch) is destroyed")
    }
    let checkpoint = try readingModel(folder)
    let signed = try workspace.keptPatch(applied.patch, state, store)
    let inverse = try patching { () throws(PatchError) in
      try UndoCapsule.open(workspace.capsulePath(applied.capsule), key: key)
    }
    let scratch = source.scratch
    let values = try patching { () throws(PatchError) in
      try signed.file.values(against: checkpoint, over: inverse, scratch: scratch)
    }
    let former: PatchEffect
    do throws(PatchError) {
      let target = try PatchTarget(
        patch: values, signedAs: signed.file.digest, statement: signed.statement,
        checkpoint: checkpoint)
      // The model holds the patch's values, and with the former ones in their place it is the base.
      try target.checkTouched(values, are: .result)
      try target.checkInverse(inverse)
      former = try target.effect(of: inverse)
    } catch { throw ProvenanceError(error) }
    guard former.base.root == model.head, former.result == signed.statement.base else {
      return Finding(
        Self.step, .failed,
        "without the patch \(applied.patch) the model has the root \(former.result.root), the statement says \(signed.statement.base.root)"
      )
    }
    return Finding(
      Self.step, .passed,
      "with the values of the undo capsule in place of the patch's the model is the one that was registered"
    )
  }
}
