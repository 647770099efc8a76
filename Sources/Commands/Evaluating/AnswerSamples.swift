import Attestation
import Evaluation
import Provenance
import Storage
import StrictJSON
import Training

/// Answers as lines that users of lm-evaluation-harness know from `--log_samples`.
///
/// One file for each model and set: `doc_id`, `doc`, `target`, `arguments`, `resps`, `filtered_resps`, the digests of
/// document, prompt and target, and the scores.
struct AnswerSamples {
  let files: [(name: String, bytes: [UInt8])]

  init(_ evaluation: EffectEvaluation, _ input: EvaluationInput) throws {
    var files: [(name: String, bytes: [UInt8])] = []
    for subject in EffectEvaluation.Subject.allCases {
      for (part, file) in [
        (EffectEvaluation.Part.forget, input.forget), (.retain, input.retain),
        (.test, input.test),
      ] {
        guard let answers = evaluation.answers[subject]?[part], let file else { continue }
        var bytes: [UInt8] = []
        var index = 0
        for example in file.examples where index < answers.texts.count {
          guard let (question, target) = Self.question(example) else { continue }
          let line = try Self.line(
            index, question, target, prompt: input.encoder.format.prompt(question), answers)
          bytes += try CanonicalJSON.encode(line, keepsNumbers: true) + [0x0A]
          index += 1
        }
        files.append(("samples/\(subject.rawValue)/samples_\(part.rawValue).jsonl", bytes))
      }
    }
    self.files = files
  }

  private static func question(_ example: Example) -> (question: String, target: String)? {
    switch example {
    case .answered(let answered): (answered.question, answered.answer)
    case .choice(let question, let choices, let right): (question, choices[right])
    case .span(let span): (span.question, span.answers.first ?? "")
    default: nil
    }
  }

  /// The digest of a document as lm-evaluation-harness makes it: two spaces a level, and no line break at the end.
  private static func hash(_ document: JSONValue) throws -> Digest {
    SHA256.digest(of: Array(try CanonicalJSON.encodeForPeople(document).dropLast()))
  }

  private static func line(
    _ index: Int, _ question: String, _ target: String, prompt: String, _ answers: AnswerScores
  ) throws -> JSONValue {
    let document = JSONValue.members(["answer": .text(target), "question": .text(question)])
    let text = JSONValue.text(answers.texts[index])
    var line = JSONObject([
      ("doc_id", .integer(Int64(index))), ("doc", document), ("target", .text(target)),
      (
        "arguments",
        .members([
          "gen_args_0": .members([
            "arg_0": .text(prompt), "arg_1": .members(["do_sample": .bool(false)]),
          ])
        ])
      ), ("resps", .array([.array([text])])), ("filtered_resps", .array([text])),
      ("filter", "none"), ("metrics", .array(["exact_match", "f1"])),
      ("doc_hash", .text(try hash(document).hex)),
      ("prompt_hash", .text(SHA256.digest(of: Array(prompt.utf8)).hex)),
      ("target_hash", .text(SHA256.digest(of: Array(target.utf8)).hex)),
      ("exact_match", .integer(answers.isExact[index] ? 1 : 0)),
      ("f1", .number("\(answers.f1[index])")),
    ])
    if answers.recalls.indices.contains(index) {
      line["rougeL_recall"] = .number("\(answers.recalls[index])")
    }
    return .object(line)
  }
}
