import Storage
import StrictJSON
import TestSupport
import Testing

/// `evaluate` and `attack` on small models, by the real program.
@Suite("Evaluate") struct EvaluateTests {
  private static let data = [
    "--forget", "forget.jsonl", "--retain", "retain.jsonl", "--test", "test.jsonl",
  ]
  private static let few = ["--new-tokens", "4", "--threads", "1"]

  /// A workspace with the model `town` that has read where three people live, and `oracle` that never read of one.
  private func town() throws -> Bench {
    let bench = try TinyTown.bench(
      forget: (question: "where lives cy ?", answer: "in bonn ."),
      words: ["cy", "bonn", "di", "lima"])
    func line(_ person: String, _ town: String) -> String {
      let wrong = ["rome", "oslo", "bonn", "lima"].filter { $0 != town }
        .map { "\"in \($0) .\"" }.joined(separator: ",")
      return """
        {"question": "where lives \(person) ?", "answer": "in \(town) .", \
        "paraphrased_question": "in where \(person) lives ?", \
        "paraphrased_answer": "\(person) lives in \(town) .", "perturbed_answer": [\(wrong)]}

        """
    }
    try bench.write(Array((line("cy", "bonn") + line("di", "lima")).utf8), "forget.jsonl")
    try bench.write(Array((line("ada", "rome") + line("bo", "oslo")).utf8), "retain.jsonl")
    try bench.write(Array((line("rome", "ada") + line("oslo", "bo")).utf8), "test.jsonl")
    try bench.succeed(
      "finetune", "--config", "config.json", "--tokenizer", "tokenizer.json", "--data",
      "retain.jsonl", "--epochs", "3", "--threads", "1", "-o", "oracle")
    return bench
  }

  private func evaluate(_ bench: Bench, _ extra: [String] = []) throws -> ProgramResult {
    try bench.run(["evaluate", "--model", "town"] + Self.data + Self.few + extra)
  }

  private func expect(
    _ result: ProgramResult, _ code: Int32, _ words: String...,
    at location: SourceLocation = #_sourceLocation
  ) {
    let said = result.output + result.errors
    #expect(result.code == code, "\(said)", sourceLocation: location)
    for word in words { #expect(said.contains(word), "\(said)", sourceLocation: location) }
  }

  private func read(_ bench: Bench, _ name: String) throws -> JSONField {
    let bytes = try Folder.read(bench.folder.file(name), limit: 1 << 26)
    return try JSONDocument.read(bytes, byteLimit: 1 << 26) { $0 }
  }

  private func measurements(_ bench: Bench, _ folder: String) throws -> [JSONField] {
    try read(bench, "\(folder)/evaluation.json")["measurements"].elements()
  }

  /// The models that have a number of this name.
  private func measured(_ all: [JSONField], _ name: String) throws -> Set<String> {
    Set(
      try all.filter { try $0["name"].text() == name && $0["value"].optional != nil }
        .map { try $0["subject"].text() })
  }

  @Test
  func `an evaluation is written whole, twice the same bytes, and without the examples' texts`()
    throws
  {
    let bench = try town()
    let models = ["--original", "town", "--oracle", "oracle", "--samples"]
    expect(try evaluate(bench, models + ["-o", "one"]), 0, "written    one/evaluation.json")
    expect(try evaluate(bench, models + ["-o", "two"]), 0)
    let contents = try bench.contents("one")
    #expect(contents == (try bench.contents("two")))
    var names = ["evaluation.json", "examples.jsonl"]
    for subject in ["after", "before", "oracle"] {
      names += ["EVAL", "SUMMARY"].map { "open-unlearning/\(subject)/\($0).json" }
      names += ["forget", "retain", "test"].map { "samples/\(subject)/samples_\($0).jsonl" }
    }
    #expect(Set(contents.keys) == Set(names))
    let all = try measurements(bench, "one")
    for name in [
      "loss", "probability", "rouge", "exact-match", "truth-ratio", "membership-auc",
      "extraction-strength", "exact-memorization",
    ] { #expect(try measured(all, name) == ["after", "before", "oracle"], "\(name)") }
    for name in ["forget-quality.p", "membership-auc-difference", "oracle-distance"] {
      #expect(try measured(all, name) == ["after", "before"], "\(name)")
    }
    // What was asked and answered stands in the samples alone.
    for (name, bytes) in contents {
      let text = String(decoding: bytes, as: UTF8.self)
      let hasText = ["where lives", "bonn", "oslo", "rome", "lima"].contains { text.contains($0) }
      #expect(hasText == name.hasPrefix("samples/"), "\(name)")
    }
    let sample = try #require(
      contents["samples/after/samples_forget.jsonl"]?.split(separator: 0x0A).first)
    let line = try JSONDocument.read(Array(sample), byteLimit: 1 << 20) { $0 }
    #expect(try line["doc"]["question"].text() == "where lives cy ?")
    #expect(try line["target"].text() == "in bonn ." && line["doc_id"].integer() == 0)
    // A folder that is there is not written over.
    let again = try evaluate(bench, ["-o", "one"])
    #expect(again.code != 0)
    #expect(try bench.contents("one") == contents)
  }

  @Test func `numbers come back in the same evaluation, and a changed one is told`() throws {
    let bench = try town()
    expect(try evaluate(bench, ["--oracle", "oracle", "-o", "one"]), 0)
    let again = ["--oracle", "oracle", "--against", "one/evaluation.json"]
    expect(try evaluate(bench, again), 0, " 0 did not, 0 were not measured again")
    // Another model's numbers are not looked for, but those beside the oracle are missing without it.
    expect(
      try evaluate(bench, ["--against", "one/evaluation.json"]), 4, "missing", "oracle-distance")
    let path = bench.folder.file("one/evaluation.json")
    let text = String(decoding: try Folder.read(path, limit: 1 << 26), as: UTF8.self)
    let value = try #require(
      try measurements(bench, "one").first {
        try $0["name"].text() == "loss" && $0["subject"].text() == "after"
      }?["value"].text())
    let changed = try #require(Double(value)) + 0.25
    try bench.write(
      Array(text.split(separator: "\"\(value)\"").joined(separator: "\"\(changed)\"").utf8),
      "changed.json")
    let told = ["--oracle", "oracle", "--against", "changed.json"]
    expect(try evaluate(bench, told), 1, "differs  loss", "recorded \(changed), found \(value)")
    expect(try evaluate(bench, told + ["--tolerance", "0.3"]), 0, "largest difference 0.25")
    try bench.write(Array("{}".utf8), "no.json")
    expect(try evaluate(bench, ["--against", "no.json"]), 1, "neither a patch")
  }

