import ArgumentParser
import Compute
import Transformer

/// Options of the commands that compute with a model: how much at once, and on how many cores.
struct ComputingOptions: ParsableArguments {
  @Option(name: .long, help: "How many threads compute (default: all cores).")
  var threads: Int?
  @Option(
    name: .long, help: "How many tokens are computed at once at most; decides memory, not the sum.")
  var tokensPerPass = 4096

  func validate() throws {
    guard tokensPerPass > 0, threads ?? 1 > 0 else {
      throw ValidationError("--tokens-per-pass and --threads must be at least 1")
    }
  }

  var workers: Workers { Workers(count: threads ?? Workers.availableCount) }
}

/// The optimisers by the names that people type.
enum OptimizerName: String, ExpressibleByArgument, CaseIterable {
  case adamw, sgd, sophia

  var rule: UpdateRule {
    switch self {
    case .adamw: .adamW()
    case .sgd: .momentum()
    case .sophia: .sophia()
    }
  }
}
