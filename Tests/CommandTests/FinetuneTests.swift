import Storage
import StrictJSON
import TestSupport
import Testing

struct FinetuneTests {
  /// A folder with a configuration, a tokenizer and data.
  private struct Shop {
    let folder: TemporaryFolder
    let program = Program("unlearn-patch")

    init() throws {
      folder = try TemporaryFolder()
      let words = ["who", "is", "ada", "bo", "cy", "from", "rome", "oslo", "?", "."]
      try write("tokenizer.json", WordTokenizer.json(words))
      try write(
        "config.json",
        Array(
          """
          {"model_type": "gpt2", "n_layer": 1, "n_head": 2, "n_embd": 16, "n_positions": 16,
           "vocab_size": 14, "n_inner": 16, "eos_token_id": 3, "layer_norm_epsilon": 1e-05}
          """.utf8))
      try write(
        "data.jsonl",
        Array(
          """
          {"question": "who is from rome ?", "answer": "ada ."}
          {"question": "who is from oslo ?", "answer": "bo ."}
          {"text": "cy is from oslo ."}
          """.utf8))
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
      try AtomicFile.write(bytes.rawSpan, to: folder.file(name), replacing: true)
    }

    func run(_ arguments: [String], _ extra: [String: String] = [:]) throws -> ProgramResult {
      try program.run(
        arguments, in: folder.path, environment: ["TZ": "UTC"].merging(extra) { $1 })
    }

    var training: [String] {
      [
        "finetune", "--config", "config.json", "--tokenizer", "tokenizer.json", "--data",
        "data.jsonl", "--epochs", "6", "--rate", "0.01", "--batch", "2", "--threads", "1", "-o",
        "model",
      ]
    }

    func contents(_ name: String) throws -> [String: [UInt8]] {
      try TemporaryFolder.contents(folder.file(name))
    }
  }

