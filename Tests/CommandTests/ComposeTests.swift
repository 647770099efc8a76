import Safetensors
import SampleModels
import Storage
import TestSupport
import Testing

@Suite("compose is exact") struct ComposeTests {
  /// Changes a model's file in place, tensor by tensor, in the forms that patches have.
  private func edit(_ folder: String, _ random: inout SeededBits) throws {
    let checkpoint = try Checkpoint(path: folder)
    for shard in checkpoint.shards {
      let path = checkpoint.fullPath(shard.name)
      var file = try Folder.read(path, limit: 1 << 24)
      for info in shard.header.tensors where info.byteCount > 0 {
        let start = shard.header.dataOffset + info.dataRange.lowerBound
        let rows = Int(info.shape.first ?? 1)
        let width = info.byteCount / max(1, rows)
        let element = info.dtype.byteWidth ?? 1
        var places: [Int] = []
        switch Int.random(in: 0..<6, using: &random) {
        case 0: places = Array(0..<info.byteCount)
        case 1 where width > 0:
          for row in 0..<rows where Bool.random(using: &random) {
            places += Array(row * width..<(row + 1) * width)
          }
        case 2 where width >= element && info.shape.count == 2:
          for column in 0..<width / element where Int.random(in: 0..<4, using: &random) == 0 {
            for row in 0..<rows {
              places += (0..<element).map { row * width + column * element + $0 }
            }
          }
        case 3: places = (0..<3).map { _ in Int.random(in: 0..<info.byteCount, using: &random) }
        case 4 where width > 0:
          let row = Int.random(in: 0..<rows, using: &random)
          places = Array(row * width..<(row + 1) * width)
          if info.shape.count == 2 {
            places += (0..<rows).flatMap { row in (0..<element).map { row * width + $0 } }
          }
        default: break
        }
        for place in places where place < info.byteCount {
          file[start + place] = UInt8.random(in: 0...255, using: &random)
        }
      }
      try AtomicFile.write(file.rawSpan, to: path, replacing: true)
    }
  }

  /// The folders `m1`, `m2`, … after `model`, and the patches between them.
  private func chain(_ bench: Bench, seed: Int, count: Int = 3) throws {
    var random = SeededBits(seed: UInt64(seed))
    for step in 1...count {
      let before = step == 1 ? "model" : "m\(step - 1)"
      try TemporaryFolder.copyTree(bench.folder.file(before), bench.folder.file("m\(step)"))
      try edit(bench.folder.file("m\(step)"), &random)
      try bench.succeed("diff", before, "m\(step)", "-o", "p\(step).patch.safetensors")
    }
  }

  private static let parts = (1...3).map { "p\($0).patch.safetensors" }
  private static let compose =
    ["compose"] + parts + ["--base", "model", "-o", "c.patch.safetensors"]

  @Test("base and composed patch give the last result byte for byte", arguments: 1...8)
  func random(_ seed: Int) throws {
    let bench = try Bench(DiffTests.mixed, shardCount: 3)
    try chain(bench, seed: seed)
    // Signed or not, what is said of a part is beside it.
    try bench.succeed("sign", "p2.patch.safetensors", "--key", "officer.key.pem")
    let result = try bench.run(Self.compose)
    #expect(result.code == 0, "seed \(seed): \(result.errors)")
    try bench.succeed("sign", "c.patch.safetensors", "--key", "officer.key.pem")
    try bench.succeed("apply", "model", "c.patch.safetensors")
    #expect(try bench.contents("model") == bench.contents("m3"), "seed \(seed)")
    #expect(try bench.succeed("verify", "model").contains("verdict: valid"))
    try bench.succeed("rollback", "model")
    #expect(try bench.contents("model") == bench.contents("base"), "seed \(seed)")
    func size(_ name: String) throws -> Int {
      try FileStatus(ofLink: bench.folder.file(name)).byteCount
    }
    #expect(try size("c.patch.safetensors") <= Self.parts.reduce(0) { try $0 + size($1) })
  }

