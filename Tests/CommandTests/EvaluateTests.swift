import Storage
import StrictJSON
import TestSupport
import Testing

/// `evaluate` and `attack`, by the real program on a model that knows where eight people live.
@Suite("Evaluate") struct EvaluateTests {
  private let models = ["--model", "model", "--threads", "1", "--new-tokens", "6"]
  private let sets = [
    "--forget", "forget.jsonl", "--retain", "retain.jsonl", "--test", "test.jsonl",
  ]

  private func record(_ town: Town, _ folder: String) throws -> JSONField {
    let bytes = try Folder.read(town.folder.file("\(folder)/evaluation.json"), limit: 1 << 24)
    return try JSONDocument.read(bytes, byteLimit: 1 << 24) { $0 }
  }

  /// The values of one measurement, one of each model.
  private func values(
    _ record: JSONField, _ name: String, _ variant: String? = nil, part: String? = nil,
    condition: String? = nil
  ) throws -> [String: String] {
    var values: [String: String] = [:]
    for entry in try record["measurements"].elements() {
      func text(_ key: String) throws -> String? { try entry[key].optional?.text() }
      guard try text("name") == name, try text("part") == part,
        try text("condition") == condition
      else { continue }
      if let variant, try text("variant")?.hasPrefix(variant) != true { continue }
      values[try entry["subject"].text()] = try text("value") ?? text("reason") ?? ""
    }
    return values
  }

  @Test func `an evaluation is recorded, comes back bit for bit, and has a verdict`() throws {
    let town = try Town()
    let arguments = ["evaluate"] + models + sets
    try town.succeed(arguments + ["--oracle", "oracle", "-o", "first", "--samples"])
    try town.succeed(arguments + ["--oracle", "oracle", "-o", "second", "--samples"])
    let (first, second) = (try town.contents("first"), try town.contents("second"))
    #expect(first == second)
    #expect(
      Set(first.keys).isSuperset(of: [
        "evaluation.json", "examples.jsonl", "open-unlearning/after/EVAL.json",
        "open-unlearning/oracle/SUMMARY.json", "samples/after/samples_forget.jsonl",
      ]))
    let record = try record(town, "first")
    #expect(try values(record, "accuracy", part: "forget")["after"] == "1.0")
    #expect(try values(record, "accuracy", part: "forget")["oracle"] != "1.0")
    #expect(try values(record, "extraction-strength", "esExact", part: "forget")["after"] == "1.0")
    #expect(try values(record, "forget-quality.p")["after"] == nil)
    for variant in ["loss", "zlib", "min-k(", "min-k++("] {
      #expect(try values(record, "membership-auc", variant).count == 2, "\(variant)")
    }
    // What a person said stands in the samples alone.
    for name in ["evaluation.json", "examples.jsonl", "open-unlearning/after/EVAL.json"] {
      let text = String(decoding: first[name] ?? [], as: UTF8.self)
      #expect(!text.isEmpty && !text.contains("rome") && !text.contains("lives"), "\(name)")
    }

    try town.succeed(
      arguments + ["--oracle", "oracle", "--against", "first/evaluation.json"])
    let other = try town.run(
      arguments + ["--oracle", "oracle", "--length", "12", "--against", "first/evaluation.json"])
    #expect(other.code == 0, "a limit that nothing meets changes nothing: \(other.output)")
    let worse = try town.run(
      ["evaluate", "--model", "oracle", "--threads", "1", "--new-tokens", "6"] + sets
        + ["--against", "first/evaluation.json"])
    #expect(worse.code == 1 && worse.output.contains("differs"))

