import Storage
import TestSupport
import Testing

#if os(Linux)
  /// The log's key is replaced by the real program, which is stopped or disturbed at calls that change files.
  @Suite("Handing the log over, disturbed", .enabled(if: Program.canInjectFaults))
  struct HandoverFaultTests {
    private static let rotate = ["trust", "rotate", "--role", "ledger"]

    /// After each disturbance the log is whole, goes on, and can be handed over.
    private func disturb(_ fault: Fault) throws {
      let bench = try Bench()
      let faults = try FaultBench(bench, Self.rotate)
      var before = 0
      var after = 0
      for call in faults.places(fault) {
        let disturbed = try faults.run(fault, at: call)
        let place = "\(fault) at call \(call), \(faults.calls[call - 1])"
        if fault.kills {
          #expect(disturbed.code == nil, "\(place): was not stopped")
        } else {
          #expect(disturbed.code != nil, "\(place): the failing call ended the program")
          #expect(
            disturbed.code == 0 || !disturbed.errors.isEmpty, "\(place): failed without words")
        }
        func succeed(_ arguments: String...) throws -> String {
          let result = try bench.run(arguments)
          #expect(result.code == 0, "\(place), \(arguments): \(result.output)\(result.errors)")
          return result.output
        }
        _ = try succeed("ledger", "verify")
        let isHandedOver = try succeed("ledger", "log").contains("key.rotated")
        #expect(isHandedOver || disturbed.code != 0, "\(place): success without a handover")
        if isHandedOver { after += 1 } else { before += 1 }
        _ = try succeed("request", "open", "--regime", "gdpr", "--ground", "17-1-b")
        _ = try succeed("ledger", "verify")
        let text = String(
          decoding: try Folder.read(bench.folder.file(".unlearn/trust"), limit: 1 << 16),
          as: UTF8.self)
        let lines = text.split(separator: "\n").count { $0.hasPrefix("log ") }
        #expect(lines == (isHandedOver ? 2 : 1), "\(place): \(text)")
        _ = try succeed("trust", "rotate", "--role", "ledger")
        #expect(try succeed("ledger", "verify").contains("requests: 1 received"), "\(place)")
        let names = try Folder.names(in: bench.folder.file(".unlearn"))
        #expect(
          names.filter { $0.contains("ledger-") || $0.hasSuffix(".key.pem") } == ["ledger.key.pem"],
          "\(place): \(names)")
      }
      #expect(before > 1 && after > 1, "\(before) stops before the handover, \(after) after it")
    }

    @Test("stopped", arguments: [Fault.before, .torn, .after, .power])
    func stopped(_ fault: Fault) throws { try disturb(fault) }

    @Test("a call fails", arguments: [Fault.ENOSPC, .EIO, .lost, .full, .readonly])
    func failing(_ fault: Fault) throws { try disturb(fault) }
  }
#endif
