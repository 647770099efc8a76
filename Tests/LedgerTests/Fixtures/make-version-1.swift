// Made `version-1/`: a ledger as the software wrote it while its schema was version 1, with every type of leaf.
//
// It needs that software: commit 8a21301, as the main.swift of an executable target that depends on Ledger,
// Attestation, Storage and StrictJSON. The argument is the folder to write.

import Attestation
import Ledger
import Storage
import StrictJSON

let folder = CommandLine.arguments[1]
let key = try PrivateKey.generate(.ed25519)
let verifierKey = try VerifierKey(name: "fixture.example/log", publicKey: key.publicKey)
let store = try LedgerStore.create(
  path: Paths.join(folder, "ledger.sqlite"), key: key, verifierKey: verifierKey,
  pins: PinStore(stateFolder: Paths.join(folder, "state")), tool: "unlearn-patch/0.1",
  at: Timestamp(seconds: 1_790_000_000))
try AtomicFile.write(key.pem().rawSpan, to: Paths.join(folder, "ledger.key.pem"), mode: 0o600)
try AtomicFile.write(
  Array("\(verifierKey.encoded)\n".utf8).rawSpan, to: Paths.join(folder, "ledger.vkey"))

nonisolated(unsafe) var now: Int64 = 1_790_000_100
func append(_ type: LeafType, _ fields: KeyValuePairs<String, JSONValue?>) throws -> Leaf {
  now += 60
  return try store.append([Event(type, fields)], signedBy: key, at: Timestamp(seconds: now))[0]
}
func digest(_ text: String) -> JSONValue { .text(SHA256.digest(of: Array(text.utf8)).hex) }
func uuid(_ number: Int) -> JSONValue {
  .text("urn:uuid:00000000-0000-4000-8000-00000000000\(number)")
}
func request(_ number: Int, _ regime: String, _ due: JSONValue) throws {
  _ = try append(
    .requestReceived,
    [
      "request": uuid(number), "regime": .text(regime), "ground": "17-1-b",
      "received": "2026-09-21", "due": due, "commitments": .array([]),
    ])
}
func patch(_ name: String, _ request: JSONValue?) throws {
  _ = try append(
    .patchCreated,
    ["patch": digest(name), "method": "ablate", "request": request, "statement": digest(name + "s")])
  _ = try append(
    .metricsRecorded,
    [
      "patch": digest(name), "statement": digest("metrics" + name),
      "values": .array([.members(["name": "forget", "millionths": 12_345])]),
    ])
  _ = try append(
    .patchSigned,
    ["patch": digest(name), "bundle": digest(name + "b"), "key_id": digest("key"), "request": request])
}
func intend(
  _ operation: String, _ name: String, _ base: String, _ result: String, _ request: JSONValue?,
  changed: JSONValue? = nil
) throws -> Leaf {
  try append(
    .patchIntent,
    [
      "operation": .text(operation), "patch": digest(name), "bundle": digest(name + "b"),
      "model": uuid(8), "base": digest(base), "result": digest(result),
      "undo": .text("undo-" + name), "undo_until": "2026-12-31T00:00:00Z", "changed": changed,
      "request": request, "parameters": 10, "heads": 1, "filters": 0,
    ])
}
func end(_ type: LeafType, _ intent: Leaf, _ name: String, _ root: String, _ outcome: JSONValue? = nil)
  throws
{
  _ = try append(
    type,
    [
      "intent": .integer(Int64(intent.sequence)), "model": uuid(8), "patch": digest(name),
      "root": digest(root), "outcome": outcome,
    ])
}

_ = try append(.keyAdded, ["key_id": digest("key"), "roles": .array(["artifact"])])
try request(1, "gdpr", "2026-10-21")
try request(2, "ccpa", "2026-11-05")
_ = try append(
  .modelRegistered,
  [
    "model": uuid(8), "root": digest("r0"), "files": 2, "tensors": 10, "parameters": 1000,
    "family": "bert",
  ])
try patch("a", uuid(1))
try patch("b", uuid(2))
try patch("c", nil)
try end(.patchApplied, try intend("apply", "a", "r0", "r1", uuid(1)), "a", "r1")
try end(.patchAborted, try intend("apply", "b", "r1", "r2", uuid(2)), "b", "r1")
try end(.patchRecovered, try intend("apply", "b", "r1", "r2", uuid(2)), "b", "r2", "result")
try end(.patchApplied, try intend("apply", "c", "r2", "r3", nil), "c", "r3")
try end(
  .patchRolledBack,
  try intend(
    "rollback", "b", "r3", "r4", uuid(2),
    changed: .array([.members(["file": 1, "sha256": digest("file")])])), "b", "r4")
_ = try append(
  .undoDestroyed, ["model": uuid(8), "patch": digest("a"), "undo": "undo-a", "key": digest("k")])
_ = try append(
  .patchFinalized,
  [
    "model": uuid(8), "patch": digest("a"), "files": 3, "bytes": 4096, "remains": 0,
  ])
_ = try append(
  .modelRegistered,
  [
    "model": uuid(9), "root": digest("r4"), "files": 2, "tensors": 10, "parameters": 1000,
    "family": "bert", "parent": uuid(8),
  ])
_ = try append(
  .patchApplied,
  [
    "model": uuid(9), "patch": digest("b"), "bundle": digest("bb"), "base": digest("r4"),
    "root": digest("r5"), "mode": "output", "request": uuid(2),
  ])
_ = try append(.reportExported, ["report": digest("report")])
