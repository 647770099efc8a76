public import Architecture
import Attestation
public import Safetensors
public import Storage

/// Describes a finished patch file against its base: reads and hashes, decides nothing.
public struct StatementBuilder {
  /// The request that the patch answers; nil where there is none.
  public var request: String?
  /// The origin of the ledger that the request is in.
  public var ledgerOrigin: String?
  /// How the values were made.
  public var method: PatchMethod
  /// What was measured of the effect.
  public var metrics: PatchMetrics

  /// Names what the files don't tell.
  public init(
    method: PatchMethod, metrics: PatchMetrics = .none, request: String? = nil,
    ledgerOrigin: String? = nil
  ) {
    self.method = method
    self.metrics = metrics
    self.request = request
    self.ledgerOrigin = ledgerOrigin
  }

  /// Reads base and patch and says what the one becomes by the other.
  ///
  /// - Parameters:
  ///   - patch: The patch with its values as they are.
  ///   - patchName: The name of the file that will be signed.
  ///   - compressed: Its digest and encoding, where it is another file than `patch`.
  ///   - baseDigest: The digests of the base, where they are known; else its files are hashed.
  ///   - advance: Told of the bytes hashed since the last call, from any thread.
  public func describe(
    _ patch: borrowing PatchFile, named patchName: String,
    compressed: (digest: Digest, encoding: PatchEncoding)? = nil, base: Checkpoint,
    baseDigest: ModelDigest? = nil, map: UnitMap?,
    advance: @Sendable (Int) -> Void = { _ in }
  ) throws(PatchError) -> PatchStatement {
    let edits = try patch.bind(to: base)
    let records = try records(of: patch, edits, base)
    let effect = try PatchEffect(base, patch, edits, base: baseDigest, advance: advance)
    return PatchStatement(
      patchName: patchName, patchDigest: compressed?.digest ?? patch.digest(),
      encoding: compressed?.encoding ?? .replace, request: request,
      ledgerOrigin: ledgerOrigin, base: effect.base, resultRoot: effect.result.root,
      resultFiles: effect.changed, edits: records,
      units: patch.touchedUnits(edits, map: map, checkpoint: base), method: method,
      metrics: metrics)
  }

  /// The records of all parts, in the order of the files, with the touched bytes as the base has them.
  private func records(
    of patch: borrowing PatchFile, _ edits: [BoundEdit], _ base: Checkpoint
  ) throws(PatchError) -> [PatchStatement.Edit] {
    let parts = edits.flatMap { edit in edit.parts.map { (edit, $0) } }
    return try storing { () throws(StorageError) in
      try Parallel.map(parts.count) { number throws(StorageError) in
        let (edit, part) = parts[number]
        let shard = base.shards[edit.shard]
        let file = try Descriptor(base.fullPath(shard.name), .read)
        var touched = TouchedBytes()
        let before = try touched.digest(
          part, of: patch, in: file,
          tensorStart: shard.header.fileRange(of: edit.info).lowerBound)
        return patch.record(part, of: edit, shard: shard.name, before: before)
      }
    }
  }
}

extension PatchFile {
  /// What the statement says of one part.
  func record(_ part: BoundPart, of edit: BoundEdit, shard: String, before: Digest)
    -> PatchStatement.Edit
  {
    PatchStatement.Edit(
      file: shard, tensor: edit.info.name, dtype: edit.info.dtype, shape: edit.info.shape,
      kind: part.kind, count: part.part.count,
      indices: part.part.indices == nil ? nil : SHA256.digest(of: indexBytes(part.part)),
      before: before, after: digestAfter(part, of: edit))
  }
}
