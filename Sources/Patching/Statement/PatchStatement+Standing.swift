public import Safetensors
public import Storage

extension PatchStatement {
  /// The model has the files that the statement names, and no others.
  public func checkFiles(of checkpoint: Checkpoint) throws(PatchError) {
    let found = Set(checkpoint.files.map { ByteString($0.name) })
    let expected = Set(base.files.map { ByteString($0.name) })
    if let missing = expected.subtracting(found).sorted().first {
      throw PatchError(
        .foreignModel("is missing; the patch was made for a model that has it"),
        path: checkpoint.fullPath(missing.text))
    }
    if let extra = found.subtracting(expected).sorted().first {
      throw PatchError(
        .foreignModel("is not part of the base that the patch was made for; move it away"),
        path: checkpoint.fullPath(extra.text))
    }
  }

  /// Where the model stands with respect to the patch, by the digests of its files.
  public func standing(_ found: ModelDigest) -> Standing {
    if found == base { return .base }
    if found == result { return .result }
    for file in found.files where base[file.name] != file.digest {
      return .other(
        file: file.name, expected: base[file.name] ?? file.digest, found: file.digest)
    }
    return .other(file: "", expected: base.root, found: found.root)
  }

  /// Where a model stands with respect to a patch.
  public enum Standing: Hashable, Sendable {
    /// It is the base.
    case base
    /// It is the result: the patch has been applied.
    case result
    /// It is neither; the first file that is not the base's.
    case other(file: String, expected: Digest, found: Digest)
  }
}
