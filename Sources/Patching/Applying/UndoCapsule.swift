import Attestation
import Safetensors
import Storage

/// The sealed inverse of a patch: the same indices with the values that the model has now.
///
/// Inside the seal is a patch file like any other, so undoing is applying it. The key is kept elsewhere,
/// and destroying it makes the patch final.
public enum UndoCapsule {
  /// Reads the touched bytes of a model and seals the inverse patch, durably.
  ///
  /// - Parameters:
  ///   - path: The capsule's name; it must not exist.
  ///   - key: 32 random bytes of its own.
  public static func seal(
    _ target: PatchTarget, patch: borrowing PatchFile, to path: String, key: [UInt8]
  ) throws(PatchError) {
    do throws(AttestationError) {
      var writer = try SealedFileWriter(
        path: path, key: key, plaintextByteCount: patch.bytes.byteCount)
      try writer.append(patch.bytes.extracting(0..<patch.header.dataOffset))
      var touched = TouchedBytes()
      for entry in patch.header.tensors {
        guard let (tensor, kind, isValue) = EditKind.split(entry.name) else { continue }
        guard isValue,
          let edit = target.edits.first(where: { $0.info.name == tensor }),
          let part = edit.parts.first(where: { $0.kind == kind })
        else {
          try writer.append(
            patch.bytes.extracting(patch.header.fileRange(of: entry)))
          continue
        }
        let shard = target.checkpoint.shards[edit.shard]
        let start = shard.header.fileRange(of: edit.info).lowerBound
        // The touched bytes stream through one window into the seal; a failing seal is kept for after.
        var failure: AttestationError?
        do throws(StorageError) {
          let file = try Descriptor(target.checkpoint.fullPath(shard.name), .read)
          try touched.forEach(part, of: patch, in: file, tensorStart: start) { bytes in
            if failure == nil {
              do throws(AttestationError) { try writer.append(bytes) } catch { failure = error }
            }
          }
        } catch { throw AttestationError(storage: error) }
        if let failure { throw failure }
      }
      try writer.commit()
    } catch { throw PatchError(.attestation(error), path: path) }
  }

  /// Opens a capsule: the inverse patch, unsealed into a file that has no name any more.
  ///
  /// The plaintext is what the model's own files are about to hold; it exists for as long as the value.
  public static func open(_ path: String, key: [UInt8]) throws(PatchError) -> PatchFile {
    let plain = Paths.hiddenSibling(of: path)
    do throws(AttestationError) {
      try SealedFile(path: path, key: key).unseal(to: plain)
    } catch { throw PatchError(.attestation(error), path: path) }
    do throws(PatchError) {
      let patch = try PatchFile(path: plain)
      try storing { () throws(StorageError) in try Folder.remove(plain) }
      return patch
    } catch {
      try storing { () throws(StorageError) in try Folder.remove(plain) }
      throw error
    }
  }
}

extension PatchTarget {
  /// Checks that an inverse patch covers exactly what the patch covers, with the values of the base.
  public func checkInverse(_ inverse: borrowing PatchFile) throws(PatchError) {
    let edits = try inverse.bind(to: checkpoint)
    var count = 0
    for edit in edits {
      for part in edit.parts {
        count += 1
        guard
          let stated = statement.edit(of: edit.info.name, part.kind),
          inverse.record(
            part, of: edit, shard: checkpoint.shards[edit.shard].name, before: stated.before
          ).isInverse(of: stated)
        else {
          throw PatchError(
            .mismatch("the undo capsule does not hold the base's values"), path: inverse.path,
            tensor: edit.info.name)
        }
      }
    }
    guard count == statement.edits.count else {
      throw PatchError(
        .mismatch(
          "the undo capsule has \(count) parts, the patch \(statement.edits.count)"),
        path: inverse.path)
    }
  }
}

extension PatchStatement.Edit {
  /// Whether this record's result is the other's base, at the same indices.
  fileprivate func isInverse(of other: PatchStatement.Edit) -> Bool {
    indices == other.indices && count == other.count && after == other.before
  }
}
