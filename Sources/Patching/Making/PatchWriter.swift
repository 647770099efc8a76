import Safetensors
import Storage

/// Writes a patch file of the `replace` encoding.
public enum PatchWriter {
  /// Writes a draft with its values, whole or not at all.
  ///
  /// - Parameter replacing: Whether an existing file of that name may be replaced.
  public static func write(
    _ draft: PatchDraft, values: some ValueSource, to path: String, replacing: Bool
  ) throws(PatchError) {
    var roles: [ByteString: (edit: TensorDraft, kind: EditKind, indices: [Int], isValue: Bool)] =
      [:]
    var entries: [Layout.Entry] = []
    for edit in draft.edits {
      for part in edit.parts {
        roles[part.kind.entryName(edit.info.name)] = (edit, part.kind, part.indices, false)
        roles[part.kind.valueName(edit.info.name)] = (edit, part.kind, part.indices, true)
        entries += Self.entries(part.kind, count: part.indices.count, of: edit.info)
      }
    }
    let layout = try Self.layout(entries, path)
    try storing { () throws(StorageError) in
      var file = try AtomicFile(path: path)
      try file.append(layout.headerBytes.rawSpan)
      for tensor in layout.tensors {
        guard let role = roles[tensor.name] else { continue }
        if role.isValue {
          try writeValues(role.edit.info, role.kind, role.indices, values, to: &file)
        } else {
          try writeIndices(role.indices, wide: role.kind == .elements, to: &file)
        }
      }
      try file.commit(replacing: replacing)
    }
  }

  /// The entries of one part: indices, where its kind has them, and values.
  static func entries(_ kind: EditKind, count: Int, of info: TensorInfo) -> [Layout.Entry] {
    let values = Layout.Entry(
      name: kind.valueName(info.name), dtype: info.dtype,
      shape: Geometry(info).valueShape(kind, count: count, of: info.shape))
    guard let indexType = kind.indexType else { return [values] }
    return [
      Layout.Entry(name: kind.entryName(info.name), dtype: indexType, shape: [UInt64(count)]),
      values,
    ]
  }

  /// Lays entries out as a patch file of the `replace` encoding.
  static func layout(
    _ entries: [Layout.Entry], encoding: PatchEncoding = .replace, _ path: String
  ) throws(PatchError) -> Layout {
    do throws(HeaderError) {
      return try Layout(
        entries,
        metadata: [
          ("format", ByteString(PatchFile.format)), ("encoding", ByteString(encoding.rawValue)),
        ])
    } catch { throw PatchError(.model(.header(error, path: path))) }
  }

  private static func writeIndices(_ indices: [Int], wide: Bool, to file: inout AtomicFile)
    throws(StorageError)
  {
    var bytes: [UInt8] = []
    for index in indices {
      let raw = UInt64(index)
      for shift in stride(from: 0, to: wide ? 64 : 32, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: raw >> UInt64(shift)))
      }
      if bytes.count >= 1 << 16 {
        try file.append(bytes.rawSpan)
        bytes.removeAll(keepingCapacity: true)
      }
    }
    try file.append(bytes.rawSpan)
  }

  private static func writeValues(
    _ info: TensorInfo, _ kind: EditKind, _ indices: [Int], _ values: some ValueSource,
    to file: inout AtomicFile
  ) throws(StorageError) {
    let runs = EditRuns(
      kind: kind, geometry: Geometry(info), count: kind == .whole ? 1 : indices.count,
      indexAt: { indices[$0] })
    guard kind == .columns || kind == .elements else {
      return try runs.forEach(in: 0..<info.byteCount, indexAt: { indices[$0] }) {
        (range, _) throws(StorageError) in
        try values.forEachPiece(of: info, in: range) { (bytes) throws(StorageError) in
          try file.append(bytes)
        }
      }
    }
    // Short runs lie close together: they are cut out of what a window holds, not asked for one by one.
    var window = [UInt8](repeating: 0, count: min(info.byteCount, windowByteCount))
    var packed = window
    for lower in stride(from: 0, to: info.byteCount, by: windowByteCount) {
      let range = lower..<min(info.byteCount, lower + windowByteCount)
      guard let extent = runs.extent(in: range, indexAt: { indices[$0] }) else { continue }
      var filled = 0
      values.forEachPiece(of: info, in: extent.bytes) { bytes in
        window.overwrite(at: filled, with: bytes)
        filled += bytes.byteCount
      }
      runs.gather(
        extent, from: window.rawSpan.extracting(first: extent.bytes.count), into: &packed,
        indexAt: { indices[$0] })
      try file.append(packed.rawSpan.extracting(first: extent.values.count))
    }
  }

  private static let windowByteCount = 1 << 20
}
