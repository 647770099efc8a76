import Architecture
import ArgumentParser
import Attestation
import Compute
import Provenance
import Storage
import StrictJSON
import Training
import Transformer
import Unlearning

/// Options of second-order requests that build on each other's sums.
struct MemoryOptions: ParsableArguments {
  @Option(
    name: .long,
    help: """
      Second-order: the sums of `fisher` or of the request before, taken at --start (default: the model). The \
      forget examples must be among those that they were taken of.
      """, completion: .file())
  var memory: String?
  @Option(
    name: .long, help: "Second-order: keep the sums, this request's included, for the next.",
    completion: .file())
  var saveMemory: String?

  /// Sums that were kept.
  struct Kept {
    let memory: SecondOrderMemory<Float>
    let units: UnitMask
    /// The model that they were taken of.
    let start: LoadedModel
    /// Of the file.
    let digest: Digest
  }

  /// The kept sums; nil where none were named.
  func read(_ creation: Creation, _ input: CreationInput) throws -> Kept? {
    guard memory != nil || saveMemory != nil else { return nil }
    guard creation.method == .secondOrder else {
      throw ProvenanceError(.usage, "--memory and --save-memory belong to --method second-order")
    }
    guard let memory else {
      guard !input.sets.retain.isEmpty else {
        throw ProvenanceError(.usage, "--save-memory needs --retain or --memory")
      }
      return nil
    }
    var start = input.loaded
    if let path = creation.data.start {
      start = try input.loaded.peer(
        at: path, as: "the model of --start", for: creation.data.encoding.task)
    }
    let (sums, units) = try SecondOrderMemory<Float>.read(
      memory, model: try start.fingerprint, map: input.map, of: start.model.plan,
      options: ExampleGradients(tokensPerPass: creation.update.tokensPerPass))
    return Kept(
      memory: sums, units: units, start: start, digest: try SHA256.digest(ofFile: memory))
  }

  /// Keeps the sums where that is asked for.
  func write(
    _ sums: SecondOrderMemory<Float>?, units: UnitMask, _ start: LoadedModel?, of plan: ModelPlan
  ) throws {
    guard let saveMemory, let sums, let start else { return }
    try sums.write(units: units, model: try start.fingerprint, of: plan, to: saveMemory)
  }
}

/// Options of a run that can be stopped and resumed.
struct KeepingOptions: ParsableArguments {
  @Option(
    name: .long,
    help: "After how many steps the state is kept beside the patch, for --resume; 0: never.")
  var keepEvery = 20
  @Flag(name: .long, help: "Go on with a run that was stopped.")
  var resume = false

  func validate() throws {
    guard keepEvery >= 0 else { throw ValidationError("--keep-every must be at least 0") }
  }

  /// Whether there is a state to go on from.
  func check(_ path: String) throws -> Bool {
    let isThere = try FileStatus.ifExists(path) != nil
    guard !isThere || resume else {
      throw ProvenanceError(
        .state,
        "\(path): the state of an unfinished run is there; --resume goes on with it, removing it"
          + " begins anew")
    }
    return isThere
  }
}
