extension Folder {
  /// Makes a folder that appears whole or not at all.
  ///
  /// `fill` writes into a hidden folder beside it and flushes what it writes; the hidden folder then gets the
  /// name, or is removed where anything failed.
  ///
  /// - Parameters:
  ///   - byteCount: How much will be written at least; refused at once where there is less room.
  ///   - wrap: Turns a storage error into the caller's own.
  public static func stage<Failure: Error>(
    _ path: String, byteCount: Int, wrap: (StorageError) -> Failure,
    fill: (String) throws(Failure) -> Void
  ) throws(Failure) {
    let hidden = Paths.hiddenSibling(of: path)
    do throws(StorageError) {
      if try FileStatus.ifExists(path) != nil { throw StorageError(.exists, path: path) }
      let free = try freeByteCount(at: Paths.parent(of: path))
      guard free > byteCount else {
        throw StorageError(.noSpace(needed: byteCount, free: free), path: path)
      }
      try create(hidden)
    } catch { throw wrap(error) }
    do throws(Failure) {
      try fill(hidden)
      do throws(StorageError) { try publish(hidden, as: path) } catch { throw wrap(error) }
    } catch {
      do throws(StorageError) { try removeTree(hidden) } catch { throw wrap(error) }
      throw error
    }
  }

  /// Writes files as a folder that appears whole or not at all; names may lead into folders below it.
  public static func write(_ files: [(name: String, bytes: [UInt8])], as path: String)
    throws(StorageError)
  {
    let byteCount = files.reduce(0) { $0 + $1.bytes.count }
    try stage(path, byteCount: byteCount, wrap: { $0 }) { (folder) throws(StorageError) in
      for file in files {
        let full = Paths.join(folder, file.name)
        try create(Paths.parent(of: full))
        try AtomicFile.write(file.bytes.rawSpan, to: full)
      }
    }
  }
}