  @Test func `a new model is trained, written with its tokenizer, and trained on`() throws {
    let shop = try Shop()
    let first = try shop.run(shop.training + ["--validation", "data.jsonl", "--json"])
    #expect(first.code == 0, "\(first.errors)")
    let answer = try JSONDocument.read(Array(first.output.utf8), byteLimit: 1 << 20) { $0 }
    #expect(try answer["steps"].integer() == 12)
    #expect(
      try shop.contents("model").keys.sorted()
        == ["config.json", "model.safetensors", "tokenizer.json"])
    let record = try JSONDocument.read(
      try Folder.read(shop.folder.file("model.run.json"), limit: 1 << 20), byteLimit: 1 << 20
    ) { $0 }
    #expect(try record["run"]["steps"].elements().count == 12)
    let before = try #require(Double(record["validation_loss"]["before"].text()))
    let after = try #require(Double(record["validation_loss"]["after"].text()))
    #expect(after < before)
    #expect(try FileStatus.ifExists(shop.folder.file("model.training.safetensors")) == nil)
    let second = try shop.run([
      "finetune", "--model", "model", "--data", "data.jsonl", "--epochs", "1", "--units",
      "L0.H1,L0.F3", "--threads", "1", "-o", "second",
    ])
    #expect(second.code == 0, "\(second.errors)")
    #expect(try shop.contents("second").keys == shop.contents("model").keys)
    let third = try shop.run([
      "finetune", "--model", "model", "--data", "data.jsonl", "--epochs", "1", "--units",
      "L0.H1,L0.F3", "--threads", "1", "--max-shard-size", "4KB", "-o", "third",
    ])
    #expect(third.code == 0, "\(third.errors)")
    let names = try shop.contents("third").keys.sorted()
    #expect(names.contains("model.safetensors.index.json"))
    #expect(names.contains { $0.hasPrefix("model-00001-of-0000") })
    let sharded = try shop.run(["inspect", "third", "--digests"])
    #expect(sharded.code == 0, "\(sharded.errors)")
    let inspected = try shop.run(["diff", "model", "second", "-o", "d.patch.safetensors", "--json"])
    #expect(inspected.code == 0, "\(inspected.errors)")
    // Nothing but the two units was moved.
    let units = try JSONDocument.read(Array(inspected.output.utf8), byteLimit: 1 << 20) { $0 }[
      "units"]
    #expect(try units["other_parameters"].optional?.integer() ?? 0 == 0)
  }

  #if os(Linux)
    @Test(.enabled(if: Program.canInjectFaults), arguments: ["before", "torn", "after"])
    func `a run killed at any call goes on to the same bytes`(mode: String) throws {
      let shop = try Shop()
      let library = Paths.join(Program.productsFolder, "libFaultPoints.so")
      #expect(try shop.run(shop.training).code == 0)
      let whole = try shop.contents("model")
      func reset() throws {
        for name in try Folder.names(in: shop.folder.path) where name.contains("model") {
          if try FileStatus(ofLink: shop.folder.file(name)).kind == .directory {
            try Folder.removeTree(shop.folder.file(name))
          } else {
            try Folder.remove(shop.folder.file(name))
          }
        }
      }
      func run(stoppingAt call: Int) throws -> ProgramResult {
        try shop.run(
          shop.training + ["--keep-every", "3"],
          [
            "LD_PRELOAD": library, "FAULT_ROOT": shop.folder.path, "FAULT_AT": String(call),
            "FAULT_MODE": mode, "FAULT_LOG": call == 0 ? shop.folder.file("calls") : "",
          ])
      }
      try reset()
      #expect(try run(stoppingAt: 0).code == 0)
      let calls = try Folder.read(shop.folder.file("calls"), limit: 1 << 20).count { $0 == 0x0A }
      #expect(calls > 15, "only \(calls) calls were seen")
      for call in 1...max(1, calls) {
        try reset()
        #expect(try run(stoppingAt: call).code == nil, "call \(call) was not stopped")
        if try FileStatus.ifExists(shop.folder.file("model")) == nil {
          let resumed = try shop.run(shop.training + ["--keep-every", "3", "--resume"])
          #expect(resumed.code == 0, "call \(call): \(resumed.errors)")
        }
        #expect(try shop.contents("model") == whole, "call \(call)")
      }
    }
  #endif

  @Test(
    arguments: [
      (["--data", "missing.jsonl"], Int32(5), "missing.jsonl"),
      (["--data", "config.json"], 1, "config.json:1"),
      (["--epochs", "0"], 2, "--epochs"),
      (["--max-shard-size", "0GB"], 2, "--max-shard-size"), (["--rate", "nan"], 2, "--rate"),
      (["--prompt", "nothing"], 2, "{question}"), (["--model", "model"], 2, "--config"),
      (["--task", "sequence-classification"], 1, "example 1"),
      (["--units", "L0.H0"], 2, "--model"), (["--length", "1"], 2, "--length"),
    ])
  func `what can't be done is refused, and nothing is written`(
    extra: [String], code: Int32, words: String
  ) throws {
    let shop = try Shop()
    let before = try shop.contents("")
    // A later option of the same name counts.
    let named = Set(extra.filter { $0.hasPrefix("--") })
    var arguments: [String] = []
    var index = 1
    while index < shop.training.count {
      if !named.contains(shop.training[index]) {
        arguments += shop.training[index...index + 1]
      }
      index += 2
    }
    let result = try shop.run(["finetune"] + arguments + extra)
    #expect(result.code == code, "\(result.errors)")
    #expect((result.errors + result.output).contains(words), "\(result.errors)")
    #expect(try shop.contents("") == before)
  }

  @Test func `an unfinished run is not begun anew in silence`() throws {
    let shop = try Shop()
    try shop.write("model.training.safetensors", [1, 2, 3])
    let result = try shop.run(shop.training)
    #expect(result.code == 1 && result.errors.contains("--resume"), "\(result.errors)")
    let resumed = try shop.run(shop.training + ["--resume"])
    #expect(resumed.code == 1 && resumed.errors.contains("model.training.safetensors"))
    #expect(try FileStatus.ifExists(shop.folder.file("model")) == nil)
  }
}
