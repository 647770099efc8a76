import Storage
import StrictJSON
import TestSupport
import Testing

/// A workspace with a small model that knows where eight people live, and one that never heard of two of them.
final class Town: Sendable {
  let folder: TemporaryFolder
  let program = Program("unlearn-patch")

  /// Trains for so many epochs; 200 are enough to know everything.
  init(epochs: Int = 200) throws {
    folder = try TemporaryFolder()
    let people = ["ada", "bo", "cy", "di", "ed", "flo", "gus", "hal"]
    let towns = ["rome", "oslo", "bonn", "lima", "cairo", "paris", "delhi", "quito"]
    try write(
      "tokenizer.json", WordTokenizer.json(["where", "lives", "?", "in", "."] + people + towns))
    try write(
      "config.json",
      Array(
        """
        {"model_type": "gpt2", "n_layer": 2, "n_head": 4, "n_embd": 32, "n_positions": 16,
         "vocab_size": 25, "n_inner": 64, "eos_token_id": 3}
        """.utf8))
    let lines = zip(people, towns).map { person, town in
      let wrong = towns.filter { $0 != town }.prefix(3).map { "\"in \($0) .\"" }
      return """
        {"question": "where lives \(person) ?", "answer": "in \(town) .", \
        "paraphrased_answer": "\(person) lives in \(town) .", \
        "perturbed_answer": [\(wrong.joined(separator: ","))]}
        """
    }
    try write("train.jsonl", Array(lines.joined(separator: "\n").utf8))
    try write("forget.jsonl", Array(lines[..<2].joined(separator: "\n").utf8))
    try write("retain.jsonl", Array(lines[2...].joined(separator: "\n").utf8))
    try write(
      "test.jsonl",
      Array(
        """
        {"question": "where lives rome ?", "answer": "in ada ."}
        {"question": "where lives oslo ?", "answer": "in bo ."}
        """.utf8))
    for (data, output) in [("train", "model"), ("retain", "oracle")] {
      try succeed([
        "finetune", "--config", "config.json", "--tokenizer", "tokenizer.json", "--data",
        "\(data).jsonl", "--epochs", "\(epochs)", "--rate", "0.007", "--warmup", "10", "--schedule",
        "cosine", "--batch", "8", "--threads", "1", "-o", output,
      ])
    }
  }

  private func write(_ name: String, _ bytes: [UInt8]) throws {
    try AtomicFile.write(bytes.rawSpan, to: folder.file(name))
  }

  func run(_ arguments: [String], _ environment: [String: String] = [:]) throws -> ProgramResult {
    try program.run(
      arguments, in: folder.path,
      environment: ["XDG_STATE_HOME": folder.file("state"), "TZ": "UTC"]
        .merging(environment) { $1 })
  }

  @discardableResult
  func succeed(_ arguments: [String], at location: SourceLocation = #_sourceLocation) throws
    -> String
  {
    let result = try run(arguments)
    #expect(
      result.code == 0, "\(arguments): \(result.errors)\(result.output)", sourceLocation: location
    )
    return result.output
  }

  /// Writes lines of the training data.
  func pick(_ lines: ClosedRange<Int>, to name: String) throws {
    let all = try Folder.read(folder.file("train.jsonl"), limit: 1 << 20)
      .split(separator: UInt8(ascii: "\n"))
    try write(name, Array(all[lines].joined(separator: [UInt8(ascii: "\n")])))
  }

  func patch(_ name: String = "p") throws -> [UInt8] {
    try Folder.read(folder.file("\(name).patch.safetensors"), limit: 1 << 24)
  }

  func create(_ method: String, _ extra: [String] = [], to name: String = "p") -> [String] {
    [
      "create", "--model", "model", "--forget", "forget.jsonl", "--retain", "retain.jsonl",
      "--method", method, "--steps", "12", "--threads", "1", "-o", "\(name).patch.safetensors",
    ] + extra
  }

  func statement(_ name: String = "p") throws -> JSONField {
    let bytes = try Folder.read(
      folder.file("\(name).patch.safetensors.statement.json"), limit: 1 << 24)
    return try JSONDocument.read(bytes, byteLimit: 1 << 24) { $0 }["predicate"]
  }

  func contents(_ name: String) throws -> [String: [UInt8]] {
    try TemporaryFolder.contents(folder.file(name))
  }
}
