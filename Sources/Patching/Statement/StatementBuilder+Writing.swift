public import Architecture
public import Safetensors
import Storage

extension StatementBuilder {
  /// Writes a draft with its values as a patch file of an encoding, and describes it.
  ///
  /// - Parameters:
  ///   - baseDigest: The digests of the base, where they are known; else its files are hashed.
  ///   - replacing: Whether an existing file of that name may be replaced.
  ///   - advance: Told of the bytes hashed since the last call, from any thread.
  public func write(
    _ draft: PatchDraft, values: some ValueSource, encoding: PatchEncoding, to path: String,
    replacing: Bool, base: Checkpoint, baseDigest: ModelDigest?, map: UnitMap?,
    advance: @Sendable (Int) -> Void = { _ in }
  ) throws(PatchError) -> PatchStatement {
    if encoding == .replace {
      try PatchWriter.write(draft, values: values, to: path, replacing: replacing)
      return try Self.orRemoving(path) { () throws(PatchError) in
        let patch = try PatchFile(path: path)
        return try describe(
          patch, named: Paths.name(of: path), base: base, baseDigest: baseDigest, map: map,
          advance: advance)
      }
    }
    let plain = Paths.hiddenSibling(of: path)
    try PatchWriter.write(draft, values: values, to: plain, replacing: false)
    let patch = try Self.orRemoving(plain) { () throws(PatchError) in try PatchFile(path: plain) }
    try storing { () throws(StorageError) in try Folder.remove(plain) }
    try CompactWriter.write(
      patch, base: base, encoding: encoding, to: path, replacing: replacing)
    return try Self.orRemoving(path) { () throws(PatchError) in
      let file = try DistributedPatch(path: path)
      // Reading it back as those who apply it will is the check.
      let expanded = try CompactPatch(path: path).expand(
        against: base, at: Paths.hiddenSibling(of: path))
      let (found, expected) = (expanded.digest(), patch.digest())
      guard found == expected else {
        throw PatchError(.wrongResult(expected: expected, found: found), path: path)
      }
      return try describe(
        patch, named: Paths.name(of: path), compressed: (file.digest, encoding), base: base,
        baseDigest: baseDigest, map: map, advance: advance)
    }
  }

  /// Runs a step that needs a file which shall not stay where the step fails.
  private static func orRemoving<Value: ~Copyable>(
    _ path: String, _ body: () throws(PatchError) -> Value
  ) throws(PatchError) -> Value {
    do throws(PatchError) { return try body() } catch {
      try storing { () throws(StorageError) in try Folder.remove(path) }
      throw error
    }
  }
}
