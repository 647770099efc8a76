import Storage
import TestSupport
import Testing

#if os(Linux)
  /// The real program is stopped at calls that change a file of model or workspace; at every one of them by `DEEP_CHECKS`.
  @Suite("Stopped at any moment", .enabled(if: Program.canInjectFaults)) struct CrashTests {
    @Test("apply, then recover finishes", arguments: [Fault.before, .torn, .after])
    func apply(_ fault: Fault) throws {
      let bench = try FaultBench.apply()
      try bench.disturb(fault, at: bench.places(fault), end: bench.result)
    }

    @Test func `apply, then recover undoes`() throws {
      let bench = try FaultBench.apply()
      try bench.disturb(
        .torn, at: bench.places(.torn), end: bench.result, recoverOptions: ["--undo"])
    }

    @Test("apply of changes, then recover finishes or undoes", arguments: [Fault.torn, .after])
    func applyCompact(_ fault: Fault) throws {
      let bench = try FaultBench.apply(encoding: "compact")
      try bench.disturb(
        fault, at: bench.places(fault), end: bench.result,
        recoverOptions: fault == .torn ? [] : ["--undo"])
    }

    @Test func `rollback of changes, then recover undoes`() throws {
      let bench = try FaultBench.rollback(encoding: "compact")
      try bench.disturb(
        .torn, at: bench.places(.torn), end: bench.base, recoverOptions: ["--undo"])
    }

    @Test("rollback, then recover finishes", arguments: [Fault.before, .torn])
    func rollback(_ fault: Fault) throws {
      let bench = try FaultBench.rollback()
      try bench.disturb(fault, at: bench.places(fault), end: bench.base)
    }

    @Test func `rollback, then recover undoes`() throws {
      let bench = try FaultBench.rollback()
      try bench.disturb(
        .after, at: bench.places(.after), end: bench.base, recoverOptions: ["--undo"])
    }

    @Test("a patch taken out from among others, then recover", arguments: [[], ["--undo"]])
    func surgicalRollback(_ options: [String]) throws {
      let bench = try Bench(shardCount: 2)
      try bench.applyPatch("first", units: "L0.H1,L1.F3")
      try bench.applyPatch("second", units: "L0.H2,L1.F4")
      let faults = try FaultBench(bench, ["rollback", "model", "first.patch.safetensors"])
      try faults.disturb(
        .torn, at: faults.places(.torn), end: faults.result, recoverOptions: options)
    }

    @Test(
      "finalize is repeated and finishes", arguments: [Fault.before, .torn, .after, .ENOSPC, .EIO])
    func finalize(_ fault: Fault) throws {
      let bench = try Bench()
      try bench.makePatch()
      try bench.succeed("apply", "model", "p.patch.safetensors")
      let keys = try UndoKeys.candidates(bench)
      let faults = try FaultBench(bench, ["finalize", "model"])
      var notYet = 0
      for call in faults.places(fault) {
        let stopped = try faults.run(fault, at: call)
        #expect((stopped.code == nil) == fault.kills)
        let between = try bench.run(["verify", "model"])
        #expect(between.code == 0, "stop \(call): \(between.output)\(between.errors)")
        if !between.output.contains("final (leaf") {
          notYet += 1
          let again = try bench.run(["finalize", "model"])
          #expect(again.code == 0, "stop \(call): \(again.errors)")
        }
        try UndoKeys.expectNoTrace(of: try UndoKeys.destroyed(bench, keys), in: bench)
        let verdict = try bench.run(["verify", "model"])
        #expect(
          verdict.code == 0 && verdict.output.contains("final (leaf"), "stop \(call): \(verdict)")
        #expect(try bench.run(["rollback", "model"]).code == 6)
      }
      #expect(notYet > 3)
      #expect(try faults.model() == faults.base)
    }

    @Test func `the power fails while a patch is applied`() throws {
      let bench = try FaultBench.apply()
      try bench.disturb(.power, at: bench.places(.power), end: bench.result)
    }

    @Test func `the power fails while a patch is taken back`() throws {
      let bench = try FaultBench.rollback()
      try bench.disturb(.power, at: bench.places(.power), end: bench.base)
    }
  }
#endif
