import Storage
import StrictJSON
import TestSupport
import Testing

/// `create` with learned masks, from a trained model to a verified one and back.
@Suite("Create") struct CreateTests {
  /// A workspace with a small model that knows where eight people live, and one that never heard of two of them.
  private final class Town: Sendable {
    let folder: TemporaryFolder
    let program = Program("unlearn-patch")

    init() throws {
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
          "\(data).jsonl", "--epochs", "120", "--rate", "0.01", "--batch", "8", "--threads", "1",
          "-o", output,
        ])
      }
    }

    private func write(_ name: String, _ bytes: [UInt8]) throws {
      try AtomicFile.write(bytes.rawSpan, to: folder.file(name))
    }

    func run(_ arguments: [String]) throws -> ProgramResult {
      try program.run(
        arguments, in: folder.path,
        environment: ["XDG_STATE_HOME": folder.file("state"), "TZ": "UTC"])
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

  @Test func `a request goes from learned masks to a verified model and back`() throws {
    let town = try Town()
    try town.succeed(["init", "--origin", "test.example/log"])
    try town.succeed(["keygen", "--role", "artifact", "-o", "officer"])
    try town.succeed(["trust", "add", "officer.pub.pem"])
    let request = try town.succeed([
      "request", "open", "--regime", "gdpr", "--ground", "17-1-b",
    ]).split(separator: "\n").last.map(String.init)
    let base = try town.contents("model")
    try town.succeed(
      town.create(
        "npo",
        [
          "--test", "test.jsonl", "--oracle", "oracle", "--rate", "0.01", "--sparsity", "0.5",
          "--request", try #require(request),
        ]))
    let statement = try town.statement()
    // Half of the heads and filters at most, of each kind strictly fewer than half.
    let layers = try statement["units"]["layers"].elements()
    let heads = try layers.reduce(0) { try $0 + $1["heads"].elements().count }
    let filters = try layers.reduce(0) { try $0 + $1["filters"].elements().count }
    #expect(heads == 3 && filters == 63)
    #expect(try statement["units"]["outside"].elements().isEmpty)
    let recorded = try statement["metrics"]["recorded"].elements()
    func value(_ subject: String, _ part: String, _ name: String) throws -> Double {
      let entry = try recorded.first {
        try $0["subject"].text() == subject && $0["name"].text() == name
          && $0["part"].optional?.text() ?? "" == part
      }
      let found = try #require(entry)
      return try #require(Double(found["value"].text()))
    }
    #expect(try value("after", "forget", "loss") > value("before", "forget", "loss") + 1)
    #expect(try value("oracle", "forget", "accuracy") < 0.6)
    #expect(try value("before", "retain", "oracle-distance") > 0)
    #expect(try value("after", "forget", "forget-quality.D") <= 1)
    #expect(try value("before", "", "membership-auc") >= 0)
    #expect(
      try statement["metrics"]["notRun"].elements().map { try $0.text() }
        == ["relearning", "answers", "multiple-choice", "model-utility"])
    try town.succeed(["sign", "p.patch.safetensors", "--key", "officer.key.pem"])
    try town.succeed(["apply", "model", "p.patch.safetensors"])
    #expect(try town.succeed(["verify", "model"]).contains("verdict: valid"))
    // What was measured is what the patched model computes.
    let copied = try town.succeed(
      ["create", "--model", "model", "--forget", "forget.jsonl", "--retain", "retain.jsonl"]
        + ["--method", "ft", "--steps", "1", "--rate", "1e-9", "--threads", "1", "--json"]
        + ["-o", "q.patch.safetensors"])
    let again = try JSONDocument.read(Array(copied.utf8), byteLimit: 1 << 24) { $0 }
    let loss = try again["metrics"].elements().first {
      try $0["subject"].text() == "before" && $0["name"].text() == "loss"
        && $0["part"].text() == "forget"
    }
    let found = try #require(loss)
    let measured = try #require(Double(found["value"].text()))
    #expect(abs(try measured - value("after", "forget", "loss")) < 1e-5)
    try town.succeed(["report", "export", "-o", "report"])
    try town.succeed(["verify", "report"])
    let page = String(
      decoding: try Folder.read(town.folder.file("report/report.html"), limit: 1 << 24),
      as: UTF8.self)
    #expect(page.contains("membership-auc") && page.contains("oracle-distance"))
    try town.succeed(["rollback", "model"])
    #expect(try town.contents("model") == base)
  }

  @Test func `the same run gives the same bytes, another seed others`() throws {
    let town = try Town()
    let arguments = ["--mask", "random", "--rate", "0.01"]
    try town.succeed(town.create("gd", arguments, to: "a"))
    try town.succeed(town.create("gd", arguments, to: "b"))
    try town.succeed(town.create("gd", arguments + ["--seed", "1"], to: "c"))
    func bytes(_ name: String) throws -> [UInt8] {
      try Folder.read(town.folder.file("\(name).patch.safetensors"), limit: 1 << 24)
    }
    #expect(try bytes("a") == bytes("b"))
    #expect(try bytes("a") != bytes("c"))
  }

  @Test func `a kept mask gives the same patch, and drift is told and warned of`() throws {
    let town = try Town()
    try town.succeed(town.create("npo", ["--rate", "0.01", "--save-mask", "m.json"], to: "a"))
    let second = try town.succeed(
      town.create(
        "npo",
        [
          "--rate", "0.01", "--mask-file", "m.json", "--start", "model", "--drift-budget", "0.0001",
        ], to: "b"))
    #expect(
      try Folder.read(town.folder.file("a.patch.safetensors"), limit: 1 << 24)
        == Folder.read(town.folder.file("b.patch.safetensors"), limit: 1 << 24))
    #expect(second.contains("retrain from scratch now"), "\(second)")
    let drift = try town.statement("b")["metrics"]["recorded"].elements().filter {
      try $0["name"].text() == "drift"
    }
    #expect(drift.count == 3)
    try AtomicFile.write(Array("{}".utf8).rawSpan, to: town.folder.file("bad.json"))
    let refused = try town.run(town.create("npo", ["--mask-file", "bad.json"], to: "c"))
    #expect(refused.code == 1 && refused.errors.contains("bad.json"), "\(refused.errors)")
  }

  @Test func `every method and mask makes a patch of the units it names`() throws {
    let town = try Town()
    var number = 0
    for (method, extra) in [
      ("ga", ["--mask", "mlf"]), ("kl", ["--mask", "norm"]), ("simnpo", ["--mask", "magnitude"]),
      ("dpo", ["--mask", "last"]), ("idk", ["--mask", "all"]), ("rmu", ["--scale", "sum"]),
      ("ft", ["--score", "ratio", "--passes", "1"]), ("second-order", ["--retain-budget", "0.5"]),
      (
        "npo",
        ["--units", "L0.H1,L1.F3", "--until-oracle", "--limit-by-oracle", "--oracle", "oracle"]
      ),
    ] {
      number += 1
      try town.succeed(town.create(method, extra, to: "p\(number)"))
      let statement = try town.statement("p\(number)")
      #expect(try statement["method"]["name"].text() == method)
      #expect(try statement["units"]["outside"].elements().isEmpty)
      #expect(try !statement["units"]["layers"].elements().isEmpty)
    }
  }

  @Test(
    arguments: [
      (["--method", "npo"], Int32(2), "--forget"), (["--method", "ablate"], 2, "--units"),
      (["--forget", "forget.jsonl", "--method", "npo"], 2, "--retain"),
      (
        ["--forget", "forget.jsonl", "--method", "ga", "--mask", "norm", "--sparsity", "2"], 2,
        "--sparsity"
      ),
      (["--forget", "forget.jsonl", "--method", "ga", "--scale", "x"], 2, "--scale"),
      (["--forget", "none.jsonl", "--method", "ga"], 5, "none.jsonl"),
      (
        ["--forget", "forget.jsonl", "--method", "ga", "--mask", "all", "--until-oracle"], 2,
        "--oracle"
      ),
      (["--forget", "forget.jsonl", "--method", "ga", "--units", "L9.H1"], 2, "L9.H1"),
    ])
  func `what can't be done is refused, and nothing is written`(
    arguments: [String], code: Int32, words: String
  ) throws {
    let town = try Self.shared
    let names = try Set(Folder.names(in: town.folder.path))
    let result = try town.run(
      ["create", "--model", "model", "-o", "x.patch.safetensors"] + arguments)
    #expect(result.code == code, "\(result.errors)")
    #expect(result.errors.contains(words), "\(result.errors)")
    #expect(try Set(Folder.names(in: town.folder.path)) == names)
  }

  /// One town for tests that leave it as it is.
  private static var shared: Town {
    get throws { try shop.get() }
  }
  private static let shop = Result { try Town() }
}
