public import Architecture
public import Compute
public import Storage
public import Transformer

/// Where a training run stands: the trained parameters (`parameter/NAME`), the optimiser's means (`first/NAME`,
/// `second/NAME`) and the step.
public enum TrainingState {
  private static let format = "unlearn-patch/training-state/v1"

  /// Writes the state.
  public static func save(
    _ trainer: Trainer, fingerprint: Digest, to path: String
  ) throws(DataError) {
    let plan = trainer.model.plan
    var contents = StateContents(format: format, fingerprint: fingerprint)
    contents.texts["step"] = String(trainer.optimizer.step)
    for parameter in trainer.trainable.parameters {
      contents.add("parameter", [parameter: trainer.model.parameters[parameter]], of: plan)
    }
    contents.add("first", trainer.optimizer.first, of: plan)
    contents.add("second", trainer.optimizer.second, of: plan)
    try contents.write(to: path)
  }

  /// Puts a trainer where the file says that its run stands.
  ///
  /// - Throws: ``DataError`` where the file is of another run or damaged.
  public static func restore(
    _ trainer: inout Trainer, fingerprint: Digest, from path: String
  ) throws(DataError) {
    let file = try StateFile(path: path, format: format, fingerprint: fingerprint)
    let step = try file.count("step")
    guard step <= trainer.options.schedule.steps else {
      throw DataError("\(path): step \(step) is beyond the run")
    }
    var model = trainer.model
    for parameter in trainer.trainable.parameters {
      let whole = model.plan.parameters[parameter]
      model.parameters[parameter] = try file.matrix(
        "parameter/\(whole.name)", rows: whole.rows, columns: whole.columns)
    }
    let optimizer = try file.optimizer(
      trainer.optimizer, trainer.trainable, step: step, of: model.plan)
    trainer.resume(model, optimizer)
  }
}

extension StateFile {
  /// An optimiser with the means that were kept of it.
  public func optimizer(
    _ optimizer: Optimizer<Float>, _ trainable: Trainable, step: Int, of plan: ModelPlan
  ) throws(DataError) -> Optimizer<Float> {
    var optimizer = optimizer
    for (parameter, mean) in try matrices("first", trainable, of: plan) {
      optimizer.restore(first: mean, of: parameter)
    }
    if !optimizer.second.isEmpty {
      for (parameter, mean) in try matrices("second", trainable, of: plan) {
        optimizer.restore(second: mean, of: parameter)
      }
    }
    optimizer.restore(step: step)
    return optimizer
  }
}
