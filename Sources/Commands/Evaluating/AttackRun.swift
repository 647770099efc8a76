import Evaluation
import Provenance
import StrictJSON

/// What all attacks share: what is read, and what becomes of the numbers.
struct AttackRun {
  let common: CommonOptions
  let input: EvaluationInputOptions
  let output: EvaluationOutputOptions

  /// Makes an attack named as in records, and says its answer.
  ///
  /// - Parameters:
  ///   - options: What decides the numbers besides models and data.
  ///   - attack: Measures; it may name further files.
  func run(
    _ name: String, _ options: JSONValue,
    _ attack: (inout EvaluationInput) throws -> EffectEvaluation
  ) throws {
    var code: Int32 = 0
    try common.run(
      { surroundings in
        let terms = try output.terms()
        var input = try EvaluationInput(self.input)
        guard input.forget != nil else {
          throw ProvenanceError(.usage, "an attack on what was forgotten needs --forget")
        }
        let evaluation = try attack(&input)
        let configuration = try input.configuration(
          "attack \(name)", options, self.input.encoding)
        var result = EvaluationResult(
          EvaluationRecord(evaluation, configuration: configuration, machine: input.machine),
          lines: evaluation.attackLines)
        let end = try result.conclude(
          "attack", output, terms, of: input.after.checkpoint, common, surroundings)
        code = end.code
        return end.answer
      }, code: { code })
  }

  /// Options of an evaluation of labels alone.
  func labels() -> EvaluationOptions {
    EvaluationOptions(
      seeds: input.seed, tokensPerPass: input.computing.tokensPerPass, newTokens: nil,
      measuresChoices: false, measuresUtility: false)
  }
}
