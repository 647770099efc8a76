import Architecture
import ArgumentParser
import Patching
import Provenance
import Safetensors
import Storage
import StrictJSON

struct Create: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes a patch that unlearns.",
    discussion: """
      Method ablate sets the output slices of the named units to zero (selective pruning).
      Example: unlearn-patch create --model bert --method ablate --units L0.H3,L2.F17 -o a.patch.safetensors
      """)

  enum Method: String, ExpressibleByArgument, CaseIterable { case ablate }

  @OptionGroup var common: CommonOptions
  @OptionGroup var making: MakingOptions
  @Option(name: .long, help: "The model's folder.", completion: .directory)
  var model: String
  @Option(name: .long, help: "The unlearning method: ablate.")
  var method: Method
  @Option(
    name: .long, help: "Units, comma-separated: L0.H3 is head 3 of layer 0, L2.F17 filter 17.")
  var units: String

  func run() throws {
    try common.run { surroundings in
      let list = try UnitList.parse(units)
      let checkpoint = try Safetensors.Checkpoint(path: model)
      let map: UnitMap
      do throws(ArchitectureError) { map = try UnitMap(checkpoint) } catch {
        throw ProvenanceError(.state, "\(model): the model's units are not known: \(error)")
      }
      let draft = try UnitAblation.draft(list, map: map, checkpoint: checkpoint)
      return try making.write(
        draft, values: ZeroValues(), base: checkpoint, map: map,
        method: PatchMethod(
          name: "ablate",
          parameters: [("units", .array(list.map { .text($0.description) }))]),
        schema: "create", notes: [], common: common, surroundings)
    }
  }
}
