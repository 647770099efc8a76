import Storage
import StrictJSON
import TestSupport
import Testing

/// `create` with learned masks, from a trained model to a verified one and back.
@Suite("Create") struct CreateTests {
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
        == ["relearning", "multiple-choice"])
    #expect(try town.succeed(["ledger", "log"]).contains("metrics.recorded"))
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
    #expect(try town.patch("a") == town.patch("b"))
    #expect(try town.patch("a") != town.patch("c"))
  }

  #if os(Linux)
    // What is there after a call is there before the next one.
    @Test(.enabled(if: Program.canInjectFaults), arguments: ["before", "torn"])
    func `a run killed at any call goes on to the same patch`(mode: String) throws {
      let town = try Town()
      let arguments = town.create(
        "npo", ["--rate", "0.01", "--retain-budget", "0.5", "--steps", "7", "--keep-every", "3"])
      let state = town.folder.file("p.patch.safetensors.state.safetensors")
      try town.succeed(arguments)
      let whole = try town.patch()
      let steps = try town.statement()["method"]["parameters"]["update"]["steps"].elements().count
      func reset() throws {
        for name in try Folder.names(in: town.folder.path) where name.hasPrefix("p.patch") {
          try Folder.remove(town.folder.file(name))
        }
      }
      func run(stoppingAt call: Int) throws -> ProgramResult {
        try town.run(
          arguments,
          [
            "LD_PRELOAD": Paths.join(Program.productsFolder, "libFaultPoints.so"),
            "FAULT_ROOT": town.folder.path, "FAULT_AT": String(call), "FAULT_MODE": mode,
            "FAULT_LOG": call == 0 ? town.folder.file("calls") : "",
          ])
      }
      try reset()
      #expect(try run(stoppingAt: 0).code == 0)
      let calls = try Folder.read(town.folder.file("calls"), limit: 1 << 20).count { $0 == 0x0A }
      #expect(calls > 15, "only \(calls) calls were seen")
      for call in 1...max(1, calls) {
        try reset()
        #expect(try run(stoppingAt: call).code == nil, "call \(call) was not stopped")
        let isThere = try FileStatus.ifExists(town.folder.file("p.patch.safetensors")) != nil
        if try !isThere || FileStatus.ifExists(state) != nil {
          let resumed = try town.run(arguments + ["--resume"])
          #expect(resumed.code == 0, "call \(call): \(resumed.errors)")
        }
        #expect(try town.patch() == whole, "call \(call)")
        #expect(try FileStatus.ifExists(state) == nil)
        let parameters = try town.statement()["method"]["parameters"]
        #expect(try parameters["update"]["steps"].elements().count == steps)
      }
    }
  #endif

  @Test(.enabled(if: Program.canInjectFaults))
  func `an unfinished run is not begun anew, nor mixed with another`() throws {
    let town = try Town()
    let state = town.folder.file("p.patch.safetensors.state.safetensors")
    let arguments = town.create("gd", ["--rate", "0.01", "--keep-every", "5"])
    let library = Paths.join(Program.productsFolder, "libFaultPoints.so")
    // Stopped at the last of its calls, which removes the state.
    let faults = ["LD_PRELOAD": library, "FAULT_ROOT": town.folder.path, "FAULT_MODE": "before"]
    let all = ["FAULT_AT": "0", "FAULT_LOG": town.folder.file("calls")]
    #expect(try town.run(arguments, faults.merging(all) { $1 }).code == 0)
    let calls = try Folder.read(town.folder.file("calls"), limit: 1 << 20).count { $0 == 0x0A }
    for name in try Folder.names(in: town.folder.path) where name.hasPrefix("p.patch") {
      try Folder.remove(town.folder.file(name))
    }
    let kill = ["FAULT_AT": String(calls / 2), "FAULT_LOG": ""]
    #expect(try town.run(arguments, faults.merging(kill) { $1 }).code == nil)
    #expect(try FileStatus.ifExists(state) != nil)
    let anew = try town.run(arguments)
    #expect(anew.code == 6 && anew.errors.contains("--resume"), "\(anew.errors)")
    let other = try town.run(
      town.create("gd", ["--rate", "0.02", "--keep-every", "5", "--resume"]))
    #expect(other.code == 1 && other.errors.contains("other options"), "\(other.errors)")
    // Every cut and every changed byte of the state is refused or harmless, never a crash.
    let bytes = try Folder.read(state, limit: 1 << 24)
    for cut in [0, 7, 8, 100, bytes.count / 2, bytes.count - 1] {
      try AtomicFile.write(Array(bytes[..<cut]).rawSpan, to: state, replacing: true)
      let result = try town.run(arguments + ["--resume"])
      #expect(result.code == 1, "cut at \(cut): \(result.errors)")
    }
  }

  @Test func `second-order requests one by one are one request`() throws {
    let town = try Town()
    try town.pick(0...0, to: "first.jsonl")
    try town.pick(1...1, to: "second.jsonl")
    func create(_ forget: String, _ extra: [String], to name: String) -> [String] {
      [
        "create", "--model", "model", "--forget", forget, "--retain", "retain.jsonl", "--method",
        "second-order", "--rate", "0.5", "--threads", "1", "-o", "\(name).patch.safetensors",
      ] + extra
    }
    try town.succeed([
      "fisher", "--model", "model", "--data", "train.jsonl", "--threads", "1", "-o", "all.fisher",
    ])
    try town.succeed(
      create(
        "first.jsonl", ["--memory", "all.fisher", "--save-memory", "one", "--save-mask", "m"],
        to: "a"))
    try town.succeed(
      create("second.jsonl", ["--memory", "one", "--save-memory", "two"], to: "b"))
    try town.succeed(
      create("forget.jsonl", ["--memory", "all.fisher", "--mask-file", "m"], to: "c"))
    func update(_ name: String) throws -> (distance: Double, forgotten: Int) {
      let update = try town.statement(name)["method"]["parameters"]["update"]
      return (
        try #require(Double(update["distance"].text())), try update["forget_examples"].count()
      )
    }
    let (one, two, batch) = (try update("a"), try update("b"), try update("c"))
    #expect(one.forgotten == 1 && two.forgotten == 2 && batch.forgotten == 2)
    #expect(abs(two.distance - batch.distance) < 1e-4 * batch.distance)
    #expect(abs(one.distance - batch.distance) > 1e-2 * batch.distance)
    #expect(
      try town.statement("b")["units"]["layers"].value
        == town.statement("c")["units"]["layers"].value)
    // Sums hold where they were taken, for their own units.
    for (extra, code, words) in [
      (["--memory", "all.fisher", "--start", "oracle"], Int32(1), "another model"),
      (["--memory", "one", "--units", "L0.H1"], 2, "--units"),
      (["--memory", "train.jsonl"], 1, "train.jsonl"),
    ] {
      let result = try town.run(create("second.jsonl", extra, to: "x"))
      #expect(result.code == code && result.errors.contains(words), "\(result.errors)")
    }
    let wrong = try town.run(town.create("npo", ["--memory", "one"], to: "x"))
    #expect(wrong.code == 2 && wrong.errors.contains("second-order"), "\(wrong.errors)")
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
    #expect(try town.patch("a") == town.patch("b"))
    #expect(second.contains("retrain from scratch now"), "\(second)")
    let drift = try town.statement("b")["metrics"]["recorded"].elements().filter {
      try $0["name"].text() == "drift"
    }
    #expect(drift.count == 3)
    try AtomicFile.write(Array("{}".utf8).rawSpan, to: town.folder.file("bad.json"))
    let refused = try town.run(town.create("npo", ["--mask-file", "bad.json"], to: "c"))
    #expect(refused.code == 1 && refused.errors.contains("bad.json"), "\(refused.errors)")
  }

  @Test func `answers, choices, utility and relearning are measured beside the oracle`() throws {
    let town = try Town()
    try AtomicFile.write(
      Array(
        #"{"question": "where lives ada ?", "choices": ["rome", "oslo", "bonn"], "answer": 0}"#.utf8
      ).rawSpan, to: town.folder.file("choices.jsonl"))
    let output = try town.succeed(
      town.create(
        "npo",
        [
          "--rate", "0.01", "--sparsity", "0.5", "--oracle", "oracle", "--test", "test.jsonl",
          "--choices", "towns:people=choices.jsonl", "--utility", "all=train.jsonl", "--relearn",
          "2,4", "--relearn-rate", "0.005", "--new-tokens", "6",
        ]))
    #expect(output.contains("ROUGE-L") && output.contains("towns choice-accuracy"), "\(output)")
    let metrics = try town.statement()["metrics"]
    #expect(try metrics["notRun"].elements().isEmpty)
    var seen: [String: Double] = [:]
    for entry in try metrics["recorded"].elements() {
      let names = try [
        entry["subject"].text(), entry["set"].optional?.text() ?? entry["part"].optional?.text(),
        entry["name"].text(),
      ].compactMap { $0 }
      guard let value = try entry["value"].optional?.text() else { continue }
      seen[names.joined(separator: " ")] = Double(value)
    }
    #expect(seen["before forget exact-match"] == 1 && seen["before retain rouge"] == 1)
    #expect(try #require(seen["after forget rouge"]) < 1)
    #expect(seen["oracle towns choice-accuracy"] != nil)
    #expect(seen["before model-utility"] != nil && seen["oracle model-utility"] != nil)
    #expect(seen["after forget relearning-gain"] != nil)
    #expect(seen["oracle forget relearning-accuracy"] != nil)
    let refused = try town.run(town.create("npo", ["--choices", "choices.jsonl"], to: "x"))
    #expect(refused.code == 2 && refused.errors.contains("NAME=FILE"), "\(refused.errors)")
  }

  @Test func `every method and mask makes a patch of the units it names`() throws {
    let town = try Town()
    var number = 0
    for (method, extra) in [
      ("ga", ["--mask", "mlf", "--budget", "joint", "--optimizer", "sophia"]),
      ("task-vector", ["--reading", "prune", "--strength", "2"]),
      ("gd", ["--budget", "parameters", "--sparsity", "0.5", "--optimizer", "sgd"]),
      ("ft", ["--budget", "heads", "--sparsity", "0.4", "--l1", "0.001"]),
      ("npo", ["--filters-per-layer", "2-9", "--heads-per-layer", "0-1"]),
      ("kl", ["--mask", "norm", "--budget", "filters"]), ("simnpo", ["--mask", "magnitude"]),
      ("dpo", ["--mask", "last"]), ("idk", ["--mask", "all"]), ("rmu", ["--scale", "sum"]),
      ("ft", ["--score", "ratio", "--passes", "1"]), ("second-order", ["--retain-budget", "0.5"]),
      ("second-order", ["--curvature", "block", "--sparsity", "0.8"]),
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
      (
        ["--forget", "forget.jsonl", "--method", "ga", "--mask", "norm", "--heads-per-layer", "2"],
        2, "LEAST-MOST"
      ),
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
