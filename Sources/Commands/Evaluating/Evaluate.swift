import ArgumentParser
import Attestation
import Evaluation
import Metrics
import Provenance
import Safetensors
import Storage
import StrictJSON
import Training

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures what a model knows of forget, retain and test data.",
    discussion: """
      Any model folder that the engine loads. Beside it the original and the oracle may be measured; without an
      oracle what needs one is said not to be run, and no verdict is given on it. With --against the numbers that a
      patch's statement or an earlier evaluation recorded must come back.
      Data are JSONL as for create: TOFU, MUSE, WMDP, MMLU, GLUE-like and SQuAD.
      Exit codes: 0 done, 1 a threshold is broken or a number did not come back, 4 no verdict for lack of numbers.
      Example: unlearn-patch evaluate --model m --forget f.jsonl --retain r.jsonl --test t.jsonl --oracle o -o eval
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var input: EvaluationInputOptions
  @OptionGroup(title: "What is measured") var measuring: MeasuringOptions
  @Option(
    name: .long, help: "MUSE's passages to be continued, of the forget set, JSONL: prompt, gt.",
    completion: .file())
  var verbmem: String?
  @Option(
    name: .long, help: "MUSE's questions on the forget set, JSONL.", completion: .file())
  var knowmemForget: String?
  @Option(
    name: .long, help: "MUSE's questions on the retain set, JSONL.", completion: .file())
  var knowmemRetain: String?
  @Option(
    name: .long, help: "The questions with answers that stand before each of MUSE's, JSONL.",
    completion: .file())
  var knowmemExamples: String?
  @Option(
    name: .long,
    help:
      "open-unlearning's log of a retrained model, in the place of --oracle where that is gone.",
    completion: .file())
  var oracleLog: String?
  @Flag(
    name: .long,
    help: """
      Write the answers as samples that lm-evaluation-harness users know. They may hold what was to be forgotten.
      """)
  var samples = false
  @Option(
    name: .long,
    help:
      "A folder of evaluations by the digest of models, data and options: what is there is not computed again.",
    completion: .directory)
  var cache: String?
  @OptionGroup(title: "What becomes of the numbers") var result: EvaluationOutputOptions

  func validate() throws {
    if samples && result.output == nil { throw ValidationError("--samples needs --output") }
    if samples && cache != nil {
      throw ValidationError("--samples and --cache: answers are not kept in a cache")
    }
    if oracleLog != nil && input.oracle != nil {
      throw ValidationError("name one of --oracle and --oracle-log")
    }
  }

  func run() throws {
    var code: Int32 = 0
    try common.run(
      { surroundings in
        let terms = try result.terms()
        var (evaluated, checkpoint) = try evaluate()
        let end = try evaluated.conclude(
          "evaluate", result, terms, of: checkpoint, common, surroundings)
        code = end.code
        return end.answer
      }, code: { code })
  }

  private func evaluate() throws -> (EvaluationResult, Safetensors.Checkpoint?) {
    var input = try EvaluationInput(input)
    let (utility, choices) = (
      try MeasuringOptions.read(measuring.utility, "--utility"),
      try MeasuringOptions.read(measuring.choices, "--choices")
    )
    // With what they are for: a set may have the name of another, or of one of the three.
    for (kind, sets) in [("utility", utility), ("choices", choices)] {
      for named in sets { input.others.append(("\(kind):\(named.name)", named.file)) }
    }
    var sets = try input.sets(limits: measuring.limits, utility: utility, choices: choices)
    try addContinuations(to: &sets, &input)
    var log: OpenUnlearningLog?
    if let oracleLog {
      let bytes = try Folder.read(oracleLog, limit: OpenUnlearningLog.byteLimit)
      do throws(JSONDocumentError) { log = try OpenUnlearningLog(parsing: bytes) } catch {
        throw ProvenanceError(.invalid, "\(oracleLog): \(error)")
      }
    }
    let configuration = try input.configuration(
      "evaluate", options(log), self.input.encoding)
    let kept = try cached(configuration, input.machine)
    if let kept {
      return (EvaluationResult(kept, lines: ["from cache \(try kept.key)"]), input.after.checkpoint)
    }
    var options = measuring.options(
      seeds: self.input.seed, tokensPerPass: self.input.computing.tokensPerPass)
    options.measuresTokens = true
    var evaluation = try input.evaluation(on: sets, options)
    if let log { evaluation.add(oracleLog: log) }
    let record = EvaluationRecord(
      evaluation, configuration: configuration, machine: input.machine)
    if let cache {
      try Folder.create(cache)
      let bytes = try CanonicalJSON.encode(record.keptJSON)
      try AtomicFile.write(
        bytes.rawSpan, to: Paths.join(cache, try record.key.hex + ".json"), replacing: true)
    }
    var result = EvaluationResult(record, lines: evaluation.lines)
    if samples { result.files = try AnswerSamples(evaluation, input).files }
    return (result, input.after.checkpoint)
  }

  private func addContinuations(to sets: inout EvaluationSets, _ input: inout EvaluationInput)
    throws
  {
    let examples = try knowmemExamples.map { try DataFile(path: $0) }
    if let examples { input.others.append(("knowmem-examples", examples)) }
    let files: [(String, String?, ContinuationSet.Kind, EffectEvaluation.Part)] = [
      ("verbmem", verbmem, .verbatim, .forget),
      ("knowmem-forget", knowmemForget, .knowledge, .forget),
      ("knowmem-retain", knowmemRetain, .knowledge, .retain),
    ]
    for (name, path, kind, part) in files {
      guard let path else { continue }
      let file = try DataFile(path: path)
      input.others.append((name, file))
      sets.continuations.append(
        try ContinuationSet(
          kind, part, of: file, after: examples, input.encoder, limit: measuring.questions))
    }
  }

  /// What decides the numbers besides models and data.
  private func options(_ log: OpenUnlearningLog?) throws -> JSONValue {
    .members([
      "new_tokens": .integer(Int64(measuring.newTokens)),
      "questions": .integer(Int64(measuring.questions)),
      "choices": .integer(Int64(measuring.choiceLimit)),
      "tokens_per_pass": .integer(Int64(input.computing.tokensPerPass)),
      "seeds": .array(input.seed.map { .text("\($0)") }),
      "sets": .array((measuring.utility + measuring.choices).map { .text(Self.name(of: $0)) }),
      "oracle_log": try log.map {
        .text(SHA256.digest(of: try CanonicalJSON.encode($0.json, keepsNumbers: true)).hex)
      } ?? .null,
    ])
  }

  /// The name of a set without its path, which decides nothing.
  private static func name(of set: String) -> String {
    set.firstIndex(of: "=").map { String(set[..<$0]) } ?? set
  }

  /// An evaluation of the same configuration on a machine like this one; nil where there is none that can be read.
  private func cached(_ configuration: JSONValue, _ machine: JSONValue) throws
    -> EvaluationRecord?
  {
    guard let cache else { return nil }
    let key = SHA256.digest(of: try CanonicalJSON.encode(configuration))
    let path = Paths.join(cache, key.hex + ".json")
    if try FileStatus.ifExists(path) == nil { return nil }
    let bytes = try Folder.read(path, limit: EvaluationRecord.byteLimit)
    do throws(JSONDocumentError) {
      let record = try EvaluationRecord(kept: bytes)
      // Numbers are the same with any number of threads.
      let isLike = ["blas_core", "blas"].allSatisfy {
        JSONField(record.machine)[$0].value == JSONField(machine)[$0].value
      }
      return record.configuration == configuration && isLike ? record : nil
    } catch { throw ProvenanceError(.invalid, "\(path): \(error)", hint: "remove the file") }
  }
}
