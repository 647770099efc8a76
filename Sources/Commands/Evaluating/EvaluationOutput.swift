import ArgumentParser
import Attestation
import Claims
import Evaluation
import Ledger
import PatchRecords
import Patching
import Provenance
import Safetensors
import Storage
import StrictJSON

/// Options that say what becomes of the numbers.
struct EvaluationOutputOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: """
      A folder for the record, each example's values, and open-unlearning's logs; it must not be there yet.
      """, completion: .directory)
  var output: String?
  @Option(
    name: .long,
    help: "Thresholds in JSON, as for `sign --claims`: gives the verdict pass, fail or none.",
    completion: .file())
  var policy: String?
  @Option(
    name: .long,
    help: """
      A record of an earlier evaluation, or the patch whose recorded numbers should come back; what does not \
      is told, and the exit code is 1.
      """, completion: .file())
  var against: String?
  @Option(
    name: .long,
    help: "By how much a number may differ from the recorded one: 0 on the machine that made it.")
  var tolerance = 0.0

  @Option(
    name: .long,
    help: "Record the numbers and the verdict in the log, as measured of this patch's model.",
    completion: .file())
  var recordFor: String?

  func validate() throws {
    if recordFor != nil && output == nil {
      throw ValidationError("--record-for needs --output: the log names the record by its digest")
    }
    guard tolerance >= 0, tolerance.isFinite else {
      throw ValidationError("--tolerance must be at least 0")
    }
  }

  /// What numbers are held against.
  struct Terms {
    /// The policy; nil where none was named.
    let thresholds: ThresholdFile?
    /// The measurements that should come back; nil where none were named.
    let recorded: [JSONValue]?
  }

  /// Reads what numbers are held against, and looks for what stands in the way, before anything is computed.
  func terms() throws -> Terms {
    if let output, try FileStatus.ifExists(output) != nil {
      throw StorageError(.exists, path: output)
    }
    return Terms(
      thresholds: try policy.map { try ThresholdFile(path: $0) }, recorded: try recorded)
  }

  /// The measurements that should come back; nil where none were named.
  private var recorded: [JSONValue]? {
    get throws {
      guard let against else { return nil }
      let beside = [SignedPatch.bundlePath(against), SignedPatch.statementPath(against)]
      if try beside.contains(where: { try FileStatus.ifExists($0) != nil }) {
        return try SignedPatch.statement(of: against).metrics.recorded
      }
      let bytes = try Folder.read(against, limit: EvaluationRecord.byteLimit)
      do throws(JSONDocumentError) { return try EvaluationRecord.measurements(in: bytes) } catch {
        throw ProvenanceError(
          .invalid, "\(against): neither a patch with a statement nor an evaluation: \(error)")
      }
    }
  }
}

/// What an evaluation came to: the record, and what is said of it.
struct EvaluationResult {
  let record: EvaluationRecord
  let lines: [String]
  /// Files besides those of every evaluation, by their path in the folder.
  var files: [(name: String, bytes: [UInt8])] = []
  /// What a policy says, and the digest of its file; nil without one.
  private(set) var judgement: (verdict: EvaluationVerdict, policy: Digest)?
  private(set) var notes: [String] = []
  private(set) var comparison: EvaluationComparison?

  init(_ record: EvaluationRecord, lines: [String]) {
    (self.record, self.lines) = (record, lines)
  }

  private var measurements: [JSONValue] { record.items.map(\.measurement) }

  private var verdict: EvaluationVerdict? { judgement?.verdict }

  /// Judges the numbers, writes and records them as asked, and says them.
  ///
  /// - Returns: The answer, and the exit code.
  mutating func conclude(
    _ command: String, _ options: EvaluationOutputOptions, _ terms: EvaluationOutputOptions.Terms,
    of checkpoint: Safetensors.Checkpoint?, _ common: CommonOptions, _ surroundings: Surroundings
  ) throws -> (answer: Console.Answer, code: Int32) {
    judge(terms, tolerance: options.tolerance)
    if let output = options.output {
      let document = try CanonicalJSON.encodeForPeople(self.document)
      try write(document, to: output)
      if let patch = options.recordFor, let checkpoint {
        try log(document, ofPatch: patch, checkpoint, common, surroundings)
      }
    }
    return (answer(command, output: options.output), code)
  }

