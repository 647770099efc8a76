import Attestation
import Compute
public import Storage
public import StrictJSON
public import Transformer

/// A run that keeps its state on disk, and the record of what it did.
public struct TrainingRun: Sendable {
  /// The trainer as it stands.
  public private(set) var trainer: Trainer
  /// What was done, step by step, since the run began or was resumed.
  public private(set) var steps: [TrainingStep] = []
  /// The step from which the run was resumed; nil where it was not.
  public private(set) var resumedAt: Int?
  private let fingerprint: Digest
  private let statePath: String

  /// Sets a run up; goes on where a kept state is asked for and there.
  ///
  /// - Parameters:
  ///   - identity: All that the result depends on besides machine and threads; a state of another is refused.
  ///   - statePath: Where the state is kept until the run is finished.
  public init(
    _ trainer: Trainer, identity: JSONValue, statePath: String, resumes: Bool
  ) throws(DataError) {
    self.trainer = trainer
    self.statePath = statePath
    do throws(CanonicalJSON.EncodingError) {
      fingerprint = SHA256.digest(of: try CanonicalJSON.encode(identity))
    } catch { throw DataError("the run's options have no canonical form: \(error)") }
    let isThere: Bool
    do throws(StorageError) { isThere = try FileStatus.ifExists(statePath) != nil } catch {
      throw DataError(error)
    }
    if isThere {
      guard resumes else {
        throw DataError(
          "\(statePath): the state of an unfinished run is there; --resume goes on with it, removing it"
            + " begins anew")
      }
      try TrainingState.restore(&self.trainer, fingerprint: fingerprint, from: statePath)
      resumedAt = self.trainer.optimizer.step
    }
  }

  /// Trains to the end.
  ///
  /// - Parameters:
  ///   - interval: After how many steps the state is kept; 0 for never.
  ///   - report: Told of each step.
  public mutating func finish(
    keepingEvery interval: Int, report: (TrainingStep) -> Void
  ) throws(TrainingError) {
    while !trainer.isFinished {
      let step: TrainingStep
      do throws(InputError) { step = try trainer.step() } catch { throw .input(error) }
      steps.append(step)
      report(step)
      if interval > 0, step.number.isMultiple(of: interval), !trainer.isFinished {
        do throws(DataError) {
          try TrainingState.save(trainer, fingerprint: fingerprint, to: statePath)
        } catch { throw .state(error) }
      }
    }
  }

  /// Removes the kept state; for when the result is safe.
  public func discardState() throws(StorageError) { try Folder.remove(statePath) }

  /// What was done, for a record.
  public var json: JSONValue {
    .members([
      "fingerprint": .text(fingerprint.hex),
      "options": trainer.options.json,
      "resumed_at": resumedAt.map { .integer(Int64($0)) } ?? .null,
      "threads": .integer(Int64(trainer.model.workers.count)),
      "blas": .members(["core": .text(Workers.blasCore), "build": .text(Workers.blasBuild)]),
      "steps": .array(
        steps.map {
          .members([
            "step": .integer(Int64($0.number)), "loss": .text("\($0.loss)"),
            "rate": .text("\($0.rate)"), "gradient_norm": .text("\($0.gradientNorm)"),
            "tokens": .integer(Int64($0.tokens)),
          ])
        }),
    ])
  }
}

/// Why a run stopped.
public enum TrainingError: Error, Sendable, CustomStringConvertible {
  /// A step can't be computed.
  case input(InputError)
  /// The state can't be kept.
  case state(DataError)

  /// What and where, in one line.
  public var description: String {
    switch self {
    case .input(let error): error.description
    case .state(let error): error.description
    }
  }
}
