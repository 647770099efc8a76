import Architecture
import Compute
import Provenance
import Training
import Transformer

extension LoadedModel {
  /// Loads a model that was trained for a task: no parameter of it is made up here.
  static func trained(at path: String, for task: ModelPlan.Task?, _ workers: Workers) throws
    -> LoadedModel
  {
    // Draws nothing: only new parameters are drawn.
    var random = RandomNumbers(seed: 0)
    let loaded = try ModelSourceOptions.of(path).load(
      task: task, labels: nil, workers, &random)
    guard !loaded.model.plan.parameters.contains(where: \.isNew) else {
      throw ProvenanceError(
        .state, "\(path): has no output for this task; fine-tune it first, or name another --task")
    }
    return loaded
  }

  /// Loads another model that was trained for the same task, and is compared with this one token by token.
  ///
  /// - Parameter name: What the other model is, such as `the oracle`.
  func peer(at path: String, as name: String, for task: ModelPlan.Task?) throws -> LoadedModel {
    let other = try Self.trained(at: path, for: task, model.workers)
    guard other.model.plan.vocabulary == model.plan.vocabulary else {
      throw ProvenanceError(.invalid, "\(path): \(name) has another vocabulary than the model")
    }
    return other
  }
}
