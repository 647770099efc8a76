import Storage
import TestSupport
import Testing

extension Attack {
  private static let apply = ["apply", "model", "third.patch.safetensors"]

  /// Kills the program after it has written the first shard, and before the second.
  private static func killBetweenShards(_ stage: Stage) throws {
    func run(at call: Int) throws -> ProgramResult {
      try stage.bench.run(
        apply,
        [
          "LD_PRELOAD": Paths.join(Program.productsFolder, "libFaultPoints.so"),
          "FAULT_ROOT": stage.bench.folder.path, "FAULT_AT": String(call),
          "FAULT_MODE": call == 0 ? "" : "after",
          "FAULT_LOG": call == 0 ? stage.file("calls") : "",
        ])
    }
    #expect(try run(at: 0).code == 0)
    let lines = String(
      decoding: try Folder.read(stage.file("calls"), limit: 1 << 20), as: UTF8.self
    ).split(separator: "\n")
    try Folder.remove(stage.file("calls"))
    let shard = " \(stage.file("model/model"))"
    let call = try #require(lines.firstIndex { $0.contains("fsync\(shard)") })
    try stage.restore()
    #expect(try run(at: call + 1).code == nil)
  }

  /// Needs the patch `third` beside the story.
  static let crashes: [Attack] = [
    Attack(
      "a crash in the middle of writing", "refused", "", "recovery needed", code: 6
    ) { try killBetweenShards($0) },
    Attack(
      "a crash in the middle of writing, journal lost", "invalid", "model",
      "neither as before it nor as after", code: 1
    ) { stage in
      try killBetweenShards(stage)
      try Folder.remove(stage.file("model/.unlearn-patch.journal"))
    },
  ]
}
