import Storage
import TestSupport
import Testing

#if os(Linux)
  /// What the fault library does to a program, by the name of its mode; `CFaultPoints.h` tells each.
  enum Fault: String {
    case before, torn, after, power
    case ENOSPC, EIO, lost, full, readonly
    case short, EINTR

    /// Whether the program is killed.
    var kills: Bool { [.before, .torn, .after, .power].contains(self) }
  }

  /// A workspace from which one operation is run over and over, disturbed at one call after the other.
  struct FaultBench {
    let bench: Bench
    let operation: [String]
    /// The model's files before any operation, and with the patch.
    let base: [String: [UInt8]]
    let result: [String: [UInt8]]
    /// The names of the calls that the operation makes, in order.
    private(set) var calls: [String] = []
    /// The numbers of those on the model's own tensor files.
    private var onTensors: [Int] = []
    private let start: String
    private static let kept = ["model", ".unlearn", "state"]

    /// Makes model and patch, prepares, and runs the operation once to count its calls.
    init(
      _ operation: [String], encoding: String = "replace",
      prepare: (Bench) throws -> Void = { _ in }
    ) throws {
      let bench = try Bench(shardCount: 2)
      try bench.makePatch(encoding: encoding)
      let base = try bench.contents("model")
      try bench.succeed("apply", "model", "p.patch.safetensors", "--output", "result")
      let result = try bench.contents("result")
      try prepare(bench)
      try self.init(bench, operation, states: (base, result))
    }

    /// Takes a workspace that is ready, and runs the operation once to count its calls.
    ///
    /// - Parameter states: The model's files before any operation, and with the patch; else before and after this one.
    init(
      _ bench: Bench, _ operation: [String],
      states: (base: [String: [UInt8]], result: [String: [UInt8]])? = nil
    ) throws {
      self.bench = bench
      self.operation = operation
      start = bench.folder.file("start")
      try Folder.create(start)
      for name in Self.kept {
        try TemporaryFolder.copyTree(bench.folder.file(name), Paths.join(start, name))
      }
      let before = try bench.contents("model")
      try Self.reset(bench, to: start)
      #expect(try Self.run(bench, operation, nil, at: 0).code == 0)
      (base, result) = try states ?? (before, bench.contents("model"))
      let log = try Folder.read(bench.folder.file("calls"), limit: 1 << 20)
      let lines = String(decoding: log, as: UTF8.self).split(separator: "\n")
      calls = lines.map { String($0.split(separator: " ")[1]) }
      let model = bench.folder.file("model/model")
      onTensors = lines.indices.filter { lines[$0].contains(" \(model)") }.map { $0 + 1 }
      // Journal or key, capsule, ledger and pins: fewer calls would mean that some were not seen.
      #expect(calls.count > 20, "only \(calls.count) calls were seen")
    }

    private static func reset(_ bench: Bench, to start: String) throws {
      for name in kept {
        try Folder.removeTree(bench.folder.file(name))
        try TemporaryFolder.copyTree(Paths.join(start, name), bench.folder.file(name))
      }
    }

    private static func run(
      _ bench: Bench, _ operation: [String], _ fault: Fault?, at call: Int
    ) throws -> ProgramResult {
      try bench.run(
        operation,
        [
          "LD_PRELOAD": Paths.join(Program.productsFolder, "libFaultPoints.so"),
          "FAULT_ROOT": bench.folder.path, "FAULT_AT": String(call),
          "FAULT_MODE": fault?.rawValue ?? "",
          "FAULT_LOG": fault == nil ? bench.folder.file("calls") : "",
        ])
    }

    /// Runs the operation from the start, with a fault at a call.
    func run(_ fault: Fault, at call: Int) throws -> ProgramResult {
      try Self.reset(bench, to: start)
      return try Self.run(bench, operation, fault, at: call)
    }

    /// The model's files, without what operations keep beside them.
    func model() throws -> [String: [UInt8]] {
      try bench.contents("model").filter { !$0.key.hasPrefix(".") }
    }

    /// The numbers of the calls at which a fault is tried.
    ///
    /// All of them where `DEEP_CHECKS` is set; else those on the model's tensor files and every fifth, another fifth for
    /// each operation and fault.
    func places(_ fault: Fault) -> [Int] {
      if fault == .lost {
        return calls.indices.filter { calls[$0].hasSuffix("sync") }.map { $0 + 1 }
      }
      if Environment["DEEP_CHECKS"] != nil { return Array(1...calls.count) }
      let first = (operation[0].utf8.count + fault.rawValue.utf8.count) % 5
      let some = stride(from: first + 1, through: calls.count, by: 5)
      return Set(some).union(onTensors).sorted()
    }

    /// Disturbs the operation at each of the calls; `verify` must tell the truth each time, and `recover`
    /// lead to base or result.
    ///
    /// - Parameter end: What the model is where the program says that it succeeded.
    func disturb(
      _ fault: Fault, at places: [Int], end: [String: [UInt8]], recoverOptions: [String] = []
    ) throws {
      var inBetween = 0
      for call in places {
        let disturbed = try run(fault, at: call)
        let place = "\(fault) at call \(call), \(calls[call - 1])"
        if fault.kills {
          #expect(disturbed.code == nil, "\(place): was not stopped")
        } else {
          let code = try #require(disturbed.code, "\(place): the failing call ended the program")
          #expect(code == 0 || !disturbed.errors.isEmpty, "\(place): failed without words")
          if code == 0 { #expect(try model() == end, "\(place): success without the result") }
        }
        inBetween += try checkRecovery(place, recoverOptions)
      }
      #expect(inBetween > 0, "no stop left the model in between")
    }

    /// - Returns: 1 where the model was in between, else 0.
    private func checkRecovery(_ place: String, _ options: [String]) throws -> Int {
      let verdict = try bench.run(["verify", "model"])
      let found = try model()
      let isWhole = found == base || found == result
      if verdict.code == 0 {
        #expect(isWhole, "\(place): called valid in between")
      } else {
        let words = verdict.output + verdict.errors
        #expect(words.contains("recover") || words.contains("has begun"), "\(place): \(words)")
      }
      let recovery = try bench.run(["recover", "model"] + options)
      #expect(recovery.code == 0, "\(place): \(recovery.errors)")
      let recovered = try model()
      #expect(recovered == base || recovered == result, "\(place): neither base nor result")
      let left = try Folder.names(in: bench.folder.file(".unlearn"))
      #expect(!left.contains { $0.hasPrefix(".values.") }, "\(place): left \(left)")
      let after = try bench.run(["verify", "model"])
      #expect(after.code == 0, "\(place): \(after.output)\(after.errors)")
      return isWhole ? 0 : 1
    }
  }

  extension FaultBench {
    /// Applies the patch in place.
    static func apply(encoding: String = "replace") throws -> FaultBench {
      try FaultBench(["apply", "model", "p.patch.safetensors"], encoding: encoding)
    }

    /// Takes the patch back.
    static func rollback(encoding: String = "replace") throws -> FaultBench {
      try FaultBench(["rollback", "model"], encoding: encoding) {
        try $0.succeed("apply", "model", "p.patch.safetensors")
      }
    }
  }
#endif
