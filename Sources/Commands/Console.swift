import Architecture
import Attestation
import Ledger
import ModelSigning
import Patching
import Provenance
import Safetensors
import Storage
import StrictJSON
import Tokenization
import Training
import Transformer
import Unlearning
import Witnessing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The voice of the tool: answers on standard output, everything else on standard error.
enum Console {
  /// What a command answers: one value as text and as JSON.
  struct Answer {
    /// The name of the JSON document, `apply` for `unlearn-patch/apply/v1`.
    var schema: String
    var fields: JSONObject
    var lines: [String]

    init(_ schema: String, _ fields: KeyValuePairs<String, JSONValue?>, _ lines: [String]) {
      self.schema = schema
      self.fields = JSONObject(
        fields.compactMap { key, value in value.map { (ByteString(key), $0) } })
      self.lines = lines
    }
  }

  static func say(_ answer: Answer, asJSON: Bool) {
    guard asJSON else {
      for line in answer.lines { print(line) }
      return
    }
    var object = answer.fields
    object["schema"] = .text("unlearn-patch/\(answer.schema)/v1")
    do throws(CanonicalJSON.EncodingError) {
      print(
        String(decoding: try CanonicalJSON.encodeForPeople(.object(object)), as: UTF8.self),
        terminator: "")
    } catch {
      write("unlearn-patch: error: the answer holds a number that JSON can't keep: \(error)\n")
    }
  }

  static func note(_ text: String) { write("unlearn-patch: \(text)\n") }

  /// Writes to standard error, past any buffer; a closed one loses the text and nothing else.
  static func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      // The buffer does not leave the closure.
      let count = unsafe rest.withUnsafeBytes { unsafe standardWrite(2, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  static var isErrorTerminal: Bool { isatty(2) == 1 }
  static var isOutputTerminal: Bool { isatty(1) == 1 }

  /// The present moment.
  static var now: Timestamp { Timestamp(seconds: Int64(time(nil))) }

  /// The highest resident memory of this process so far, in bytes.
  static var peakMemory: Int64 {
    var usage = rusage()
    #if canImport(Glibc)
      let done = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      return done == 0 ? Int64(usage.ru_maxrss) * 1024 : 0
    #else
      return unsafe getrusage(RUSAGE_SELF, &usage) == 0 ? Int64(usage.ru_maxrss) : 0
    #endif
  }

  /// A duration in seconds.
  static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }

  /// Four digits that count.
  static func short(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    let magnitude = log10(abs(value)).rounded(.down)
    if magnitude < -4 || magnitude > 6 { return "\(Float(value))" }
    let scale = pow(10, max(0, 3 - magnitude))
    return "\((value * scale).rounded() / scale)"
  }

  static func environment(_ name: String) -> String? {
    // The environment is not changed by this program.
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}

/// The system's `write`, whose name the console has for itself.
private func standardWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  unsafe write(descriptor, bytes, count)
}

/// The exit codes of the tool.
enum Exit {
  static func code(_ category: ProvenanceError.Category) -> Int32 {
    switch category {
    case .invalid: 1
    case .usage: 2
    case .untrusted: 3
    case .incomplete: 4
    case .inputOutput: 5
    case .state: 6
    }
  }

  /// A failure outweighs what no one who is trusted vouches for, and that a gap.
  static func code(_ findings: [Finding]) -> Int32 {
    let verdict = Verdict(findings)
    let isUntrusted = findings.contains { $0.outcome == .untrusted }
    return verdict == .incomplete && isUntrusted
      ? code(ProvenanceError.Category.untrusted) : code(verdict)
  }

  static func code(_ verdict: Verdict) -> Int32 {
    switch verdict {
    case .valid: 0
    case .invalid: 1
    case .incomplete: 4
    }
  }
}

private func wrapping(_ error: ModelFileError) -> ProvenanceError {
  switch error {
  case .file(let error): ProvenanceError(error)
  case .storage(let error): ProvenanceError(error)
  case .architecture, .dtype, .config: ProvenanceError(.invalid, "\(error)")
  }
}

private func wrapping(_ error: WitnessError) -> ProvenanceError {
  switch error.reason {
  case .badURL: ProvenanceError(.usage, error.description)
  case .noAnswer, .badAnswer, .refused: ProvenanceError(.inputOutput, error.description)
  case .setBack, .fork, .badCosignature: ProvenanceError(.invalid, error.description)
  case .ledger(let inner): ProvenanceError(inner)
  case .attestation(let inner): ProvenanceError(inner)
  }
}

/// An error of any module as the one kind that commands report.
func asProvenanceError(_ error: any Error) -> ProvenanceError? {
  switch error {
  case let error as ProvenanceError: error
  case let error as PatchError: ProvenanceError(error)
  case let error as LedgerError: ProvenanceError(error)
  case let error as AttestationError: ProvenanceError(error)
  case let error as ModelSigningError: ProvenanceError(error)
  case let error as WitnessError: wrapping(error)
  case let error as StorageError: ProvenanceError(error)
  case let error as TensorFileError: ProvenanceError(error)
  case let error as ModelFileError: wrapping(error)
  case TrainingError.state(let error): asProvenanceError(error)
  case let error as DataError:
    error.storage.map { ProvenanceError($0) } ?? ProvenanceError(.invalid, error.description)
  case is TrainingError, is InputError, is ArchitectureError, is TokenizerError,
    is JSONFieldError, is ComputationError, is MaskError:
    ProvenanceError(.invalid, "\(error)")
  default: nil
  }
}
