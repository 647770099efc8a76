import Attestation
import Safetensors
import Storage

/// A shard as it will be, streamed in file order: the old bytes with the new values laid over them.
struct EditedShard {
  private static let windowByteCount = 1 << 20

  let header: Header
  /// What the file system said of the file when its header was read.
  let status: FileStatus
  /// The edits of this shard, in file order.
  let edits: [BoundEdit]

  init(_ shard: Checkpoint.Shard, index: Int, edits: [BoundEdit]) {
    header = shard.header
    status = shard.status
    self.edits = edits.filter { $0.shard == index }
      .sorted { $0.info.dataRange.lowerBound < $1.info.dataRange.lowerBound }
  }

  /// Where a tensor lies in the file.
  func fileRange(_ edit: BoundEdit) -> Range<Int> {
    header.fileRange(of: edit.info)
  }

  /// Calls `body` with each window of the result.
  ///
  /// - Parameter body: Takes where the window begins, its bytes, and the part of it that is edited.
  func forEachWindow(
    of source: borrowing Descriptor, patch: borrowing PatchFile,
    _ body: (_ offset: Int, _ bytes: RawSpan, _ dirty: Range<Int>?) throws(StorageError) -> Void
  ) throws(StorageError) {
    let fileByteCount = status.byteCount
    var buffer = [UInt8](repeating: 0, count: Self.windowByteCount)
    var next = 0
    for offset in stride(from: 0, to: fileByteCount, by: Self.windowByteCount) {
      let window = offset..<min(fileByteCount, offset + Self.windowByteCount)
      try source.readExactly(into: &buffer, count: window.count, at: offset)
      var dirty: Range<Int>?
      while next < edits.count, fileRange(edits[next]).upperBound <= window.lowerBound {
        next += 1
      }
      var index = next
      while index < edits.count, fileRange(edits[index]).lowerBound < window.upperBound {
        let (edit, place) = (edits[index], fileRange(edits[index]))
        let inside = place.clamped(to: window)
        let range = inside.lowerBound - place.lowerBound..<inside.upperBound - place.lowerBound
        if let touched = patch.dirtyRange(of: edit.parts, in: range) {
          patch.overlay(
            edit, on: &buffer, holding: touched,
            bufferStart: place.lowerBound
              + touched.lowerBound - window.lowerBound)
          let found =
            place.lowerBound + touched.lowerBound..<place.lowerBound + touched.upperBound
          dirty =
            dirty.map {
              min($0.lowerBound, found.lowerBound)..<max($0.upperBound, found.upperBound)
            }
            ?? found
        }
        index += 1
      }
      try body(offset, buffer.rawSpan.extracting(first: window.count), dirty)
    }
  }

  /// The digest that the file will have.
  func digest(
    of source: borrowing Descriptor, patch: borrowing PatchFile, advance: @Sendable (Int) -> Void
  ) throws(StorageError) -> Digest {
    var hash = SHA256()
    try forEachWindow(of: source, patch: patch) { _, bytes, _ in
      hash.update(bytes)
      advance(bytes.byteCount)
    }
    return hash.finalize()
  }

  /// A piece of writing: a range of one edit's tensor.
  private struct Piece {
    var edit: BoundEdit
    var range: Range<Int>
  }

  /// How much of a tensor one thread writes before it takes the next piece.
  private static let pieceByteCount = 16 << 20

  /// Writes the new values into the file itself, in windows in file order, and flushes it.
  ///
  /// - Complexity: O(bytes of the windows that hold an edit); memory is one window a core.
  func write(
    into file: borrowing Descriptor, patch: borrowing PatchFile,
    advance: @Sendable (Int) -> Void
  ) throws(StorageError) {
    let pieces = edits.flatMap { edit in
      stride(from: 0, to: edit.info.byteCount, by: Self.pieceByteCount).map { lower in
        Piece(edit: edit, range: lower..<min(edit.info.byteCount, lower + Self.pieceByteCount))
      }
    }
    _ = try Parallel.map(pieces.count) { index throws(StorageError) in
      try write(pieces[index], into: file, patch: patch, advance: advance)
    }
    try file.synchronize()
  }

  private func write(
    _ piece: Piece, into file: borrowing Descriptor, patch: borrowing PatchFile,
    advance: @Sendable (Int) -> Void
  ) throws(StorageError) {
    var buffer = [UInt8](repeating: 0, count: Self.windowByteCount)
    let place = fileRange(piece.edit)
    for lower in stride(
      from: piece.range.lowerBound, to: piece.range.upperBound, by: Self.windowByteCount)
    {
      let window = lower..<min(piece.range.upperBound, lower + Self.windowByteCount)
      if let dirty = patch.dirtyRange(of: piece.edit.parts, in: window) {
        let start = place.lowerBound + dirty.lowerBound
        try file.readExactly(into: &buffer, count: dirty.count, at: start)
        patch.overlay(piece.edit, on: &buffer, holding: dirty, bufferStart: 0)
        try file.write(buffer.rawSpan.extracting(first: dirty.count), at: start)
        file.startWriteback(start..<start + dirty.count)
      }
      advance(window.count)
    }
    for part in piece.edit.parts {
      guard let values = patch.extent(of: part, in: piece.range)?.values else { continue }
      patch.releaseValues(part.part, values, isLast: true)
    }
  }
}
