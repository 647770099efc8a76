import Patching
import Safetensors
import Storage

/// A copy of a base into which patches are written one after the other; made when it is first needed.
struct RebuiltCopy {
  private let base: Safetensors.Checkpoint
  private let scratch: String
  private let path: String
  private var isThere = false
  /// The patches that are written in it.
  private(set) var patches: [Digest] = []

  init(of base: Safetensors.Checkpoint, in scratch: String) {
    self.base = base
    self.scratch = scratch
    path = Paths.hiddenSibling(of: Paths.join(scratch, "rebuilt"))
  }

  /// Removes the copy; the base without patches is left.
  mutating func remove() {
    patches = []
    guard isThere else { return }
    isThere = false
    // What can't be removed is a hidden folder of the scratch folder, which is the caller's.
    do throws(StorageError) { try Folder.removeTree(path) } catch { return }
  }

  private func checkpoint() throws(ProvenanceError) -> Safetensors.Checkpoint {
    isThere ? try readingModel(path) : base
  }

  private static func target(
    _ signed: borrowing SignedPatch, _ values: borrowing PatchFile,
    _ checkpoint: Safetensors.Checkpoint
  ) throws(ProvenanceError) -> PatchTarget {
    try patching { () throws(PatchError) in
      try PatchTarget(
        patch: values, signedAs: signed.file.digest, statement: signed.statement,
        checkpoint: checkpoint)
    }
  }

  private func values(_ signed: borrowing SignedPatch, _ checkpoint: Safetensors.Checkpoint)
    throws(ProvenanceError) -> PatchFile
  {
    try patching { () throws(PatchError) in
      try signed.file.values(against: checkpoint, signed.statement, scratch: scratch)
    }
  }

  /// The files that the copy would become by a patch; nothing is written.
  func effect(of signed: borrowing SignedPatch) throws(ProvenanceError) -> ModelDigest {
    let checkpoint = try checkpoint()
    let values = try values(signed, checkpoint)
    let target = try Self.target(signed, values, checkpoint)
    return try patching { () throws(PatchError) in try target.effect(of: values).result }
  }

  /// Writes a patch into the copy.
  mutating func write(_ signed: borrowing SignedPatch) throws(ProvenanceError) {
    if !isThere { try make() }
    let checkpoint = try checkpoint()
    let values = try values(signed, checkpoint)
    let target = try Self.target(signed, values, checkpoint)
    try patching { () throws(PatchError) in try target.writeInPlace(values) }
    patches.append(signed.statement.patchDigest)
  }

  private mutating func make() throws(ProvenanceError) {
    isThere = true
    try storing { () throws(StorageError) in
      for entry in base.files {
        let to = Paths.join(path, entry.name)
        try Folder.create(Paths.parent(of: to), mode: 0o700)
        let source = try Descriptor(base.fullPath(entry.name), .read)
        let copy = try Descriptor(to, .create(mode: 0o600))
        try copy.copyContents(of: source, byteCount: entry.status.byteCount)
      }
    }
  }
}
