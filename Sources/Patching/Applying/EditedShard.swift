import Attestation
import Safetensors
import Storage

/// A shard as it will be, streamed in file order: the old bytes with the new values laid over them.
struct EditedShard {
  private static let windowByteCount = 1 << 20

  let header: Header
  let fileByteCount: Int
  /// The edits of this shard, in file order.
  let edits: [BoundEdit]

  init(_ shard: Checkpoint.Shard, index: Int, edits: [BoundEdit]) {
    header = shard.header
    fileByteCount = shard.status.byteCount
    self.edits = edits.filter { $0.shard == index }
      .sorted { $0.info.dataRange.lowerBound < $1.info.dataRange.lowerBound }
  }

  /// Where a tensor lies in the file.
  func fileRange(_ edit: BoundEdit) -> Range<Int> {
    header.dataOffset + edit.info.dataRange.lowerBound..<header.dataOffset
      + edit.info.dataRange.upperBound
  }

  /// Calls `body` with each window of the result.
  ///
  /// - Parameter body: Takes where the window begins, its bytes, and the part of it that is edited.
  func forEachWindow(
    of source: borrowing Descriptor, patch: borrowing PatchFile,
    _ body: (_ offset: Int, _ bytes: RawSpan, _ dirty: Range<Int>?) throws(StorageError) -> Void
  ) throws(StorageError) {
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
  func digest(of source: borrowing Descriptor, patch: borrowing PatchFile, advance: (Int) -> Void)
    throws(StorageError) -> Digest
  {
    var hash = SHA256()
    try forEachWindow(of: source, patch: patch) { _, bytes, _ in
      hash.update(bytes)
      advance(bytes.byteCount)
    }
    return hash.finalize()
  }

  /// Writes the new values into the file itself, in windows in file order, and flushes it.
  ///
  /// - Complexity: O(bytes of the windows that hold an edit); memory is one window.
  func write(into file: borrowing Descriptor, patch: borrowing PatchFile, advance: (Int) -> Void)
    throws(StorageError)
  {
    var buffer = [UInt8](repeating: 0, count: Self.windowByteCount)
    for edit in edits {
      let place = fileRange(edit)
      for lower in stride(from: 0, to: place.count, by: Self.windowByteCount) {
        let window = lower..<min(place.count, lower + Self.windowByteCount)
        if let dirty = patch.dirtyRange(of: edit.parts, in: window) {
          let start = place.lowerBound + dirty.lowerBound
          try file.readExactly(into: &buffer, count: dirty.count, at: start)
          patch.overlay(edit, on: &buffer, holding: dirty, bufferStart: 0)
          try file.write(buffer.rawSpan.extracting(first: dirty.count), at: start)
        }
        advance(window.count)
      }
    }
    try file.synchronize()
  }
}
