import Attestation
import Safetensors
import Storage

/// Reads the bytes that a part of an edit touches, in the order of the part's values.
///
/// Reads windows of a descriptor, not a mapping: memory stays at two windows whatever the model, and a file
/// that is cut short meanwhile is an error.
struct TouchedBytes: ~Copyable {
  /// How much is read at once.
  static let windowByteCount = 1 << 20

  private var window = [UInt8](repeating: 0, count: windowByteCount)

  /// Calls `body` with the touched bytes as they are on disk, a window's at a time.
  ///
  /// - Parameter start: Where the tensor begins in the file.
  mutating func forEach(
    _ bound: BoundPart, of patch: borrowing PatchFile, in file: borrowing Descriptor,
    tensorStart start: Int, _ body: (RawSpan) throws(StorageError) -> Void
  ) throws(StorageError) {
    let byteCount = bound.runs.geometry.byteCount
    var values = [UInt8](repeating: 0, count: min(Self.windowByteCount, bound.runs.byteCount))
    for lower in stride(from: 0, to: byteCount, by: Self.windowByteCount) {
      let range = lower..<min(byteCount, lower + Self.windowByteCount)
      guard let extent = patch.extent(of: bound, in: range) else { continue }
      try file.readExactly(
        into: &window, count: extent.bytes.count, at: start + extent.bytes.lowerBound)
      bound.runs.gather(
        extent, from: window.rawSpan.extracting(first: extent.bytes.count), into: &values,
        indexAt: { patch.index(bound.part, at: $0) })
      try body(values.rawSpan.extracting(first: extent.values.count))
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
  /// What a window of the tensor holds of a part; nil where it holds nothing.
  func extent(of bound: BoundPart, in window: Range<Int>) -> EditRuns.Extent? {
    bound.runs.extent(in: window) { index(bound.part, at: $0) }
  }

  /// The smallest range of a window that holds all its runs; nil where the window has none.
  func dirtyRange(of parts: [BoundPart], in window: Range<Int>) -> Range<Int>? {
    var dirty: Range<Int>?
    for part in parts {
      guard let found = extent(of: part, in: window)?.bytes else { continue }
      dirty =
        dirty.map {
          min($0.lowerBound, found.lowerBound)..<max($0.upperBound, found.upperBound)
        } ?? found
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
      guard let extent = extent(of: part, in: range) else { continue }
      part.runs.scatter(
        extent, valueBytes(part.part).extracting(extent.values), onto: &buffer,
        at: bufferStart + extent.bytes.lowerBound - range.lowerBound,
        indexAt: { index(part.part, at: $0) })
      releaseValues(part.part, extent.values)
    }
  }

  /// The digest of the bytes that a part touches as they will be in the result.
  func digestAfter(_ part: BoundPart, of edit: BoundEdit) -> Digest {
    var hash = SHA256()
    guard part.kind == .columns, let rows = edit.parts.first(where: { $0.kind == .rows }) else {
      forEachValueWindow(of: part.part) { hash.update($0) }
      return hash.finalize()
    }
    let (columnValues, rowValues) = (valueBytes(part.part), valueBytes(rows.part))
    forEachRun(of: part, in: 0..<part.runs.geometry.byteCount) { run, valueOffset in
      if let crossing = extent(of: rows, in: run)?.values.lowerBound {
        hash.update(rowValues.extracting(crossing..<crossing + run.count))
      } else {
        hash.update(columnValues.extracting(valueOffset..<valueOffset + run.count))
      }
    }
    return hash.finalize()
  }
}
