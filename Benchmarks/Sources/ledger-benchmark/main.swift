// Measures what `ledger.py` shows: each run prints one JSON object on a line.
//
//   ledger-benchmark fill FOLDER LEAVES BATCH   appends in batches of requests until there are so many leaves
//   ledger-benchmark single FOLDER COUNT        appends one by one, and flushes a file as often beside
//   ledger-benchmark prove FOLDER COUNT         makes and checks inclusion proofs of leaves all over the log
//   ledger-benchmark verify FOLDER              verifies the whole log

import Attestation
import Ledger
import Storage
import StrictJSON

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

func seconds(_ clock: clockid_t = CLOCK_MONOTONIC) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The most memory that this program has held, in kB: the kernel's other account starts at the parent's.
func peakMemory() throws -> Int {
  let file = try Descriptor("/proc/self/status", .read)
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  let count = try file.read(into: &buffer, count: buffer.count, at: 0)
  let line = String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").first {
    $0.hasPrefix("VmHWM:")
  }
  return line?.split(separator: " ").compactMap { Int($0) }.first ?? 0
}

func show(_ fields: KeyValuePairs<String, Double>) throws {
  let text = fields.map { "\"\($0)\": \($1)" }.joined(separator: ", ")
  print("{\(text), \"kilobytes\": \(try peakMemory())}")
}

final class Log {
  let folder: String
  let key: PrivateKey
  let verifierKey: VerifierKey
  let pins: PinStore
  static let time = Timestamp(seconds: 1_790_000_000)

  var path: String { Paths.join(folder, "ledger.sqlite") }

  /// Takes the folder's log, or makes one.
  init(_ folder: String) throws {
    self.folder = folder
    let keyPath = Paths.join(folder, "ledger.key.pem")
    pins = PinStore(stateFolder: Paths.join(folder, "state"))
    let isNew = try FileStatus.ifExists(keyPath) == nil
    if isNew {
      try Folder.create(folder)
      let pem = try PrivateKey.generate(.ed25519).pem()
      try AtomicFile.write(pem.rawSpan, to: keyPath, mode: 0o600)
    }
    key = try PrivateKey(path: keyPath)
    verifierKey = try VerifierKey(name: "benchmark.example/log", publicKey: key.publicKey)
    if isNew {
      let store = try LedgerStore.create(
        path: Paths.join(folder, "ledger.sqlite"), key: key, verifierKey: verifierKey, pins: pins,
        tool: "benchmark/1", at: Self.time)
      try store.append(Story.prelude(), signedBy: key, at: Self.time)
    }
  }

  func open(_ access: LedgerStore.Access) throws -> LedgerStore {
    try LedgerStore(path: path, verifierKey: verifierKey, pins: pins, access: access)
  }

  func size(_ store: LedgerStore) throws -> Int { try store.lastHead()?.size ?? 0 }

  /// The number of the next request.
  func nextRequest(_ store: LedgerStore) throws -> Int {
    (try size(store) - Story.preludeCount + Story.leavesPerRequest - 1) / Story.leavesPerRequest
  }

  func fill(to count: Int, batch: Int) throws {
    let store = try open(.append)
    var number = try nextRequest(store)
    let end = (count - Story.preludeCount) / Story.leavesPerRequest
    let first = number
    var spent = 0.0
    while number < end {
      let next = min(end, number + batch / Story.leavesPerRequest)
      let events = (number..<next).flatMap { Story.request($0) }
      let start = seconds()
      try store.append(events, signedBy: key, at: Self.time)
      spent += seconds() - start
      number = next
    }
    try show(["leaves": Double((end - first) * Story.leavesPerRequest), "seconds": spent])
  }

  func single(_ count: Int) throws {
    let store = try open(.append)
    let first = try nextRequest(store)
    let events = (0..<count / Story.leavesPerRequest).flatMap { Story.request(first + $0) }
    var start = seconds()
    for event in events { try store.append([event], signedBy: key, at: Self.time) }
    let spent = seconds() - start
    start = seconds()
    let file = try Descriptor(Paths.join(folder, "flushed"), .create(mode: 0o600))
    let page = [UInt8](repeating: 1, count: 4096)
    for index in 0..<events.count {
      try file.write(page.rawSpan, at: index % 256 * page.count)
      try file.synchronize()
    }
    try show([
      "leaves": Double(events.count), "seconds": spent, "flushes": Double(events.count),
      "flush_seconds": seconds() - start,
    ])
  }

  func prove(_ count: Int) throws {
    let size = try size(try open(.read))
    let store = try open(.read)
    guard let note = try store.lastHead()?.note else { return }
    let head = try LogCheckpoint(parsing: SignedNote(parsing: Array(note.utf8)).text)
    var (total, worst, opened) = (0.0, 0.0, 0.0)
    for round in 0..<count {
      let index = round * 7919 % size
      var start = seconds()
      let proof = try store.inclusionProof(of: index, size: size)
      total += seconds() - start
      worst = max(worst, seconds() - start)
      let leaf = try store.leaf(index)
      guard
        MerkleTree.verifyInclusion(
          leaf: leaf.hash, index: index, size: size, proof: proof, root: head.root)
      else { fatalError("the proof of leaf \(index) does not hold") }
      start = seconds()
      _ = try open(.read).inclusionProof(of: index, size: size)
      opened = max(opened, seconds() - start)
    }
    try show(["mean": total / Double(count), "worst": worst, "worst_opening": opened])
  }

  func verify() throws {
    let store = try open(.read)
    let heads = try store.heads().count
    let (start, used) = (seconds(), seconds(CLOCK_PROCESS_CPUTIME_ID))
    let verification = LedgerVerification(store, pins: pins)
    let (wall, cores) = (seconds() - start, seconds(CLOCK_PROCESS_CPUTIME_ID) - used)
    guard Verdict(verification.findings) == .valid else { fatalError("\(verification.findings)") }
    try show([
      "leaves": Double(verification.state?.count ?? 0), "heads": Double(heads), "seconds": wall,
      "core_seconds": cores,
    ])
  }
}

let arguments = CommandLine.arguments
let log = try Log(arguments[2])
switch arguments[1] {
case "fill": try log.fill(to: Int(arguments[3]) ?? 0, batch: Int(arguments[4]) ?? 0)
case "single": try log.single(Int(arguments[3]) ?? 0)
case "prove": try log.prove(Int(arguments[3]) ?? 0)
case "verify": try log.verify()
default: fatalError("fill, single, prove or verify")
}
