import Attestation
import Storage
import StrictJSON
import TestSupport
import Testing

/// A workspace with a story, put back before each attack.
///
/// A request with a disclosure, two patches of a model of two shards applied one after the other, and what the
/// attacker has kept: backups of each moment, keys of their own.
final class Stage: Sendable {
  static let parts = ["model", ".unlearn", "state"]

  let bench: Bench
  /// The request.
  let request: String
  var forger: Forger { Forger(path: file(".unlearn/ledger.sqlite")) }

  func file(_ name: String) -> String { bench.folder.file(name) }

  init() throws {
    bench = try Bench(shardCount: 2)
    try bench.write(#"{"name":"Ada Muster"}"#, "facts.json")
    request = String(
      try bench.succeed(
        "request", "open", "--regime", "gdpr", "--ground", "17-1-b", "--disclose", "facts.json"
      ).dropLast())
    try bench.succeed(
      "create", "--model", "model", "--method", "ablate", "--units", "L0.H1,L1.F3", "--request",
      request, "-o", "first.patch.safetensors")
    try bench.succeed("sign", "first.patch.safetensors", "--key", "officer.key.pem")
    try bench.succeed("apply", "model", "first.patch.safetensors")
    try save("early")
    try bench.applyPatch("second", units: "L0.H2,L1.F4")
    try save("whole")
    // The attacker's own log of the same name, and their own signer.
    try bench.succeed("init", "--origin", "test.example/log", "other")
    try bench.succeed("keygen", "--role", "artifact", "-o", "attacker")
    try Folder.removeTree(file("state"))
    try restore()
  }

  /// Keeps all parts under a name.
  func save(_ name: String) throws {
    for part in Self.parts {
      try TemporaryFolder.copyTree(file(part), file("saved/\(name)/\(part)"))
    }
  }

  /// Puts parts back as they were at a moment.
  func restore(_ name: String = "whole", _ parts: [String] = Stage.parts) throws {
    for part in parts {
      if try FileStatus.ifExists(file(part)) != nil { try Folder.removeTree(file(part)) }
      try TemporaryFolder.copyTree(file("saved/\(name)/\(part)"), file(part))
    }
  }

  /// Puts one file of a part back as it was at a moment.
  func restore(_ name: String, file: String) throws {
    let bytes = try Folder.read(self.file("saved/\(name)/\(file)"), limit: 1 << 24)
    try TemporaryFolder.write(bytes, to: self.file(file))
  }

  func forgetPins() throws { try Folder.removeTree(file("state")) }

  /// Puts a file in the place of another.
  func put(_ from: String, at to: String) throws {
    try TemporaryFolder.write(try Folder.read(file(from), limit: 1 << 24), to: file(to))
  }

  /// Swaps two files.
  func swap(_ first: String, _ second: String) throws {
    let (one, two) = try (
      Folder.read(file(first), limit: 1 << 24), Folder.read(file(second), limit: 1 << 24)
    )
    try TemporaryFolder.write(two, to: file(first))
    try TemporaryFolder.write(one, to: file(second))
  }

  /// Replaces the trust file, or changes its lines.
  func editTrust(_ change: (String) -> String) throws {
    let path = file(".unlearn/trust")
    let text = String(decoding: try Folder.read(path, limit: 1 << 16), as: UTF8.self)
    try TemporaryFolder.write(Array(change(text).utf8), to: path)
  }

  /// The kept patch of the name of its file.
  func artifact(_ name: String) throws -> String {
    ".unlearn/artifacts/\(try SHA256.digest(ofFile: file("\(name).patch.safetensors")).hex).patch.safetensors"
  }

  /// A witness has cosigned the present head, and its cosignature lies in the workspace.
  func witnessHead() throws {
    let witness = try TestWitness("witness.example/w")
    let note = try SignedNote(
      parsing: Array(try bench.succeed("ledger", "checkpoint").utf8))
    let cosigned = try witness.cosign(note)
    let size = try LogCheckpoint(parsing: note.text).treeSize
    try Folder.create(file(".unlearn/witness"))
    try TemporaryFolder.write(
      Array(cosigned.encoded.utf8), to: file(".unlearn/witness/\(size).checkpoint"))
    try editTrust { $0 + "witness w \(witness.verifierKey.encoded)\nquorum w\n" }
  }

  /// The place of the first leaf of a type.
  func place(_ type: String, in leaves: [JSONObject]) throws -> Int {
    try #require(leaves.firstIndex { $0["type"] == .text(type) })
  }

  /// Stores leaves that were changed.
  func forge(_ making: Forger.Making, _ change: (inout [JSONObject]) throws -> Void) throws {
    var leaves = try forger.leaves()
    try change(&leaves)
    try forger.replace(leaves, making)
  }
}

extension Bench {
  func write(_ text: String, _ name: String) throws {
    try TemporaryFolder.write(Array(text.utf8), to: folder.file(name))
  }
}