  /// Holds the numbers against a policy and against recorded ones.
  private mutating func judge(_ terms: EvaluationOutputOptions.Terms, tolerance: Double) {
    if let thresholds = terms.thresholds {
      let judgement = thresholds.policy.judge(measurements, configuration: [])
      notes = judgement.notes
      let broken = judgement.result.failed.filter { !judgement.unmeasured.contains($0) }
      let verdict: EvaluationVerdict =
        broken.isEmpty ? (judgement.unmeasured.isEmpty ? .pass : .none) : .fail
      self.judgement = (verdict, thresholds.digest)
    }
    comparison = terms.recorded.map {
      EvaluationComparison(
        recorded: $0, found: measurements, subjects: record.subjects, tolerance: tolerance)
    }
  }

  /// 0: all is well; 1: a threshold is broken or a number did not come back; 4: nothing to judge by.
  private var code: Int32 {
    if verdict == .fail || comparison.map({ !$0.differences.isEmpty }) == true { return 1 }
    if verdict == .some(.none)
      || comparison.map({ $0.same == 0 || !$0.missing.isEmpty }) == true
    {
      return 4
    }
    return 0
  }

  /// Writes the folder, whole or not at all.
  private func write(_ document: [UInt8], to path: String) throws {
    var files = self.files
    files.append(("evaluation.json", document))
    var lines: [UInt8] = []
    for line in record.exampleLines { lines += try CanonicalJSON.encode(line) + [0x0A] }
    files.append(("examples.jsonl", lines))
    for subject in EffectEvaluation.Subject.allCases {
      let log = OpenUnlearningLog(record, subject: subject)
      if log.metrics.isEmpty { continue }
      for (name, json) in [("EVAL", log.json), ("SUMMARY", log.summary)] {
        files.append(
          (
            "open-unlearning/\(subject.rawValue)/\(name).json",
            try CanonicalJSON.encodeForPeople(json, keepsNumbers: true)
          ))
      }
    }
    try Folder.write(files, as: path)
  }

  /// Records the evaluation in the workspace's log, as one of a patch that the log knows.
  private func log(
    _ document: [UInt8], ofPatch patch: String, _ checkpoint: Safetensors.Checkpoint,
    _ common: CommonOptions, _ surroundings: Surroundings
  ) throws {
    let workspace = try common.needWorkspace()
    try workspace.record(
      [
        PatchEvents.evaluation(
          ofPatch: try SHA256.digest(ofFile: patch), model: try ModelDigest(checkpoint).root,
          record: SHA256.digest(of: document), measurements: measurements, judgement: judgement)
      ], in: try workspace.openLedger(.append), at: surroundings.now)
  }

  /// The record with the verdict on it.
  private var document: JSONValue {
    guard case .object(var object) = record.json else { return record.json }
    if let verdict {
      object["verdict"] = .text(verdict.rawValue)
      object["verdict_notes"] = .array(notes.map { .text($0) })
    }
    return .object(object)
  }

  /// What the command says.
  private func answer(_ command: String, output: String?) -> Console.Answer {
    var said = lines
    if let comparison {
      said.append(
        "recorded   \(comparison.same) numbers came back, \(comparison.differences.count) did not, \(comparison.missing.count) were not measured again; largest difference \(Console.short(comparison.largest))"
      )
      for gap in comparison.differences.prefix(20) {
        said.append(
          "  differs  \(gap.name): recorded \(gap.recorded ?? ""), found \(gap.found ?? "none")")
      }
      for name in comparison.missing.prefix(20) { said.append("  missing  \(name)") }
    }
    if let verdict {
      said.append("verdict    \(verdict.rawValue)")
      said += notes.map { "  " + $0 }
    }
    if let output { said.append("written    \(output)/evaluation.json, examples.jsonl") }
    return Console.Answer(
      command,
      [
        "evaluation": record.json, "verdict": verdict.map { .text($0.rawValue) },
        "verdict_notes": verdict.map { _ in .array(notes.map { .text($0) }) },
        "comparison": comparison?.json, "output": output.map { .text($0) },
      ], said)
  }
}

extension EvaluationComparison {
  /// The comparison as a command answers it.
  fileprivate var json: JSONValue {
    .members([
      "same": .integer(Int64(same)), "largest_difference": .text("\(largest)"),
      "differences": .array(
        differences.map {
          .members([
            "measurement": .text($0.name), "recorded": $0.recorded.map { .text($0) } ?? .null,
            "found": $0.found.map { .text($0) } ?? .null,
          ])
        }), "missing": .array(missing.map { .text($0) }),
    ])
  }
}
