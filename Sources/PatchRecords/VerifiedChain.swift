public import Ledger
public import Patching
public import Storage

/// The states of a model, each held against the signed statement that leads to it.
///
/// A state that no statement names, after a patch was taken out from among others, is computed anew from the files
/// that its leaf names.
public struct VerifiedChain: Sendable {
  /// A patch that was taken out from among others.
  public struct TakenOut: Sendable {
    /// The patch.
    public let patch: Digest
    /// The patches applied after it, which must touch other bytes; only the patch files can show that.
    public let later: [Digest]
    /// The leaf that says so.
    public let leaf: Int
  }

  /// The patches that were taken out from among others: each leads to a state that no statement names.
  public private(set) var takenOut: [TakenOut] = []
  /// The files of the states, by the place of the step; of a model that was never patched they are not told.
  public private(set) var files: [Int: ModelDigest] = [:]
  /// The patches that are applied, in order.
  private var applied: [Digest] = []

  /// Checks all steps of a model.
  ///
  /// - Parameter statements: The signed statements of the model's patches.
  public init(_ model: LedgerState.Model, statements: [Digest: PatchStatement]) throws(PatchError) {
    for (place, step) in model.steps.enumerated().dropFirst() {
      let before = model.steps[place - 1]
      guard let digest = step.patch else { continue }
      guard let statement = statements[digest] else {
        throw PatchError(.mismatch("there is no signed statement of the patch \(digest)"))
      }
      let (base, result) = (statement.base, statement.result)
      if !step.takesBack {
        guard before.root == base.root, step.root == result.root else { throw Self.other(step) }
        // The root has the files' digests in order, and not their names.
        if let known = files[place - 1], known != base {
          throw PatchError(
            .mismatch(
              "leaf \(step.leaf): the signed statement names other files than the one before"))
        }
        (files[place - 1], files[place]) = (base, result)
        applied.append(digest)
      } else if step.changed.isEmpty {
        guard before.root == result.root, step.root == base.root else { throw Self.other(step) }
        files[place] = base
        applied.removeAll { $0 == digest }
      } else {
        files[place] = try takeOut(statement, step, files[place - 1])
      }
    }
  }

  private static func other(_ step: LedgerState.Step) -> PatchError {
    PatchError(.mismatch("leaf \(step.leaf) says other roots than the signed statement"))
  }

  /// The files after a patch was taken out from among others.
  private mutating func takeOut(
    _ statement: PatchStatement, _ step: LedgerState.Step, _ before: ModelDigest?
  ) throws(PatchError) -> ModelDigest {
    let digest = statement.patchDigest
    guard let known = before, let index = applied.firstIndex(of: digest) else {
      throw Self.other(step)
    }
    let touched = Set(statement.edits.map { ByteString($0.file) })
    var changed: [ModelDigest.File] = []
    for change in step.changed {
      guard known.files.indices.contains(change.file) else {
        throw PatchError(
          .mismatch("leaf \(step.leaf) names file \(change.file) of \(known.files.count)"))
      }
      let name = known.files[change.file].name
      guard touched.contains(ByteString(name)) else {
        throw PatchError(
          .mismatch("leaf \(step.leaf) changes \(name), which the patch does not touch"))
      }
      changed.append(ModelDigest.File(name: name, digest: change.digest))
    }
    let after = known.replacing(changed)
    guard after.root == step.root else {
      throw PatchError(
        .mismatch("leaf \(step.leaf) says the root \(step.root), its files make \(after.root)"))
    }
    takenOut.append(
      TakenOut(patch: digest, later: Array(applied[(index + 1)...]), leaf: step.leaf))
    applied.remove(at: index)
    return after
  }
}