  @Test func `rows, columns and elements of several patches become one of each`() throws {
    let bench = try Bench()
    try bench.applyPatch("p1", units: "L0.H1,L1.F3")
    try bench.applyPatch("p2", units: "L0.H2,L1.F3")
    try bench.applyPatch("p3", units: "L0.H1,L0.F1")
    try bench.succeed(
      "compose", "p1.patch.safetensors", "p2.patch.safetensors", "p3.patch.safetensors", "--base",
      "base", "-o", "c.patch.safetensors")
    let answer = try bench.succeed("inspect", "c.patch.safetensors")
    #expect(answer.contains("method  compose") && answer.contains("L0"))
    try bench.succeed("sign", "c.patch.safetensors", "--key", "officer.key.pem")
    try bench.succeed("apply", "base", "c.patch.safetensors")
    #expect(try bench.contents("base") == bench.contents("model"))
  }

  @Test func `a chain that does not fit is refused with words`() throws {
    let bench = try Bench()
    try chain(bench, seed: 1)
    func refuse(_ words: [String], code: Int32, saying: String...) throws {
      let result = try bench.run(["compose"] + words + ["-o", "c.patch.safetensors"])
      #expect(result.code == code, "\(result.errors)")
      for text in saying { #expect(result.errors.contains(text), "\(result.errors)") }
      #expect(try FileStatus.ifExists(bench.folder.file("c.patch.safetensors")) == nil)
    }
    let parts = Self.parts
    try refuse(
      [parts[0], parts[2], "--base", "model"], code: 6,
      saying: "not the result of p1", "model.safetensors", "without a gap")
    try refuse([parts[1], parts[0], "--base", "m1"], code: 6, saying: "not the result of p2")
    try refuse([parts[0], parts[1], "--base", "m1"], code: 6, saying: "not the base that is named")
    try refuse([parts[0], "--base", "model"], code: 2, saying: "at least two")
    try TemporaryFolder.flip(
      bench.folder.file(parts[1]),
      at: try FileStatus(ofLink: bench.folder.file(parts[1])).byteCount - 1)
    try refuse([parts[0], parts[1], "--base", "model"], code: 1, saying: parts[1])
    try Folder.remove(bench.folder.file(parts[1] + ".statement.json"))
    try refuse([parts[0], parts[1], "--base", "model"], code: 4, saying: "its base is not known")
  }

  @Test func `the request is kept where all parts answer it, else they are listed`() throws {
    let bench = try Bench()
    func open() throws -> String {
      String(
        try bench.succeed("request", "open", "--regime", "gdpr", "--ground", "17-1-b").dropLast())
    }
    let requests = [try open(), try open()]
    func part(_ name: String, _ units: String, _ request: String) throws {
      let patch = "\(name).patch.safetensors"
      try bench.succeed(
        "create", "--model", "model", "--method", "ablate", "--units", units, "--request", request,
        "-o", patch)
      try bench.succeed("sign", patch, "--key", "officer.key.pem")
      try bench.succeed("apply", "model", patch)
    }
    try part("a", "L0.H1", requests[0])
    try part("b", "L0.H2", requests[0])
    try part("c", "L0.H3", requests[1])
    func compose(_ names: String...) throws -> String {
      let result = try bench.run(
        ["compose"] + names.map { "\($0).patch.safetensors" }
          + ["--base", "base", "-o", "out.patch.safetensors", "--force", "--json"])
      #expect(result.code == 0, "\(result.errors)")
      return result.output
    }
    #expect(try compose("a", "b").contains(#""request": "\#(requests[0])""#))
    let mixed = try compose("a", "b", "c")
    #expect(!mixed.contains(#""request""#) && mixed.contains("several requests"))
    let statement = String(
      decoding: try Folder.read(
        bench.folder.file("out.patch.safetensors.statement.json"), limit: 1 << 20), as: UTF8.self)
    for request in requests { #expect(statement.contains(request)) }
    try bench.succeed("ledger", "verify")
  }

  @Test func `a dry run writes nothing`() throws {
    let bench = try Bench()
    try chain(bench, seed: 2)
    let before = try bench.contents(".").filter { !$0.key.hasPrefix(".unlearn/ledger.sqlite-") }
    let result = try bench.run(Self.compose + ["--dry-run", "--json"])
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains(#""schema": "unlearn-patch/compose-plan/v1""#))
    #expect(
      try bench.contents(".").filter { !$0.key.hasPrefix(".unlearn/ledger.sqlite-") } == before)
  }
}
