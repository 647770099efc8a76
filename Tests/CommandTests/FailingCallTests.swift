import Storage
import TestSupport
import Testing

#if os(Linux)
  /// Calls that change files fail, once or from some moment on, and the program goes on.
  @Suite("Failing calls", .enabled(if: Program.canInjectFaults)) struct FailingCallTests {
    @Test("apply fails once", arguments: [Fault.ENOSPC, .EIO])
    func applyFailingOnce(_ fault: Fault) throws {
      let bench = try FaultBench.apply()
      try bench.disturb(fault, at: bench.places(fault), end: bench.result)
    }

    @Test func `rollback fails once`() throws {
      let bench = try FaultBench.rollback()
      try bench.disturb(.ENOSPC, at: bench.places(.ENOSPC), end: bench.base)
    }

    @Test("apply, on a disk that stays so", arguments: [Fault.lost, .full, .readonly])
    func apply(_ fault: Fault) throws {
      let bench = try FaultBench.apply()
      try bench.disturb(fault, at: bench.places(fault), end: bench.result)
    }

    @Test("rollback, on a disk that stays so", arguments: [Fault.lost, .full, .readonly])
    func rollback(_ fault: Fault) throws {
      let bench = try FaultBench.rollback()
      try bench.disturb(fault, at: bench.places(fault), end: bench.base)
    }

    @Test("what is cut short or interrupted goes on", arguments: [Fault.short, .EINTR])
    func goOn(_ fault: Fault) throws {
      for (bench, isApply) in [(try FaultBench.apply(), true), (try FaultBench.rollback(), false)] {
        let done = try bench.run(fault, at: 1)
        #expect(done.code == 0, "\(done.errors)")
        #expect(try bench.model() == (isApply ? bench.result : bench.base))
        try bench.bench.succeed("verify", "model")
      }
      let bench = try FaultBench(["apply", "model", "p.patch.safetensors", "--output", "copy"]) {
        _ in
      }
      try Folder.removeTree(bench.bench.folder.file("copy"))
      let done = try bench.run(fault, at: 1)
      #expect(done.code == 0, "\(done.errors)")
      #expect(try bench.bench.contents("copy") == bench.result)
    }

    @Test(
      "a patched copy is there whole or not at all",
      arguments: [Fault.ENOSPC, .lost, .full, .readonly, .torn, .power])
    func copy(_ fault: Fault) throws {
      let bench = try FaultBench(["apply", "model", "p.patch.safetensors", "--output", "copy"]) {
        _ in
      }
      let folder = bench.bench.folder
      for call in bench.places(fault) {
        for name in try Folder.names(in: folder.path)
        where name == "copy" || name.hasSuffix(".partial") {
          try Folder.removeTree(folder.file(name))
        }
        let disturbed = try bench.run(fault, at: call)
        let place = "\(fault) at call \(call), \(bench.calls[call - 1])"
        #expect((disturbed.code == nil) == fault.kills, "\(place)")
        let names = try Folder.names(in: folder.path)
        if names.contains("copy") {
          #expect(try bench.bench.contents("copy") == bench.result, "\(place): not the result")
        } else {
          #expect(disturbed.code != 0, "\(place): success without a copy")
        }
        // Where names can still be removed, a failure leaves none.
        if !fault.kills && fault != .readonly {
          #expect(!names.contains { $0.hasSuffix(".partial") }, "\(place): left behind")
        }
        #expect(try bench.model() == bench.base, "\(place): the base has changed")
        try bench.bench.succeed("verify", "model")
      }
    }

    @Test(
      "a key file is there whole or not at all", arguments: [Fault.ENOSPC, .lost, .full, .torn])
    func key(_ fault: Fault) throws {
      let folder = try TemporaryFolder()
      let program = Program("unlearn-patch")
      var call = 0
      while true {
        call += 1
        for name in try Folder.names(in: folder.path) { try Folder.remove(folder.file(name)) }
        let done = try program.run(
          ["keygen", "--role", "artifact", "-o", "k"], in: folder.path,
          environment: [
            "LD_PRELOAD": Paths.join(Program.productsFolder, "libFaultPoints.so"),
            "FAULT_ROOT": folder.path, "FAULT_AT": String(call), "FAULT_MODE": fault.rawValue,
          ])
        for name in try Folder.names(in: folder.path) where !name.hasPrefix(".") {
          let text = String(
            decoding: try Folder.read(folder.file(name), limit: 1 << 16), as: UTF8.self)
          #expect(text.hasPrefix("-----BEGIN") && text.hasSuffix("-----\n"), "\(fault) at \(call)")
        }
        // Past the last call nothing is disturbed any more; a fault that is no flush's changes nothing either.
        if done.code == 0 && (fault != .lost || call > 20) { break }
      }
      #expect(call > 8, "only \(call) calls were seen")
    }
  }
#endif
