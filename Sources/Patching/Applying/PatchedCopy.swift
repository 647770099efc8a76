import Attestation
import Safetensors
import Storage

/// Makes a patched copy of a model in a new folder, which appears whole or not at all.
public enum PatchedCopy {
  /// Writes the copy and checks what it wrote.
  ///
  /// Shards that change are copied, sharing blocks where the file system can, and edited and hashed in one
  /// pass; the others are copied likewise.
  ///
  /// - Parameter advance: Told of the bytes written or hashed since the last call.
  public static func make(
    _ target: PatchTarget, patch: borrowing PatchFile, at path: String,
    advance: (Int) -> Void = { _ in }
  ) throws(PatchError) {
    try Folder.stage(
      path, byteCount: target.checkpoint.byteCount, wrap: { PatchError(.storage($0)) }
    ) { hidden throws(PatchError) in
      try fill(hidden, target, patch, advance)
    }
  }

  private static func fill(
    _ folder: String, _ target: PatchTarget, _ patch: borrowing PatchFile, _ advance: (Int) -> Void
  ) throws(PatchError) {
    let changed = Dictionary(
      target.shards.map { (target.checkpoint.shards[$0].name, $0) },
      uniquingKeysWith: { first, _ in first })
    var folders: Set<String> = [folder]
    for entry in target.checkpoint.files {
      let to = Paths.join(folder, entry.name)
      let digest = try storing { () throws(StorageError) -> Digest? in
        if folders.insert(Paths.parent(of: to)).inserted {
          try Folder.create(Paths.parent(of: to))
        }
        let source = try Descriptor(target.checkpoint.fullPath(entry.name), .read)
        let copy = try Descriptor(to, .create(mode: entry.status.mode))
        try copy.setMode(entry.status.mode)
        try copy.copyContents(of: source, byteCount: entry.status.byteCount)
        guard let index = changed[entry.name] else {
          try copy.synchronize()
          advance(entry.status.byteCount)
          return nil
        }
        var hash = SHA256()
        try target.editedShard(index).forEachWindow(of: source, patch: patch) {
          (offset, bytes, dirty) throws(StorageError) in
          if let dirty {
            try copy.write(
              bytes.extracting(dirty.lowerBound - offset..<dirty.upperBound - offset),
              at: dirty.lowerBound)
          }
          hash.update(bytes)
          advance(bytes.byteCount)
        }
        try copy.synchronize()
        return hash.finalize()
      }
      if let digest, let expected = target.statement.result[entry.name], digest != expected {
        throw PatchError(.wrongResult(expected: expected, found: digest), path: entry.name)
      }
    }
    try storing { () throws(StorageError) in
      for name in folders { try Folder.synchronize(name) }
    }
  }
}
