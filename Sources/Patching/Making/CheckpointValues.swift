public import Safetensors
import Storage
import Synchronization

/// The tensors of a checkpoint as bytes; each shard is mapped once.
public final class CheckpointValues: ValueSource, Sendable {
  private final class MappedShard: Sendable {
    let file: TensorFile
    /// What was read and is still mapped.
    private let recent = Mutex(0..<0)

    init(_ file: consuming TensorFile) { self.file = file }

    /// Takes note of a range that was read; lets go of those before it once it is in another folio.
    ///
    /// Runs are often smaller than a folio, and each brings in all of it: were only the folios let go of that a run fills,
    /// none would be.
    func note(_ range: Range<Int>) {
      let folio = MappedFile.folioByteCount
      recent.withLock { recent in
        let isNear = range.lowerBound / folio == recent.upperBound / folio
        if isNear, recent.lowerBound <= range.lowerBound {
          recent = recent.lowerBound..<max(recent.upperBound, range.upperBound)
        } else {
          file.releasePages(
            recent.lowerBound..<(recent.upperBound + folio - 1) / folio * folio, isLast: true)
          recent = range
        }
        // Of a long range what lies before its last folio.
        file.releasePages(recent)
        recent = max(recent.lowerBound, recent.upperBound / folio * folio)..<recent.upperBound
      }
    }
  }

  private let checkpoint: Checkpoint
  private let shards: [MappedShard]

  /// Maps all shards of a checkpoint.
  ///
  /// - Throws: Where a shard's header is no longer what it was when the checkpoint was read.
  public init(_ checkpoint: Checkpoint) throws(PatchError) {
    self.checkpoint = checkpoint
    var shards: [MappedShard] = []
    for shard in checkpoint.shards {
      let path = checkpoint.fullPath(shard.name)
      let file = try reading { () throws(TensorFileError) in try TensorFile(path: path) }
      guard file.header == shard.header else {
        throw PatchError(.storage(StorageError(.changedUnderneath, path: path)))
      }
      shards.append(MappedShard(file))
    }
    self.shards = shards
  }

  /// Gives the bytes as they are in the checkpoint.
  public func forEachPiece<Failure: Error>(
    of tensor: TensorInfo, in range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    guard let place = checkpoint[tensor.name] else { return }
    let file = shards[place.shard]
    try file.file.withBytes(of: place.info) { (bytes) throws(Failure) in
      try body(bytes.extracting(range))
    }
    // What is read goes into the patch and is not needed again.
    let start = file.file.fileRange(of: place.info).lowerBound
    file.note(start + range.lowerBound..<start + range.upperBound)
  }
}
