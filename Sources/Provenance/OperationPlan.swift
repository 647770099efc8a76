import Ledger
public import Patching
import Safetensors
public import Storage

/// What an operation would read, write and record, for people who decide whether to start it.
public struct OperationPlan: Sendable {
  /// The root of the model as it is.
  public var before: Digest
  /// The root that the model will have; nil where it is known only once it is computed.
  public var after: Digest?
  /// What changes in the model's own files.
  public var writes: [WriteCost] = []
  /// How many bytes are written to new files.
  public var newByteCount = 0
  /// How many bytes are hashed.
  public var hashedByteCount = 0
  /// How much free space is needed.
  public var neededByteCount = 0
  /// How much there is, where it is needed.
  public var freeByteCount = 0
  /// The leaves that will be appended, in order.
  public var leaves: [String] = []
  /// The trusted signers.
  public var signers: [String] = []

  /// How many bytes the ledger and small files are given besides.
  static let margin = 1 << 20
}

extension ApplyPlan {
  /// What applying would do.
  ///
  /// - Parameter output: The new folder; nil for in place.
  public func summary(
    _ patch: borrowing SignedPatch, output: String?, verification: PatchTarget.Verification,
    workspace: Workspace
  ) throws(ProvenanceError) -> OperationPlan {
    var plan = OperationPlan(before: base.root, after: target.statement.resultRoot)
    let (total, shards) = (target.checkpoint.byteCount, target.shardByteCount)
    let touched = target.touchedByteCount
    if model == nil { plan.leaves.append(LeafType.modelRegistered.rawValue) }
    if let output {
      plan.newByteCount = total + patch.file.bytes.byteCount
      plan.hashedByteCount = (verification == .full ? total : touched) + shards
      plan.neededByteCount = total
      plan.freeByteCount = try storing { () throws(StorageError) in
        try Folder.freeByteCount(at: Paths.parent(of: output))
      }
      plan.leaves += [LeafType.modelRegistered.rawValue, LeafType.patchApplied.rawValue]
    } else {
      plan.writes = target.writeCosts(values)
      plan.newByteCount = 2 * patch.file.bytes.byteCount
      plan.hashedByteCount = verification == .full ? total + shards : 2 * touched
      plan.neededByteCount = Workspace.spaceInPlace(patch)
      plan.freeByteCount = try storing { () throws(StorageError) in
        try Folder.freeByteCount(at: workspace.path)
      }
      plan.leaves += [LeafType.patchIntent.rawValue, LeafType.patchApplied.rawValue]
    }
    plan.signers = signers
    return plan
  }
}

extension RollbackPlan {
  /// What taking the patch back would do.
  public func summary(workspace: Workspace) throws(ProvenanceError) -> OperationPlan {
    var plan = OperationPlan(
      before: before.root, after: leadsToBase ? patch.statement.base.root : nil)
    plan.writes = target.writeCosts(inverse)
    plan.newByteCount = patch.file.bytes.byteCount
    plan.hashedByteCount =
      target.checkpoint.byteCount + (leadsToBase ? 1 : 2) * target.shardByteCount
    plan.neededByteCount = patch.file.bytes.byteCount + OperationPlan.margin
    plan.freeByteCount = try storing { () throws(StorageError) in
      try Folder.freeByteCount(at: workspace.path)
    }
    plan.leaves = [LeafType.patchIntent.rawValue, LeafType.patchRolledBack.rawValue]
    return plan
  }
}

extension Workspace {
  /// How much room applying in place takes: the kept patch, the undo capsule, the signed bundle.
  static func spaceInPlace(_ patch: borrowing SignedPatch) -> Int {
    2 * (patch.file.bytes.byteCount + patch.bundleBytes.count) + OperationPlan.margin
  }
}
