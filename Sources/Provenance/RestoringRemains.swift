import Ledger
import Patching
import Safetensors
import Storage

extension Workspace {
  /// What could still restore what patches replaced, as far as this workspace knows, in words.
  ///
  /// Backups, snapshots and copies that were never registered are beyond its knowledge.
  func remains(
    of applications: [LedgerState.Applied], _ model: LedgerState.Model, _ state: LedgerState,
    _ store: LedgerStore
  ) throws(ProvenanceError) -> [String] {
    var remains: [String] = []
    let places = try ledger { () throws(LedgerError) in try store.places() }
    for applied in applications {
      let name = "the patch \(applied.patch.hex.prefix(12))…"
      remains += try keptPatches(applied, model, state, store, name)
      remains += try copies(applied, model, state, places, name)
    }
    return remains + (try strays(state))
  }

  /// Kept patch files: a reversible one, and earlier ones whose values this one replaced.
  private func keptPatches(
    _ applied: LedgerState.Applied, _ model: LedgerState.Model, _ state: LedgerState,
    _ store: LedgerStore, _ name: String
  ) throws(ProvenanceError) -> [String] {
    let path = artifactPath(applied.patch)
    guard try storing({ () throws(StorageError) in try FileStatus.ifExists(path) }) != nil else {
      return []
    }
    var remains: [String] = []
    let encoding = try patching { () throws(PatchError) in
      let patch = try DistributedPatch(path: path)
      return patch.encoding
    }
    if encoding.needsBase {
      remains.append(
        "\(path): \(name) is kept in the encoding \(encoding.rawValue), which can be taken back from itself"
      )
    }
    guard let index = model.applied.firstIndex(where: { $0.patch == applied.patch }), index > 0
    else { return remains }
    let signed = try keptPatch(applied.patch, state, store)
    for earlier in model.applied[..<index] {
      let other = try keptPatch(earlier.patch, state, store)
      let overlap = try Workspace.overlap(signed, other)
      if !overlap.isEmpty {
        remains.append(
          "\(artifactPath(earlier.patch)): an earlier patch gave values that \(name) replaced")
      }
    }
    return remains
  }

  /// Registered models that are from before the patch, or can be taken back to it.
  private func copies(
    _ applied: LedgerState.Applied, _ model: LedgerState.Model, _ state: LedgerState,
    _ places: [(path: String, model: String)], _ name: String
  ) throws(ProvenanceError) -> [String] {
    var remains: [String] = []
    let former = Set(model.steps.filter { $0.leaf < applied.leaf }.map(\.root))
    for place in places where place.model != model.id {
      guard let other = state.model(place.model),
        try storing({ () throws(StorageError) in try FileStatus.ifExists(place.path) }) != nil,
        other.steps.contains(where: { former.contains($0.root) })
      else { continue }
      let last = other.steps.last { $0.patch == applied.patch }
      if last.map(\.takesBack) ?? true {
        remains.append("\(place.path): a model that has what \(name) replaced")
      } else if other.applied.contains(where: {
        $0.patch == applied.patch && $0.final == nil
      }) {
        remains.append("\(place.path): \(name) can be taken back there")
      }
    }
    return remains
  }

  /// Undo material that belongs to no application that is known.
  private func strays(_ state: LedgerState) throws(ProvenanceError) -> [String] {
    let known = Set(
      state.models.flatMap { model in
        model.applied.map(\.capsule) + (model.openIntent.map { [$0.capsule] } ?? [])
      }.map { Paths.name(of: capsulePath($0)) })
    let folder = Paths.parent(of: capsulePath(""))
    return try storing { () throws(StorageError) in
      guard try FileStatus.ifExists(folder) != nil else { return [] }
      return try Folder.names(in: folder).sorted().filter { name in
        !known.contains(name)
          && !known.contains { name.hasPrefix(".\($0).") && name.hasSuffix(".partial") }
      }.map {
        "\(Paths.join(folder, $0)): undo material of an operation that was never finished; remove it"
      }
    }
  }
}