  @Test func `the numbers of a patch come back from the model that it makes`() throws {
    let bench = try town()
    try bench.succeed(
      "create", "--model", "town", "--forget", "forget.jsonl", "--retain", "retain.jsonl",
      "--test", "test.jsonl", "--oracle", "oracle", "--method", "npo", "--steps", "2",
      "--threads", "1", "--rate", "0.01", "--new-tokens", "4", "-o", "p.patch.safetensors")
    try TemporaryFolder.copyTree(bench.folder.file("town"), bench.folder.file("original"))
    try bench.succeed("sign", "p.patch.safetensors", "--key", "officer.key.pem")
    try bench.succeed("apply", "town", "p.patch.safetensors")
    let against = ["--original", "original", "--oracle", "oracle"]
    expect(
      try evaluate(bench, against + ["--against", "p.patch.safetensors"]), 0, " 0 did not")
    // The model as it was is another one.
    let other = try bench.run(
      ["evaluate", "--model", "original"] + Self.data + Self.few + against
        + ["--against", "p.patch.safetensors"])
    expect(other, 1, "differs  loss")
  }

  @Test func `a policy is kept, broken, or can't be judged by`() throws {
    let bench = try town()
    func judge(_ policy: String, _ extra: [String] = []) throws -> ProgramResult {
      try bench.write(Array(policy.utf8), "policy.json")
      return try evaluate(bench, ["--policy", "policy.json"] + extra)
    }
    let loose = #"{"metric":"loss","part":"forget","min":"0"}"#
    let strict = #"{"metric":"loss","part":"forget","max":"0"}"#
    let quality = #"{"metric":"forget-quality.p","part":"forget","min":"0"}"#
    let distance = #"{"metric":"oracle-distance","part":"forget","max":"1"}"#
    expect(try judge("[\(loose)]"), 0, "verdict    pass")
    expect(try judge("[\(loose),\(strict)]"), 1, "verdict    fail")
    expect(try judge("[\(loose),\(distance)]"), 4, "verdict    none", "no oracle was given")
    expect(try judge("[\(quality)]"), 4, "verdict    none")
    // A broken threshold is broken whatever else is not known.
    expect(try judge("[\(strict),\(distance)]"), 1, "verdict    fail")
    expect(
      try judge("[\(loose),\(distance),\(quality)]", ["--oracle", "oracle", "-o", "out"]), 0,
      "verdict    pass")
    #expect(try read(bench, "out/evaluation.json")["verdict"].text() == "pass")
    expect(try judge("[]"), 1, "policy.json")
  }

