import Dispatch
import SampleModels
import Storage
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A piece of work on a thread of its own: the threads of tasks may all be waiting for programs of other tests.
private final class Background: Sendable {
  private let result = Mutex<Result<ProgramResult, any Error>?>(nil)
  private let ended = DispatchSemaphore(value: 0)

  init(_ work: @escaping @Sendable () throws -> ProgramResult) {
    DispatchQueue.global().async { [self] in
      let found = Result { try work() }
      result.withLock { $0 = found }
      ended.signal()
    }
  }

  /// Waits for the work to end.
  func value() throws -> ProgramResult {
    ended.wait()
    return try result.withLock { try #require(try $0?.get()) }
  }
}

/// Several processes at once, on the same model, on models of one workspace, and beside readers.
@Suite("Several at once") struct ConcurrencyTests {
  private static let apply = ["apply", "model", "p.patch.safetensors"]

  /// Makes the file that a waiting process looks for.
  private func open(_ gate: String) throws {
    let nothing: [UInt8] = []
    try AtomicFile.write(nothing.rawSpan, to: gate)
  }

  /// A workspace with models that one patch fits.
  private func bench(copies: [String]) throws -> Bench {
    let bench = try Bench()
    try bench.makePatch()
    for copy in copies {
      try TemporaryFolder.copyTree(bench.folder.file("model"), bench.folder.file(copy))
    }
    return bench
  }

  @Test func `of many who apply to one model, one succeeds`() async throws {
    let bench = try bench(copies: [])
    try bench.succeed("apply", "model", "p.patch.safetensors", "--output", "result")
    let results = try await withThrowingTaskGroup(of: ProgramResult.self) { group in
      for _ in 0..<4 { group.addTask { try bench.run(Self.apply) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(results.count { $0.code == 0 } == 1, "\(results)")
    for result in results where result.code != 0 {
      #expect(result.code == 6, "\(result)")
      #expect(
        result.errors.contains("in use by another") || result.errors.contains("applied already"),
        "\(result.errors)")
    }
    #expect(try bench.contents("model") == bench.contents("result"))
    try bench.succeed("verify", "model")
  }

  @Test func `models of one workspace are patched side by side, and the log has all`() async throws
  {
    let copies = ["m1", "m2", "m3"]
    let bench = try bench(copies: copies)
    let results = try await withThrowingTaskGroup(of: ProgramResult.self) { group in
      for name in copies + ["model"] {
        group.addTask { try bench.run(["apply", name, "p.patch.safetensors"]) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for result in results { #expect(result.code == 0, "\(result)") }
    try bench.succeed("ledger", "verify")
    for name in copies { try bench.succeed("verify", name) }
  }

  #if os(Linux)
    @Test(.enabled(if: Program.canInjectFaults))
    func `while one writes, another model goes on and the same one is refused`() throws {
      let bench = try bench(copies: ["second"])
      let gate = bench.folder.file("gate")
      let library = Paths.join(Program.productsFolder, "libFaultPoints.so")
      // Counted are the calls on the model's own files, so that the ledger is free when it waits.
      let writer = Background {
        try bench.run(
          Self.apply,
          [
            "LD_PRELOAD": library, "FAULT_ROOT": bench.folder.file("model/model"),
            "FAULT_AT": "1", "FAULT_MODE": "wait", "FAULT_GATE": gate,
          ])
      }
      let deadline = ContinuousClock.now + .seconds(60)
      while try FileStatus.ifExists(gate + ".reached") == nil, ContinuousClock.now < deadline {
        usleep(5000)
      }
      try #require(try FileStatus.ifExists(gate + ".reached") != nil)
      for command in [
        Self.apply, ["rollback", "model"], ["recover", "model"], ["finalize", "model"],
      ] {
        let refused = try bench.run(command)
        #expect(refused.code == 6, "\(command): \(refused)")
        #expect(refused.errors.contains("in use by another"), "\(refused.errors)")
      }
      try bench.succeed("apply", "second", "p.patch.safetensors")
      try bench.succeed("verify", "second")
      try open(gate)
      let result = try writer.value()
      #expect(result.code == 0, "\(result.errors)")
      #expect(try bench.contents("model") == bench.contents("second"))
      try bench.succeed("verify", "model")
    }

    @Test(
      "a handover of the log that hangs is ended by who appends, and refuses another",
      .enabled(if: Program.canInjectFaults), arguments: ["pwrite", "rename"])
    func hangingHandover(_ name: String) throws {
      let bench = try Bench()
      let (gate, rotate) = (bench.folder.file("gate"), ["trust", "rotate", "--role", "ledger"])
      // Where the former private key is overwritten and replaced, after the leaf is in the log; it is opened twice before.
      let first = Background {
        try bench.run(
          rotate,
          [
            "LD_PRELOAD": Paths.join(Program.productsFolder, "libFaultPoints.so"),
            "FAULT_ROOT": bench.folder.file(".unlearn/ledger.key"),
            "FAULT_AT": name == "pwrite" ? "3" : "5",
            "FAULT_MODE": "wait", "FAULT_GATE": gate,
          ])
      }
      let deadline = ContinuousClock.now + .seconds(60)
      while try FileStatus.ifExists(gate + ".reached") == nil, ContinuousClock.now < deadline {
        usleep(5000)
      }
      try #require(try FileStatus.ifExists(gate + ".reached") != nil)
      let refused = try bench.run(rotate)
      #expect(refused.code == 6 && refused.errors.contains("in use by another"), "\(refused)")
      let key = try bench.succeed("ledger", "key")
      try bench.succeed("request", "open", "--regime", "gdpr", "--ground", "17-1-b")
      let pem = try Folder.read(bench.folder.file(".unlearn/ledger.key.pem"), limit: 4096)
      try open(gate)
      let result = try first.value()
      #expect(result.code == 0, "\(result.errors)")
      #expect(try bench.succeed("ledger", "key") == key)
      #expect(
        try Folder.read(bench.folder.file(".unlearn/ledger.key.pem"), limit: 4096) == pem)
      try bench.succeed("request", "open", "--regime", "gdpr", "--ground", "17-1-b")
      try bench.succeed("ledger", "verify")
    }

    @Test func `who has the files mapped or open is named before they change`() throws {
      let bench = try bench(copies: [])
      let path = bench.folder.file("model/model.safetensors")
      func warning(_ command: [String]) throws -> String {
        let result = try bench.run(command)
        #expect(result.code == 0, "\(result.errors)")
        return result.errors
      }
      // This process is the reader: the tool is another one.
      do {
        let mapped = try MappedFile(path: path)
        let first = try warning(Self.apply)
        #expect(first.contains("warning") && first.contains("model.safetensors open or mapped"))
        #expect(first.contains("--output"))
        withExtendedLifetime(mapped) {}
      }
      let quiet = try warning(["rollback", "model"])
      #expect(!quiet.contains("open or mapped"), "\(quiet)")
      let open = try Descriptor(path, .read)
      let second = try warning(Self.apply)
      #expect(second.contains("open or mapped"), "\(second)")
      let copy = try warning(["rollback", "model"])
      #expect(copy.contains("open or mapped"))
      withExtendedLifetime(open) {}
    }
  #endif
}
