import Attestation
import Safetensors
import Storage

/// Reads the bytes that a part of an edit touches, in the order of the part's values.
///
/// Reads windows of a descriptor, not a mapping: memory stays at one window whatever the model, and a file
/// that is cut short meanwhile is an error.
struct TouchedBytes: ~Copyable {
  /// How much is read at once.
  static let windowByteCount = 1 << 20

  private var buffer = [UInt8](repeating: 0, count: windowByteCount)

  /// Calls `body` with the touched bytes as they are on disk.
  ///
  /// - Parameter start: Where the tensor begins in the file.
  mutating func forEach(
    _ bound: BoundPart, of patch: borrowing PatchFile, in file: borrowing Descriptor,
    tensorStart start: Int, _ body: (RawSpan) throws(StorageError) -> Void
  ) throws(StorageError) {
    let byteCount = bound.runs.geometry.byteCount
    for lower in stride(from: 0, to: byteCount, by: Self.windowByteCount) {
      let window = lower..<min(byteCount, lower + Self.windowByteCount)
      guard let dirty = patch.dirtyRange(of: [bound], in: window) else { continue }
      try file.readExactly(into: &buffer, count: dirty.count, at: start + dirty.lowerBound)
      let bytes = buffer.rawSpan
      try patch.forEachRun(of: bound, in: dirty) { (range, _) throws(StorageError) in
        try body(
          bytes.extracting(
            range.lowerBound - dirty.lowerBound..<range.upperBound - dirty.lowerBound))
      }
    }
  }

  /// The digest of the touched bytes as they are on disk.
  mutating func digest(
    _ bound: BoundPart, of patch: borrowing PatchFile, in file: borrowing Descriptor,
    tensorStart start: Int
  ) throws(StorageError) -> Digest {
    var hash = SHA256()
    try forEach(bound, of: patch, in: file, tensorStart: start) { hash.update($0) }
    return hash.finalize()
  }
}

extension PatchFile {
  /// The smallest range of a window that holds all its runs; nil where the window has none.
  func dirtyRange(of parts: [BoundPart], in window: Range<Int>) -> Range<Int>? {
    var dirty: Range<Int>?
    for part in parts {
      forEachRun(of: part, in: window) { range, _ in
        dirty =
          dirty.map {
            min($0.lowerBound, range.lowerBound)..<max($0.upperBound, range.upperBound)
          } ?? range
      }
    }
    return dirty
  }

  /// Puts the new values of a tensor into a buffer that holds a range of the tensor's old bytes.
  ///
  /// - Parameter bufferStart: Where in the buffer the range begins.
  func overlay(
    _ edit: BoundEdit, on buffer: inout [UInt8], holding range: Range<Int>, bufferStart: Int
  ) {
    // In the order of writing: where a row and a column cross, the row comes last and has it.
    for part in edit.parts {
      let values = valueBytes(part.part)
      forEachRun(of: part, in: range) { run, valueOffset in
        buffer.overwrite(
          at: bufferStart + run.lowerBound - range.lowerBound,
          with: values.extracting(valueOffset..<valueOffset + run.count))
      }
    }
  }

  /// The digest of the bytes that a part touches as they will be in the result.
  func digestAfter(_ part: BoundPart, of edit: BoundEdit) -> Digest {
    guard part.kind == .columns, let rows = edit.parts.first(where: { $0.kind == .rows }) else {
      return SHA256.digest(of: valueBytes(part.part))
    }
    var hash = SHA256()
    let (columnValues, rowValues) = (valueBytes(part.part), valueBytes(rows.part))
    forEachRun(of: part, in: 0..<part.runs.geometry.byteCount) { run, valueOffset in
      var crossing: Int?
      forEachRun(of: rows, in: run) { _, rowOffset in crossing = rowOffset }
      if let crossing {
        hash.update(rowValues.extracting(crossing..<crossing + run.count))
      } else {
        hash.update(columnValues.extracting(valueOffset..<valueOffset + run.count))
      }
    }
    return hash.finalize()
  }
}
