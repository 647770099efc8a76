import Architecture
import ArgumentParser
import Patching
import Provenance
import Safetensors
import StrictJSON

struct Create: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes a patch that unlearns.",
    discussion: """
      Learns which heads and filters carry what is to be forgotten, unlearns on those alone, measures the result
      and writes the patch. Data are JSONL as for finetune. Gradient methods: ga, gd, kl, npo, simnpo, dpo, idk,
      rmu, ft; task-vector learns the forget set and takes off what that changed; second-order is one influence step. Method ablate sets the output slices of the units named with
      --units to zero and needs no data. A run that was stopped goes on with --resume and ends in the same bytes on
      the same machine.
      Example: unlearn-patch create --model m --forget f.jsonl --retain r.jsonl --method npo -o e.patch.safetensors
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var making: MakingOptions
  @Option(name: .long, help: "The model's folder.", completion: .directory)
  var model: String
  @Option(
    name: .long,
    help:
      "The method: npo, ga, gd, kl, simnpo, dpo, idk, rmu, ft, task-vector, second-order or ablate."
  )
  var method: UnlearningMethodName
  @Option(
    name: .long, help: "Units, comma-separated: L0.H3 is head 3 of layer 0, L2.F17 filter 17.")
  var units: String?
  @OptionGroup(title: "Data") var data: UnlearningDataOptions
  @OptionGroup(title: "Which units") var selection: SelectionOptions
  @OptionGroup(title: "How they are updated") var update: UpdateOptions
  @OptionGroup(title: "Successive second-order requests") var memory: MemoryOptions
  @OptionGroup(title: "What is measured") var measuring: MeasuringOptions
  @OptionGroup(title: "A relearning attack") var relearning: RelearningOptions
  @OptionGroup(title: "Stopping and going on") var keeping: KeepingOptions

  func validate() throws {
    if method == .ablate {
      guard units != nil else { throw ValidationError("--method ablate needs --units") }
    } else {
      guard data.forget != nil else { throw ValidationError("--method \(method) needs --forget") }
    }
  }

  func run() throws {
    try common.run { surroundings, progress in
      if method == .ablate { return try ablate(surroundings) }
      let creation = Creation(
        model: model, method: method, units: units, data: data, selection: selection,
        update: update, memory: memory, measuring: measuring, relearning: relearning,
        keeping: keeping)
      return try creation.run(making, common, surroundings, progress)
    }
  }

  private func ablate(_ surroundings: Surroundings) throws -> Console.Answer {
    let list = try UnitList.parse(units ?? "")
    let checkpoint = try Safetensors.Checkpoint(path: model)
    let map: UnitMap
    do throws(ArchitectureError) { map = try UnitMap(checkpoint) } catch {
      throw ProvenanceError(.state, "\(model): the model's units are not known: \(error)")
    }
    let draft = try UnitAblation.draft(list, map: map, checkpoint: checkpoint)
    return try making.write(
      draft, values: ZeroValues(), base: checkpoint, map: map,
      method: PatchMethod(
        name: "ablate", parameters: [("units", .array(list.map { .text($0.description) }))]),
      schema: "create", notes: [], common: common, surroundings)
  }
}

/// The methods by the names that people type.
enum UnlearningMethodName: String, ExpressibleByArgument, CaseIterable {
  case ablate, ga, gd, kl, npo, simnpo, dpo, idk, rmu, ft
  case secondOrder = "second-order"
  case taskVector = "task-vector"
}
