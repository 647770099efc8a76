import SampleModels
import Storage
import TestSupport
import Testing

#if os(Linux)
  /// The real program is stopped at every call that changes a file of model or workspace.
  @Suite("Stopped at any moment") struct CrashTests {
    /// What is done to the files, as a setting of the fault library.
    enum Mode: String, CaseIterable { case before, torn, after, ENOSPC, EIO }

    private static var library: String {
      Paths.join(Program.productsFolder, "libFaultPoints.so")
    }

    /// Runs an operation once for each call, each time from the same start.
    private func stopEverywhere(
      _ operation: [String], encoding: String = "replace",
      prepare: (Bench) throws -> Void = { _ in },
      mode: Mode, recoverOptions: [String]
    ) throws {
      let bench = try Bench(shardCount: 2)
      try bench.makePatch(encoding: encoding)
      let base = try bench.contents("model")
      try bench.succeed("apply", "model", "p.patch.safetensors", "--output", "result")
      let result = try bench.contents("result")
      try prepare(bench)
      let start = bench.folder.file("start")
      try Folder.create(start)
      for name in ["model", ".unlearn", "state"] {
        try TemporaryFolder.copyTree(bench.folder.file(name), Paths.join(start, name))
      }
      func reset() throws {
        for name in ["model", ".unlearn", "state"] {
          try Folder.removeTree(bench.folder.file(name))
          try TemporaryFolder.copyTree(Paths.join(start, name), bench.folder.file(name))
        }
      }
      func run(stoppingAt call: Int) throws -> ProgramResult {
        try bench.run(
          operation,
          [
            "LD_PRELOAD": Self.library, "FAULT_ROOT": bench.folder.path,
            "FAULT_AT": String(call), "FAULT_MODE": mode.rawValue,
            "FAULT_LOG": call == 0 ? bench.folder.file("calls") : "",
          ])
      }
      try reset()
      #expect(try run(stoppingAt: 0).code == 0)
      let log = try Folder.read(bench.folder.file("calls"), limit: 1 << 20)
      let calls = log.count { $0 == 0x0A }
      // Journal, capsule, ledger and two shards: fewer calls would mean that some were not seen.
      #expect(calls > 30, "only \(calls) calls were seen")
      var inBetween = 0
      for call in 1...max(1, calls) {
        try reset()
        let stopped = try run(stoppingAt: call)
        switch mode {
        case .before, .torn, .after: #expect(stopped.code == nil, "call \(call) was not stopped")
        case .ENOSPC, .EIO:
          let code = try #require(stopped.code, "call \(call): a failing call ended the program")
          #expect(code == 0 || !stopped.errors.isEmpty)
        }
        inBetween += try checkRecovery(bench, call, base, result, recoverOptions)
      }
      #expect(inBetween > 0, "no stop left the model in between")
    }

    /// Checks that `verify` tells the truth and `recover` leads to base or result.
    ///
    /// - Returns: 1 where the model was in between, else 0.
    private func checkRecovery(
      _ bench: Bench, _ stop: Int, _ base: [String: [UInt8]], _ result: [String: [UInt8]],
      _ options: [String]
    ) throws -> Int {
      func model() throws -> [String: [UInt8]] {
        try bench.contents("model").filter { !$0.key.hasPrefix(".") }
      }
      let verdict = try bench.run(["verify", "model"])
      let found = try model()
      let isWhole = found == base || found == result
      if verdict.code == 0 {
        #expect(isWhole, "stop \(stop): called valid in between")
      } else {
        let words = verdict.output + verdict.errors
        #expect(
          words.contains("recover") || words.contains("has begun"), "stop \(stop): \(words)")
      }
      let recovery = try bench.run(["recover", "model"] + options)
      #expect(recovery.code == 0, "stop \(stop): \(recovery.errors)")
      let recovered = try model()
      #expect(recovered == base || recovered == result, "stop \(stop): neither base nor result")
      let left = try Folder.names(in: bench.folder.file(".unlearn"))
      #expect(!left.contains { $0.hasPrefix(".values.") }, "stop \(stop): \(left)")
      let after = try bench.run(["verify", "model"])
      #expect(after.code == 0, "stop \(stop): \(after.output)\(after.errors)")
      return isWhole ? 0 : 1
    }

    @Test("apply, then recover finishes", arguments: Mode.allCases)
    func apply(_ mode: Mode) throws {
      try stopEverywhere(
        ["apply", "model", "p.patch.safetensors"], prepare: { _ in }, mode: mode,
        recoverOptions: [])
    }

    @Test func `apply, then recover undoes`() throws {
      try stopEverywhere(
        ["apply", "model", "p.patch.safetensors"], prepare: { _ in }, mode: .torn,
        recoverOptions: ["--undo"])
    }

    @Test("apply of changes, then recover finishes or undoes", arguments: [Mode.torn, .after])
    func applyCompact(_ mode: Mode) throws {
      try stopEverywhere(
        ["apply", "model", "p.patch.safetensors"], encoding: "compact", mode: mode,
        recoverOptions: mode == .torn ? [] : ["--undo"])
    }

    @Test func `rollback of changes, then recover undoes`() throws {
      try stopEverywhere(
        ["rollback", "model"], encoding: "compact",
        prepare: { try $0.succeed("apply", "model", "p.patch.safetensors") }, mode: .torn,
        recoverOptions: ["--undo"])
    }

    @Test("rollback, then recover finishes", arguments: [Mode.before, .torn, .ENOSPC])
    func rollback(_ mode: Mode) throws {
      try stopEverywhere(
        ["rollback", "model"],
        prepare: { try $0.succeed("apply", "model", "p.patch.safetensors") }, mode: mode,
        recoverOptions: [])
    }

    @Test func `rollback, then recover undoes`() throws {
      try stopEverywhere(
        ["rollback", "model"],
        prepare: { try $0.succeed("apply", "model", "p.patch.safetensors") }, mode: .after,
        recoverOptions: ["--undo"])
    }
  }
#endif
