import Architecture
import ArgumentParser
import Compute
import Provenance
import Storage
import StrictJSON
import Training
import Transformer
import Unlearning

struct Fisher: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Sums squared gradients over a training set, once for many second-order requests.",
    discussion: """
      The sums are of all heads and filters, or of a kept mask's. `create --method second-order --memory FILE` takes
      out of them what is to be forgotten, and needs no pass over what is kept. They hold at this model.
      Example: unlearn-patch fisher --model m --data train.jsonl -o m.fisher.safetensors
      """)

  @OptionGroup var common: CommonOptions
  @Option(name: .long, help: "The model's folder.", completion: .directory)
  var model: String
  @Option(
    name: .long, help: "All that the model was trained on and may be asked to forget, JSONL.",
    completion: .file())
  var data: String
  @OptionGroup var encoding: EncodingOptions
  @Option(name: .long, help: "Sum over the units of a kept mask alone.", completion: .file())
  var maskFile: String?
  @OptionGroup var computing: ComputingOptions
  @Option(name: [.short, .long], help: "The file of sums.", completion: .file())
  var output: String

  func run() throws {
    try common.run { _, progress in
      if try FileStatus.ifExists(output) != nil { throw StorageError(.exists, path: output) }
      var random = RandomNumbers(seed: 0)
      let loaded = try ModelSourceOptions.of(model).load(
        task: encoding.task, labels: nil, computing.workers, &random)
      let map = try loaded.unitMap()
      let plan = loaded.model.plan
      let counts = try UnitCounts(plan.dimensions)
      let units = try UnitMask.kept(maskFile, counts) ?? UnitMask(all: counts)
      let file = try DataFile(path: data)
      let examples = try encoding.encoder(for: loaded).encode(file)
      var memory = SecondOrderMemory<Float>(
        Trainable(units.units, of: map, in: plan), of: plan,
        options: ExampleGradients(tokensPerPass: computing.tokensPerPass))
      let clock = ContinuousClock()
      let start = clock.now
      let step = 64
      for first in stride(from: 0, to: examples.count, by: step) {
        let end = min(first + step, examples.count)
        try memory.addRetained(Array(examples[first..<end]), of: loaded.model)
        progress.count("summing", end, examples.count, since: 0, detail: "examples")
      }
      try memory.write(units: units, model: try loaded.fingerprint, of: plan, to: output)
      let seconds = Console.seconds(clock.now - start)
      return Console.Answer(
        "fisher",
        [
          "fisher": .text(output), "examples": .integer(Int64(examples.count)),
          "units": .integer(Int64(units.count)), "data": .text(file.digest.hex),
          "mean": .text("\(memory.retain.mean)"), "seconds": .text("\(seconds)"),
        ],
        [
          "sums       \(output)",
          "of         \(examples.count) examples, \(units.count) units, mean \(Console.short(memory.retain.mean))",
          "time       \(Console.short(seconds)) s, peak memory \(Console.peakMemory / 1_000_000) MB",
        ])
    }
  }
}