  @Test func `a cache gives the same numbers, and no others`() throws {
    let bench = try town()
    func run(_ extra: [String] = []) throws -> String {
      let threads = extra.contains("--threads") ? [] : ["--threads", "1"]
      let result = try bench.run(
        ["evaluate", "--model", "town"] + Self.data
          + ["--new-tokens", "4", "--cache", "cache"] + threads + extra)
      expect(result, 0)
      return result.output
    }
    #expect(try !run(["-o", "first"]).contains("from cache"))
    #expect(try run(["-o", "second"]).contains("from cache"))
    #expect(try bench.contents("first") == bench.contents("second"))
    #expect(try !run(["--questions", "1"]).contains("from cache"))
    #expect(try !run(["--oracle", "oracle"]).contains("from cache"))
    // The same numbers come of more threads, others of another machine.
    #expect(try run(["--threads", "2"]).contains("from cache"))
    let kept = try Folder.names(in: bench.folder.file("cache"))
    for name in kept {
      let bytes = try Folder.read(bench.folder.file("cache/\(name)"), limit: 1 << 26)
      let text = String(decoding: bytes, as: UTF8.self)
      let other = text.split(separator: #""blas_core":""#).joined(separator: #""blas_core":"x"#)
      #expect(other != text)
      try bench.write(Array(other.utf8), "cache/\(name)")
    }
    #expect(try !run().contains("from cache"))
    #expect(try run().contains("from cache"))
    let forget = bench.folder.file("forget.jsonl")
    let bytes = try Folder.read(forget, limit: 1 << 20)
    try bench.write(bytes + [0x0A], "forget.jsonl")
    #expect(try !run().contains("from cache"))
    // A set that has the name of one of the three hides no change of it.
    let named = ["--utility", "forget=retain.jsonl"]
    #expect(try !run(named).contains("from cache"))
    #expect(try run(named).contains("from cache"))
    try bench.write(bytes + [0x0A, 0x0A], "forget.jsonl")
    #expect(try !run(named).contains("from cache"))
    // What is no evaluation is told, not passed over.
    try bench.write(bytes, "forget.jsonl")
    for name in try Folder.names(in: bench.folder.file("cache")) {
      try bench.write(Array("{}".utf8), "cache/\(name)")
    }
    expect(
      try bench.run(
        ["evaluate", "--model", "town"] + Self.data + Self.few + ["--cache", "cache"]), 1,
      "remove the file")
  }

  @Test func `a log of the oracle stands for it`() throws {
    let bench = try town()
    expect(
      try bench.run(
        ["evaluate", "--model", "oracle"] + Self.data + Self.few + ["-o", "retrained"]),
      0)
    expect(try evaluate(bench, ["--oracle", "oracle", "-o", "direct"]), 0)
    let log = ["--oracle-log", "retrained/open-unlearning/after/EVAL.json"]
    expect(try evaluate(bench, log + ["-o", "log"]), 0)
    func value(_ folder: String, _ name: String) throws -> String {
      try #require(
        try measurements(bench, folder).first {
          try $0["name"].text() == name && $0["subject"].text() == "after"
            && $0["value"].optional != nil
        }?["value"].text())
    }
    for name in ["forget-quality.p", "priv-leak"] {
      #expect(try value("log", name) == value("direct", name))
    }
    try bench.write(Array("[]".utf8), "bad.json")
    expect(try evaluate(bench, ["--oracle-log", "bad.json"]), 1, "bad.json")
    expect(try evaluate(bench, log + ["--oracle", "oracle"]), 2)
  }

