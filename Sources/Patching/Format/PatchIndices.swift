import Safetensors
import Storage

/// Which rows, columns and elements a patch gives, without their values; the same for every encoding.
public struct PatchIndices: Sendable {
  /// The indices of one kind.
  struct Part: Sendable {
    let kind: EditKind
    /// Ascending; the one index 0 for a whole tensor.
    let indices: [Int]

    /// Whether an index is among them.
    func contains(_ wanted: Int) -> Bool {
      var (low, high) = (0, indices.count)
      while low < high {
        let middle = low + (high - low) / 2
        if indices[middle] == wanted { return true }
        if indices[middle] < wanted { low = middle + 1 } else { high = middle }
      }
      return false
    }
  }

  /// The parts of each tensor.
  let parts: [ByteString: [Part]]

  /// The tensors, in the byte order of their names.
  var tensors: [ByteString] { parts.keys.sorted() }
}

extension DistributedPatch {
  /// Reads the indices.
  ///
  /// - Parameter statement: What was signed of this file; it knows the tensors' shapes.
  public func indices(_ statement: PatchStatement) throws(PatchError) -> PatchIndices {
    if encoding == .replace { return try plain().indices() }
    return try compact().indices(statement)
  }
}

extension PatchFile {
  fileprivate func indices() -> PatchIndices {
    var parts: [ByteString: [PatchIndices.Part]] = [:]
    for edit in edits {
      parts[edit.tensor] = edit.parts.map { part in
        PatchIndices.Part(kind: part.kind, indices: (0..<part.count).map { index(part, at: $0) })
      }
    }
    return PatchIndices(parts: parts)
  }
}

extension CompactPatch {
  fileprivate func indices(_ statement: PatchStatement) throws(PatchError) -> PatchIndices {
    var parts: [ByteString: [PatchIndices.Part]] = [:]
    for edit in edits {
      for part in edit.parts {
        guard let stated = statement.edit(of: edit.tensor, part.kind) else {
          throw PatchError(
            .mismatch("the statement has no record of its \(part.kind.rawValue)"), path: path,
            tensor: edit.tensor)
        }
        var indices: [Int] = []
        if let list = part.header.list {
          try IndexList.forEachRun(
            of: bytes(of: lists[list]), below: Geometry(stated.info).limit(part.kind),
            wrap: { PatchError(.malformed("list \(list) \($0.what)"), path: path) },
            { run throws(PatchError) in indices.append(contentsOf: run) })
        } else {
          indices = [0]
        }
        parts[edit.tensor, default: []].append(
          PatchIndices.Part(kind: part.kind, indices: indices))
      }
    }
    return PatchIndices(parts: parts)
  }
}

extension PatchStatement.Edit {
  /// The tensor as the statement describes it; its place in the file is not told.
  var info: TensorInfo {
    var byteCount = 0
    do throws(HeaderError.Reason) {
      byteCount = Int(
        clamping: try TensorInfo.byteCount(dtype: dtype, shape: shape))
    } catch {
      // A shape that has no size touches nothing.
      byteCount = 0
    }
    return TensorInfo(name: tensor, dtype: dtype, shape: shape, dataRange: 0..<byteCount)
  }
}