    let oracle = ["--oracle", "oracle"]
    for (policy, extra, code, verdict) in [
      (#"[{"metric": "accuracy", "part": "forget", "min": "0.9"}]"#, [], 0, "pass"),
      (#"[{"metric": "accuracy", "part": "forget", "max": "0.1"}]"#, [], 1, "fail"),
      (#"[{"metric": "oracle-distance", "part": "forget", "max": "0.9"}]"#, [], 4, "none"),
      (#"[{"metric": "oracle-distance", "part": "forget", "max": "0.9"}]"#, oracle, 0, "pass"),
    ] as [(String, [String], Int32, String)] {
      try AtomicFile.write(
        Array(policy.utf8).rawSpan, to: town.folder.file("p.json"), replacing: true)
      let result = try town.run(arguments + extra + ["--policy", "p.json"])
      #expect(
        result.code == code && result.output.contains("verdict    \(verdict)"),
        "\(policy): \(result.code) \(result.output)")
      if verdict == "none" { #expect(result.output.contains("no oracle was given")) }
    }
  }

  @Test func `the numbers of a patch come back from the model that it made, and are logged`() throws
  {
    let town = try Town()
    try town.succeed(["init", "--origin", "test.example/log"])
    try town.succeed(["keygen", "--role", "artifact", "-o", "officer"])
    try town.succeed(["trust", "add", "officer.pub.pem"])
    try town.succeed(
      town.create(
        "gd",
        ["--test", "test.jsonl", "--oracle", "oracle", "--rate", "0.01", "--new-tokens", "6"]))
    try town.succeed(["sign", "p.patch.safetensors", "--key", "officer.key.pem"])
    try town.succeed(["apply", "model", "p.patch.safetensors", "--output", "patched"])
    let arguments =
      ["evaluate", "--model", "patched", "--threads", "1", "--new-tokens", "6", "--seed", "0"]
      + sets
    try town.succeed(
      arguments + [
        "--original", "model", "--oracle", "oracle", "--against", "p.patch.safetensors", "-o",
        "eval", "--record-for", "p.patch.safetensors",
      ])
    let log = try town.succeed(["ledger", "log", "--json"])
    #expect(log.contains(#""evaluation""#))
    try town.succeed(["ledger", "verify"])
    let before = try town.run(
      ["evaluate", "--model", "model", "--threads", "1", "--new-tokens", "6"] + sets
        + ["--against", "p.patch.safetensors"])
    #expect(before.code == 1, "the base has other numbers: \(before.output)")
    let unknown = try town.run(
      arguments + ["-o", "other", "--record-for", "forget.jsonl"])
    #expect(unknown.code == 6 || unknown.code == 1, "\(unknown.code) \(unknown.errors)")
  }

  @Test func `what is in the cache is not computed again, and other data are`() throws {
    let town = try Town(epochs: 2)
    let arguments = ["evaluate"] + models + sets + ["--cache", "cache"]
    let first = try town.succeed(arguments + ["-o", "a"])
    #expect(!first.contains("from cache"))
    let second = try town.succeed(arguments + ["-o", "b"])
    #expect(second.contains("from cache"))
    #expect(try town.contents("a") == town.contents("b"))
    try town.pick(2...4, to: "fewer.jsonl")
    let fewer = arguments.map { $0 == "retain.jsonl" ? "fewer.jsonl" : $0 }
    #expect(try !town.succeed(fewer).contains("from cache"))
    let kept = try #require(
      try Folder.names(in: town.folder.file("cache")).first { $0.hasSuffix(".json") })
    for name in try Folder.names(in: town.folder.file("cache")) {
      try AtomicFile.write(
        Array("{}".utf8).rawSpan, to: town.folder.file("cache/\(name)"), replacing: true)
    }
    let broken = try town.run(arguments)
    #expect(broken.code == 1 && broken.errors.contains("cache/"), "\(kept): \(broken.errors)")
  }

  @Test func `each attack is made on the model, the original and the oracle`() throws {
    let town = try Town(epochs: 2)
    let all = ["--model", "model", "--original", "model", "--oracle", "oracle", "--threads", "1"]
    let everyone: Set = ["before", "after", "oracle"]
    try town.succeed(
      ["attack", "relearn"] + all
        + [
          "--forget", "train.jsonl", "--folds", "4", "--steps", "2,4", "--rate", "0.001", "-o", "r",
        ])
    let gains = try values(
      try record(town, "r"), "relearning-gain", "held.accuracy", part: "forget")
    #expect(Set(gains.keys) == everyone)
    // Every example is held out once: as many as there are.
    let held = try record(town, "r")["measurements"].elements().first {
      try $0["name"].text() == "relearning-gain"
        && $0["variant"].text().hasPrefix("held.accuracy")
    }
    #expect(try held?["n"].integer() == 8)
    try town.succeed(
      ["attack", "relearn"] + all
        + [
          "--forget", "forget.jsonl", "--benign", "retain.jsonl", "--steps", "2", "--rate",
          "0.001", "-o", "b",
        ])
    try town.succeed(
      ["attack", "membership"] + all + sets
        + [
          "--gradients", "--reference", "oracle", "--shadow-unlearned", "model",
          "--shadow-unlearned", "oracle", "--shadow-unseen", "oracle", "--shadow-unseen", "model",
          "-o", "m",
        ])
    for variant in ["loss", "zlib", "min-k(", "min-k++(", "reference", "gradient-norm"] {
      #expect(
        Set(try values(try record(town, "m"), "membership-auc", variant).keys) == everyone,
        "\(variant)")
    }
    #expect(try values(try record(town, "m"), "u-lira-auc", part: "forget")["after"] != nil)
    try town.succeed(["attack", "quantise"] + all + sets + ["--bits", "8,2", "-o", "q"])
    for bits in [8, 2] {
      let condition = "weights.rtn\(bits).per-output"
      let accuracy = try values(
        try record(town, "q"), "accuracy", part: "retain", condition: condition)
      #expect(Set(accuracy.keys) == everyone)
      #expect(
        Set(
          try values(
            try record(town, "q"), "attack-gain", "accuracy", part: "retain",
            condition: condition
          ).keys) == everyone)
    }
    try town.succeed(
      ["attack", "prompts"] + all + ["--forget", "forget.jsonl", "--new-tokens", "6", "-o", "p"])
    #expect(
      Set(
        try values(
          try record(town, "p"), "rouge", part: "forget", condition: "prompt.polite"
        ).keys) == everyone)
    try town.succeed(
      ["attack", "sample"] + all
        + [
          "--forget", "forget.jsonl", "--new-tokens", "6", "--samples", "4", "--k", "1,4", "-o",
          "s",
        ])
    let one = try values(try record(town, "s"), "leak@1", "rougeL", part: "forget")
    let four = try values(try record(town, "s"), "leak@4", "rougeL", part: "forget")
    #expect(Set(four.keys) == everyone)
    for subject in everyone {
      let (fewer, more) = (Double(one[subject] ?? ""), Double(four[subject] ?? ""))
      #expect(try #require(more) >= #require(fewer))
    }
  }

  @Test func `what can't be asked is refused before anything is computed`() throws {
    let town = try Town(epochs: 2)
    for (arguments, code) in [
      (["evaluate", "--model", "model"], 2),
      (["evaluate", "--model", "nothing", "--forget", "forget.jsonl"], 5),
      (["evaluate", "--model", "model", "--forget", "forget.jsonl", "-o", "model"], 6),
      (["evaluate", "--model", "model", "--forget", "forget.jsonl", "--samples"], 2),
      (["evaluate", "--model", "model", "--forget", "forget.jsonl", "--policy", "config.json"], 1),
      (["attack", "quantise", "--model", "model", "--forget", "forget.jsonl", "--bits", "16"], 2),
      (["attack", "relearn", "--model", "model", "--retain", "retain.jsonl"], 2),
      (["attack", "membership", "--model", "model", "--forget", "forget.jsonl"], 2),
      (["attack", "sample", "--model", "model", "--forget", "forget.jsonl", "--k", "99"], 2),
    ] as [([String], Int32)] {
      let result = try town.run(arguments)
      #expect(result.code == code, "\(arguments): \(result.code) \(result.errors)")
    }
  }
}
