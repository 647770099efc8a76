// One measurement of the engine: engine-benchmark FOLDER TASK BATCH LENGTH MODE REPEATS THREADS
//
// MODE is `load`, `forward`, `gradients` (forward and backward), `step` (with AdamW), or `masked` (a step on
// 10% of the units). Prints one line of JSON. `engine` runs it beside PyTorch.
import Architecture
import Compute
import Dispatch
import Safetensors
import Transformer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

func seconds(_ body: () throws -> Void) rethrows -> Double {
  let start = DispatchTime.now().uptimeNanoseconds
  try body()
  return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
}

/// The highest resident memory so far, in bytes.
func peakMemory() -> Int {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss * 1024
}

let arguments = CommandLine.arguments
if arguments.count == 3, arguments[1] == "limit", let threads = Int(arguments[2]) {
  // OpenBLAS's own peak: each thread multiplies matrices of its own.
  let meter = ProductMeter()
  let workers = Workers(count: threads, meter: meter)
  let a = Matrix<Float>(rows: 1024 * threads, columns: 1024)
  let b = Matrix<Float>(rows: 1024, columns: 1024)
  var c = Matrix<Float>(rows: 1024 * threads, columns: 1024)
  var best = 0.0
  for _ in 0..<20 {
    meter.reset()
    workers.multiply(a, .plain, b, into: &c)
    best = max(best, meter.operations / meter.seconds / 1e9)
  }
  print("{\"gigaflops\": \(best)}")
  exit(0)
}
let (folder, mode) = (arguments[1], arguments[5])
guard let task = ModelPlan.Task(rawValue: arguments[2]), let count = Int(arguments[3]),
  let length = Int(arguments[4]), let repeats = Int(arguments[6]), let threads = Int(arguments[7])
else { fatalError("usage: see the head of main.swift") }

let meter = ProductMeter()
let workers = Workers(count: threads, meter: meter)
var random = RandomNumbers(seed: 1)
let checkpoint = try Checkpoint(path: folder)
var loaded: Model<Float>?
let loadTime = try seconds {
  loaded = try Model<Float>(checkpoint, task: task, workers: workers, random: &random)
}
guard let plan = loaded?.plan else { fatalError("not loaded") }
let memoryAfterLoad = peakMemory()

let batch = Batch(
  (0..<count).map { _ in
    (0..<length).map { _ in Int32.random(in: 3..<Int32(plan.vocabulary), using: &random) }
  })
let targets: Targets =
  task == .sequenceClassification
  ? .classes((0..<count).map { Int32($0 % 2) }) : .nextTokens(batch)

var trainable = Trainable.everything(of: plan)
if mode == "masked" {
  let map = try UnitMap(checkpoint)
  var units: [Unit] = []
  for layer in 0..<map.dimensions.layers {
    for kind in Unit.Kind.allCases {
      let all = (0..<map.dimensions.count(kind)).shuffled(using: &random)
      for index in all.prefix(max(1, all.count / 10)) {
        units.append(Unit(layer: layer, kind: kind, index: index))
      }
    }
  }
  trainable = Trainable(units, of: map, in: plan)
}
struct Run {
  var model: Model<Float>
  let batch: Batch
  let targets: Targets
  let trainable: Trainable
  let mode: String
  var gradients: Gradients<Float>?
  var optimizer: Optimizer<Float>?

  mutating func once() throws {
    if mode == "forward" {
      _ = try model.losses(model.forward(batch, for: targets), targets)
      return
    }
    var sums = gradients.take() ?? Gradients(trainable, of: model.plan)
    sums.reset()
    _ = try model.backward(
      model.forward(batch, keeping: .everything, for: targets), targets, .mean, into: &sums)
    if mode != "gradients" {
      var optimizer = self.optimizer.take() ?? Optimizer(.adamW(), decay: 0.01, for: sums)
      optimizer.update(&model, sums, rate: 1e-6)
      self.optimizer = optimizer
    }
    gradients = sums
  }
}

// Moved, so that a step changes the parameters in place.
func take(_ model: inout Model<Float>?) -> Model<Float> {
  guard let model = model.take() else { fatalError("not loaded") }
  return model
}
var run = Run(
  model: take(&loaded), batch: batch, targets: targets, trainable: trainable, mode: mode)
var times: [Double] = []
if mode != "load" {
  try run.once()
  meter.reset()
  for _ in 0..<repeats { times.append(try seconds { try run.once() }) }
}
let total = times.reduce(0, +)
times.sort()
print(
  """
  {"best": \(times.first ?? loadTime), "median": \(times.isEmpty ? loadTime : times[times.count / 2]), \
  "load": \(loadTime), "memoryAfterLoad": \(memoryAfterLoad), "memory": \(peakMemory()), \
  "parameters": \(plan.parameterCount), "trained": \(trainable.count(in: plan)), \
  "productShare": \(meter.seconds / max(total, 1e-9)), \
  "productGigaflops": \(meter.operations / max(meter.seconds, 1e-9) / 1e9), \
  "core": "\(Workers.blasCore)"}
  """)
