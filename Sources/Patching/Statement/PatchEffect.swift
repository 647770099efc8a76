import Attestation
import Safetensors
import Storage

/// The digests of a model as it is and as a patch makes it, both read in one pass over the cores.
///
/// Nothing is written: the result is the old bytes with the new values laid over them.
public struct PatchEffect: Sendable {
  /// All files as they are.
  public let base: ModelDigest
  /// The files that become others, as they will be.
  public let changed: [ModelDigest.File]

  /// All files as they will be.
  public var result: ModelDigest { base.replacing(changed) }

  /// - Parameters:
  ///   - edits: The patch's edits, bound to the checkpoint.
  ///   - known: The digests of the files as they are, where they have been computed.
  ///   - advance: Told of the bytes hashed since the last call, from any thread.
  init(
    _ checkpoint: Checkpoint, _ patch: borrowing PatchFile, _ edits: [BoundEdit],
    base known: ModelDigest? = nil, advance: @Sendable (Int) -> Void
  ) throws(PatchError) {
    let shards = checkpoint.shards.indices.map {
      EditedShard(checkpoint.shards[$0], index: $0, edits: edits)
    }
    let touched = Dictionary(
      zip(checkpoint.shards.map(\.name), shards).filter { !$1.edits.isEmpty },
      uniquingKeysWith: { first, _ in first })
    // A file's two digests are neighbours, so that it is read from the disk once; large files come first.
    var tasks: [(name: String, edited: EditedShard?)] = []
    for entry in checkpoint.files.sorted(by: { $0.status.byteCount > $1.status.byteCount }) {
      if known == nil { tasks.append((entry.name, nil)) }
      if let edited = touched[entry.name] { tasks.append((entry.name, edited)) }
    }
    let digests = try storing { () throws(StorageError) in
      try Parallel.map(tasks.count) { [tasks] number throws(StorageError) in
        let (name, edited) = tasks[number]
        let path = checkpoint.fullPath(name)
        guard let edited else {
          return try SHA256.digest(ofFile: path, progress: advance)
        }
        let file = try Descriptor(path, .read)
        let digest = try edited.digest(of: file, patch: patch, advance: advance)
        guard try file.status() == edited.status else {
          throw StorageError(.changedUnderneath, path: path)
        }
        return digest
      }
    }
    var base: [ModelDigest.File] = []
    var after: [ModelDigest.File] = []
    for ((name, edited), digest) in zip(tasks, digests) {
      let file = ModelDigest.File(name: name, digest: digest)
      if edited == nil { base.append(file) } else { after.append(file) }
    }
    let digest = known ?? ModelDigest(files: base)
    self.base = digest
    changed = after.filter { digest[$0.name] != $0.digest }
  }
}

extension PatchTarget {
  /// Reads what the model is and what the patch, or its inverse, makes of it.
  ///
  /// - Parameter known: The digests of the files as they are, where they have been computed.
  public func effect(
    of patch: borrowing PatchFile, base known: ModelDigest? = nil,
    advance: @Sendable (Int) -> Void = { _ in }
  ) throws(PatchError) -> PatchEffect {
    try PatchEffect(checkpoint, patch, edits, base: known, advance: advance)
  }
}
