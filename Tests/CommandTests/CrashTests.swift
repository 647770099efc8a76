import Testing

#if os(Linux)
  /// The real program is stopped at every call that changes a file of model or workspace.
  @Suite("Stopped at any moment") struct CrashTests {
    @Test("apply, then recover finishes", arguments: [Fault.before, .torn, .after])
    func apply(_ fault: Fault) throws {
      let bench = try FaultBench.apply()
      try bench.disturb(fault, at: Array(1...bench.calls.count), end: bench.result)
    }

    @Test func `apply, then recover undoes`() throws {
      let bench = try FaultBench.apply()
      try bench.disturb(
        .torn, at: Array(1...bench.calls.count), end: bench.result, recoverOptions: ["--undo"])
    }

    @Test("rollback, then recover finishes", arguments: [Fault.before, .torn])
    func rollback(_ fault: Fault) throws {
      let bench = try FaultBench.rollback()
      try bench.disturb(fault, at: Array(1...bench.calls.count), end: bench.base)
    }

    @Test func `rollback, then recover undoes`() throws {
      let bench = try FaultBench.rollback()
      try bench.disturb(
        .after, at: Array(1...bench.calls.count), end: bench.base, recoverOptions: ["--undo"])
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
