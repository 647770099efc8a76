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
      let geometry = Geometry(edit.info)
      for part in edit.parts {
        if let indexType = part.kind.indexType {
          let name = part.kind.entryName(edit.info.name)
          roles[name] = (edit, part.kind, part.indices, false)
          entries.append(
            Layout.Entry(name: name, dtype: indexType, shape: [UInt64(part.indices.count)]))
        }
        let name = part.kind.valueName(edit.info.name)
        roles[name] = (edit, part.kind, part.indices, true)
        entries.append(
          Layout.Entry(
            name: name, dtype: edit.info.dtype,
            shape: geometry.valueShape(
              part.kind, count: part.indices.count, of: edit.info.shape)))
      }
    }
    let layout: Layout
    do throws(HeaderError) {
      layout = try Layout(
        entries,
        metadata: [
          ("format", ByteString(PatchFile.format)), ("encoding", "replace"),
        ])
    } catch { throw PatchError(.model(.header(error, path: path))) }
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
    try runs.forEach(in: 0..<info.byteCount, indexAt: { indices[$0] }) {
      (range, _) throws(StorageError) in
      try values.forEachPiece(of: info, in: range) { (bytes) throws(StorageError) in
        try file.append(bytes)
      }
    }
  }
}