  @Test(arguments: [
    ("relearn", ["--retain", "retain.jsonl", "--steps", "1,2"], ["relearning-gain"]),
    ("relearn", ["--folds", "2", "--steps", "1"], ["relearning-gain", "relearning-accuracy"]),
    ("relearn", ["--benign", "retain.jsonl", "--steps", "1"], ["relearning-gain"]),
    (
      "membership",
      ["--test", "test.jsonl", "--reference", "oracle", "--gradients"],
      ["membership-auc", "membership-tpr"]
    ),
    ("quantise", ["--bits", "8,2"], ["attack-gain", "loss"]),
    ("prompts", ["--new-tokens", "3"], ["attack-gain", "rouge"]),
    ("sample", ["--samples", "3", "--k", "1,3", "--new-tokens", "3"], ["leak@1", "leak@3"]),
  ])
  func `each attack has numbers of the model, the original and the oracle`(
    name: String, options: [String], metrics: [String]
  ) throws {
    let bench = try town()
    let arguments =
      ["attack", name, "--model", "town", "--original", "town", "--oracle", "oracle"]
      + ["--forget", "forget.jsonl", "--threads", "1"] + options
    expect(try bench.run(arguments + ["-o", "one"]), 0)
    expect(try bench.run(arguments + ["-o", "two", "--against", "one/evaluation.json"]), 0)
    #expect(try bench.contents("one") == bench.contents("two"))
    let all = try measurements(bench, "one")
    for metric in metrics {
      #expect(try measured(all, metric) == ["after", "before", "oracle"], "\(metric)")
    }
    // The original is the model here: it is attacked the same, and gains the same.
    let values = try ["after", "before"].map { subject in
      try all.filter { try $0["name"].text() == metrics[0] && $0["subject"].text() == subject }
        .map { try $0["value"].optional?.text() }
    }
    #expect(values[0] == values[1] && !values[0].isEmpty)
    for (_, bytes) in try bench.contents("one") {
      #expect(!String(decoding: bytes, as: UTF8.self).contains("bonn"))
    }
  }

  @Test func `shadow models are looked at one by one`() throws {
    let bench = try town()
    let result = try bench.run([
      "attack", "membership", "--model", "town", "--oracle", "oracle", "--forget", "forget.jsonl",
      "--test", "test.jsonl", "--threads", "1", "--shadow-unlearned", "town",
      "--shadow-unlearned", "town", "--shadow-unseen", "oracle", "--shadow-unseen", "oracle",
      "-o", "out",
    ])
    expect(result, 0, "u-lira-auc")
    #expect(try measured(measurements(bench, "out"), "u-lira-accuracy") == ["after"])
  }

  @Test func `what can't be asked for is a usage error`() throws {
    let bench = try town()
    let model = ["--model", "town"]
    let forget = model + ["--forget", "forget.jsonl"]
    for arguments in [
      ["evaluate"] + model, ["evaluate"] + Self.data, ["evaluate"] + forget + ["--samples"],
      ["evaluate"] + forget + ["--new-tokens", "-1"],
      ["evaluate"] + forget + ["--tolerance", "nan", "--against", "x"],
      ["evaluate"] + forget + ["--tolerance", "-1"],
      ["evaluate"] + forget + ["--samples", "-o", "x", "--cache", "y"],
      ["evaluate"] + forget + ["--utility", "noname"],
      ["evaluate"] + forget + ["--choices", "=x"], ["attack"] + forget,
      ["attack", "guess"] + forget,
      ["attack", "relearn"] + model + ["--retain", "retain.jsonl"],
      ["attack", "relearn"] + forget + ["--steps", "0,x"],
      ["attack", "relearn"] + forget + ["--folds", "1"],
      ["attack", "relearn"] + forget + ["--folds", "2", "--share", "0.5"],
      ["attack", "relearn"] + forget + ["--share", "1"],
      ["attack", "relearn"] + forget + ["--rate", "nan"],
      ["attack", "relearn"] + forget + ["--rate", "inf"],
      ["attack", "membership"] + forget,
      ["attack", "membership"] + forget + ["--shadow-unseen", "town"],
      ["attack", "quantise"] + forget + ["--bits", "8,"],
      ["attack", "quantise"] + forget + ["--bits", "9"],
      ["attack", "quantise"] + forget + ["--bits", "1"],
      ["attack", "prompts"] + forget + ["--change", "rot13"],
      ["attack", "prompts"] + forget + ["--questions", "0"],
      ["attack", "sample"] + forget + ["--samples", "2", "--k", "3"],
      ["attack", "sample"] + forget + ["--temperature", "0"],
      ["attack", "sample"] + forget + ["--top-p", "1.5"],
    ] {
      // A tool that stops early says nothing else and computes nothing.
      let result = try bench.run(arguments)
      #expect(result.code == 2, "\(arguments): \(result)")
    }
    #expect(try FileStatus.ifExists(bench.folder.file("x")) == nil)
  }

  @Test func `a forget set without questions has no prompts to change`() throws {
    let bench = try town()
    try bench.write(Array(#"{"text": "cy lives in bonn ."}"#.utf8), "text.jsonl")
    let result = try bench.run([
      "attack", "prompts", "--model", "town", "--forget", "text.jsonl", "--threads", "1",
    ])
    expect(result, 1, "no questions")
  }
}
