import Architecture
import ArgumentParser
import Patching
import Provenance
import Safetensors
import Storage
import StrictJSON

struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes the patch between two checkpoints, whoever made the second.",
    discussion: """
      Exact: base and patch give the edited tensors bit for bit.
      Example: unlearn-patch diff base edited -o edit.patch.safetensors
      """)
  @OptionGroup var common: CommonOptions
  @OptionGroup var making: MakingOptions
  @Flag(name: .long, help: "Refuse changes that belong to no head or filter.")
  var unitsOnly = false
  @Argument(help: "The base's folder.", completion: .directory)
  var base: String
  @Argument(help: "The edited model's folder.", completion: .directory)
  var edited: String

  func run() throws {
    try common.run { surroundings in
      let before = try Safetensors.Checkpoint(path: base)
      let after = try Safetensors.Checkpoint(path: edited)
      let total = before.shards.reduce(0) { $0 + $1.status.byteCount }
      let diff = try CheckpointDiff(base: before, edited: after, encoding: making.encoding) {
        surroundings.progress("comparing", $0, total)
      }
      let (map, note) = MakingOptions.unitMap(before)
      if unitsOnly {
        guard let map else {
          throw ProvenanceError(.state, "--units-only: \(note ?? "units not known")")
        }
        if let stray = diff.draft.edits.first(where: { map.share(of: $0.info.name) == nil }) {
          throw ProvenanceError(
            .state, "tensor \"\(stray.info.name)\" differs and belongs to no head or filter",
            hint: "leave out --units-only to carry it as well")
        }
      }
      var notes = note.map { [$0] } ?? []
      if !diff.relaidShards.isEmpty {
        notes.append(
          "the edited files lay the tensors out differently; the result keeps the base's layout in \(diff.relaidShards.joined(separator: ", ")), so those files will equal the edited ones tensor by tensor, not byte by byte"
        )
      }
      return try making.write(
        diff.draft, values: try CheckpointValues(after), base: before, map: map,
        method: PatchMethod(name: "diff"), schema: "diff", notes: notes, common: common,
        surroundings)
    }
  }
}
