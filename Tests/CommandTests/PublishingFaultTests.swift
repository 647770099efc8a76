import Attestation
import Storage
import TestSupport
import Testing

#if os(Linux)
  /// What is written for others is there whole or not at all, wherever the program or the disk stops.
  @Suite("Faults while publishing", .enabled(if: Program.canInjectFaults))
  struct PublishingFaultTests {
    private let bench: Bench
    private static let faults = [Fault.ENOSPC, .lost, .full, .torn, .power]

    init() throws { bench = try Bench() }

    /// The files of a folder under their own names; what a killed program left under hidden ones is not served.
    private func contents(_ folder: String) throws -> [String: [UInt8]] {
      guard try FileStatus.ifExists(bench.folder.file(folder)) != nil else { return [:] }
      return try bench.contents(folder).filter { !Paths.name(of: $0.key).hasPrefix(".") }
    }

    /// Runs a command with a fault at each of its calls; gives how many calls there are.
    private func disturb(
      _ fault: Fault, _ command: [String], folder: String,
      check: ([String: [UInt8]], Int) throws -> Void
    ) throws -> Int {
      let start = bench.folder.file("start")
      let exists = try FileStatus.ifExists(bench.folder.file(folder)) != nil
      if exists { try TemporaryFolder.copyTree(bench.folder.file(folder), start) }
      var call = 0
      while true {
        call += 1
        if try FileStatus.ifExists(bench.folder.file(folder)) != nil {
          try Folder.removeTree(bench.folder.file(folder))
        }
        if exists { try TemporaryFolder.copyTree(start, bench.folder.file(folder)) }
        let done = try bench.run(
          command,
          [
            "LD_PRELOAD": Paths.join(Program.productsFolder, "libFaultPoints.so"),
            "FAULT_ROOT": bench.folder.file(folder), "FAULT_AT": String(call),
            "FAULT_MODE": fault.rawValue,
          ])
        let now = try contents(folder)
        try check(now, call)
        if done.code == 0 && (fault != .lost || call > 60) { return call }
      }
    }

    @Test("tiles", arguments: faults)
    func tiles(_ fault: Fault) throws {
      let export = ["ledger", "export", "--tiles", "public"]
      try bench.succeed("ledger", "export", "--tiles", "public")
      let old = try contents("public")
      try bench.succeed("request", "open", "--regime", "gdpr", "--ground", "17-1-b")
      try bench.succeed("ledger", "export", "--tiles", "whole")
      let final = try contents("whole")
      let calls = try disturb(fault, export, folder: "public") { now, call in
        for (name, bytes) in now where name != "checkpoint" {
          #expect(bytes == final[name] ?? old[name], "\(fault) at \(call): \(name) is not whole")
        }
        let isNew = now["checkpoint"] == final["checkpoint"]
        #expect(
          isNew || now["checkpoint"] == old["checkpoint"], "\(fault) at \(call): another head")
        let names = Set(now.keys)
        #expect(
          !isNew || names.isSuperset(of: final.keys), "\(fault) at \(call): a head before its tiles"
        )
        try bench.succeed("ledger", "export", "--tiles", "public")
        #expect(try contents("public").merging(final) { $1 } == contents("public"))
      }
      #expect(calls > 12, "only \(calls) calls were seen")
    }

    @Test("cosigned heads", arguments: faults)
    func cosigned(_ fault: Fault) throws {
      let witness = try TestWitness("witness.example/w")
      let trust = bench.folder.file(".unlearn/trust")
      let line = "witness w \(witness.verifierKey.encoded)\nquorum w\n"
      try TemporaryFolder.write(
        try Folder.read(trust, limit: 1 << 16) + Array(line.utf8), to: trust)
      let head = try SignedNote(parsing: Array(try bench.succeed("ledger", "checkpoint").utf8))
      let response = try witness.line(for: head.text, at: 1_790_000_000)
      try TemporaryFolder.write(Array(response.utf8), to: bench.folder.file("response"))
      let expected = Array((head.encoded + response).utf8)
      let command = ["ledger", "witness", "--response-file", "response"]
      let calls = try disturb(fault, command, folder: ".unlearn/witness") { now, call in
        #expect(
          now.isEmpty || now == ["2.checkpoint": expected], "\(fault) at \(call): not whole")
      }
      #expect(calls > 4, "only \(calls) calls were seen")
      try bench.succeed("ledger", "verify")
    }
  }
#endif
