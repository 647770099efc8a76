import Attestation
import Ledger
import Storage
import TestSupport
import Testing
import Witnessing

/// A log of made-up leaves, and what it asks a witness.
private final class Log {
  let key: PrivateKey
  let verifierKey: VerifierKey
  private var nodes: [MerkleTree.NodeID: Digest] = [:]
  private(set) var size = 0

  init(_ leaves: [String]) throws {
    let key = try PrivateKey.generate(.ed25519)
    verifierKey = try VerifierKey(name: "log.example", publicKey: key.publicKey)
    self.key = key
    for leaf in leaves { append(leaf) }
  }

  func append(_ leaf: String) {
    let hash = MerkleTree.leafHash(Array(leaf.utf8))
    for (id, hash) in MerkleTree.completed(byLeaf: size, hash: hash, node: node) {
      nodes[id] = hash
    }
    size += 1
  }

  private func node(_ id: MerkleTree.NodeID) -> Digest { nodes[id] ?? MerkleTree.emptyRoot }

  func head() throws -> SignedNote {
    let root = MerkleTree.root(0..<size, node: node)
    return try SignedNote(
      signing: LogCheckpoint(origin: verifierKey.name, treeSize: size, root: root).text,
      as: verifierKey, with: key)
  }

  func client() throws -> WitnessClient {
    let size = size
    return try WitnessClient(try head()) { (old) throws(LedgerError) in
      MerkleTree.consistencyProof(from: old, to: size, node: self.node)
    }
  }
}

/// A witness by the words of C2SP tlog-witness.
private final class Witness {
  let keys: TestWitness
  var state: [String: LogCheckpoint] = [:]
  var known: [VerifierKey] = []
  private(set) var requests = 0

  init() throws { keys = try TestWitness("witness.example/w") }

  var policy: WitnessPolicy.Witness {
    get throws {
      let folder = try TemporaryFolder()
      let text =
        "witness w \(keys.verifierKey.encoded) https://witness.example/prefix/\nquorum w\n"
      try TemporaryFolder.write(Array(text.utf8), to: folder.file("trust"))
      return try TrustFile(path: folder.file("trust")).witnesses.witnesses[0]
    }
  }

  func answer(_ body: [UInt8]) throws -> HTTPPost.Answer {
    requests += 1
    func answer(_ status: Int, _ text: String = "") -> HTTPPost.Answer {
      HTTPPost.Answer(status: status, body: Array(text.utf8))
    }
    let text = String(decoding: body, as: UTF8.self)
    let gap = try #require(text.firstRange(of: "\n\n"))
    var lines = text[..<gap.lowerBound].split(separator: "\n")[...]
    let popped = lines.popFirst()
    let first = try #require(popped)
    #expect(first.hasPrefix("old "))
    let old = try #require(Int(first.dropFirst(4)))
    let proof = try lines.map {
      try #require(Base64.decode(String($0)).flatMap { Digest(bytes: $0) })
    }
    #expect(proof.count <= 63)
    let note = try SignedNote(parsing: Array(text[gap.upperBound...].utf8))
    let head = try LogCheckpoint(parsing: note.text)
    guard let key = known.first(where: { $0.name == head.origin }) else { return answer(404) }
    guard note.isSigned(by: key) else { return answer(403, "bad signature") }
    let last = state[head.origin]
    guard old <= head.treeSize else { return answer(400) }
    guard old == last?.treeSize ?? 0 else { return answer(409, "\(last?.treeSize ?? 0)\n") }
    guard
      MerkleTree.verifyConsistency(
        old: old, oldRoot: last?.root ?? MerkleTree.emptyRoot, new: head.treeSize,
        newRoot: head.root, proof: proof)
    else { return answer(422, "bad proof") }
    state[head.origin] = head
    return answer(200, try keys.line(for: note.text, at: 1_790_000_000))
  }

  /// Asks this witness as a client does.
  func cosign(_ log: Log, knownSize: Int = 0) throws -> SignedNote {
    try log.client().cosign(by: policy, knownSize: knownSize) {
      (body, url) throws(WitnessError) in
      #expect(url == "https://witness.example/prefix/add-checkpoint")
      do { return try self.answer(body) } catch {
        throw WitnessError(.noAnswer("\(error)"))
      }
    }
  }
}

@Suite("Asking witnesses") struct WitnessingTests {
  @Test func `a log that grows is cosigned at every step, by proofs from what went before`() throws
  {
    let log = try Log([])
    let witness = try Witness()
    witness.known = [log.verifierKey]
    for size in 1...20 {
      log.append("leaf \(size)")
      let note = try witness.cosign(log, knownSize: size - 1)
      #expect(note.isSigned(by: witness.keys.verifierKey))
      #expect(note.isSigned(by: log.verifierKey))
      #expect(witness.requests == size)
    }
    // The same head once more, and a client that has forgotten what was cosigned.
    _ = try witness.cosign(log, knownSize: 20)
    #expect(witness.requests == 21)
    log.append("leaf 21")
    _ = try witness.cosign(log, knownSize: 0)
    #expect(witness.requests == 23)
  }

  private func reason(_ body: () throws -> SignedNote) -> String {
    do {
      _ = try body()
      return "accepted"
    } catch { return "\(error)" }
  }

  @Test func `a log that was set back, forked or is unknown is told from each other`() throws {
    let log = try Log((0..<7).map { "leaf \($0)" })
    let witness = try Witness()
    witness.known = [log.verifierKey]
    _ = try witness.cosign(log)
    let head = try #require(witness.state["log.example"])
    // A longer head than this log's.
    witness.state["log.example"] = LogCheckpoint(
      origin: head.origin, treeSize: 9, root: head.root)
    #expect(reason { try witness.cosign(log, knownSize: 7) }.contains("has cosigned 9 leaves"))
    witness.state["log.example"] = LogCheckpoint(
      origin: head.origin, treeSize: 5, root: head.root)
    #expect(reason { try witness.cosign(log, knownSize: 7) }.contains("rewritten or forked"))
    witness.known = []
    #expect(reason { try witness.cosign(log) }.contains("does not know this log"))
    let key = try PrivateKey.generate(.ed25519)
    witness.known = [try VerifierKey(name: "log.example", publicKey: key.publicKey)]
    #expect(reason { try witness.cosign(log) }.contains("refused (403)"))
  }

  @Test func `nothing is believed that does not verify`() throws {
    let log = try Log(["a", "b"])
    let head = try log.head()
    let (ours, other) = (try TestWitness("witness.example/w"), try TestWitness("witness.example/o"))
    func adding(_ text: String) throws -> SignedNote {
      try WitnessClient.adding(
        try SignedNote.lines(parsing: text), to: head, by: ours.verifierKey)
    }
    let line = try ours.line(for: head.text, at: 1_790_000_000)
    let foreign = try other.line(for: head.text, at: 1_790_000_000)
    let note = try adding(foreign + line)
    #expect(note.lines.count == 2, "lines of unknown keys are left out")
    #expect(note.isSigned(by: ours.verifierKey))
    let over = try ours.line(for: "another\n", at: 1_790_000_000)
    let undated = try ours.line(for: head.text, at: 0)
    for text in [foreign, over, undated, line + line, over + line] {
      #expect(throws: WitnessError.self) { try adding(text) }
    }
  }

  @Test(
    "answers that break the protocol are refused in words",
    arguments: [
      (200, ""), (200, "garbage\n"), (200, "\u{2014} w AAAA\n"), (200, "7\n"), (409, ""),
      (409, "x\n"), (409, "7"), (409, "-1\n"), (409, "99999999999999999999\n"),
      (400, "no\u{1B}[1m"),
      (403, "no"), (404, ""), (422, "no"), (301, ""), (500, "oops"), (0, ""),
    ])
  func answers(_ status: Int, _ body: String) throws {
    do throws(WitnessError) {
      let answer = try WitnessAnswer(status: status, body: Array(body.utf8))
      Issue.record("\(answer)")
    } catch {
      #expect(!error.description.isEmpty)
      #expect(!error.description.utf8.contains(0x1B))
    }
  }

  @Test func `an answer in a file is a size or lines`() throws {
    #expect(try WitnessAnswer(file: Array("12\n".utf8)) == .conflict(size: 12))
    #expect(throws: WitnessError.self) { try WitnessAnswer(file: Array("12".utf8)) }
    #expect(throws: WitnessError.self) { try WitnessAnswer(file: [0xFF]) }
  }

  @Test func `a witness that contradicts itself is asked twice at most`() throws {
    let log = try Log((0..<7).map { "leaf \($0)" })
    let policy = try Witness().policy
    var requests = 0
    let text = reason {
      try log.client().cosign(by: policy, knownSize: 3) { (_, _) throws(WitnessError) in
        requests += 1
        return HTTPPost.Answer(status: 409, body: Array("\(requests)\n".utf8))
      }
    }
    #expect(requests == 2)
    #expect(text.contains("witness w: answers that it has cosigned"))
  }
}

@Suite("HTTP") struct HTTPPostTests {
  private func outcome(
    _ answer: String, pauseMicroseconds: UInt32 = 0, limit: Int = 1000
  ) throws -> String {
    let server = try StubServer(answer, pauseMicroseconds: pauseMicroseconds)
    do throws(WitnessError) {
      let answer = try HTTPPost(milliseconds: 1500, agent: "test").send(
        Array("body\n".utf8), to: server.url + "/x", limit: limit)
      return "\(answer.status) \(String(decoding: answer.body, as: UTF8.self))"
    } catch { return error.description }
  }

  @Test(
    "statuses and bodies come through",
    arguments: [
      ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "200 abc"),
      ("HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n7\n", "409 7\n"),
      ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404 "),
      ("HTTP/1.0 403 Forbidden\r\n\r\nno", "403 no"),
      // Not followed, to whatever place.
      ("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", "302 "),
    ])
  func status(_ answer: String, _ expected: String) throws {
    #expect(try outcome(answer) == expected)
  }

  @Test func `what is too long, too slow, cut short or no HTTP is told`() throws {
    let long = String(repeating: "a", count: 100_000)
    #expect(
      try outcome("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n\(long)").contains(
        "longer than 1000 bytes"))
    #expect(try outcome("HTTP/1.0 200 OK\r\n\r\n\(long)").contains("longer than 1000 bytes"))
    #expect(try outcome("", pauseMicroseconds: 3_000_000).contains("no answer"))
    #expect(try outcome("").contains("no answer"))
    #expect(try outcome("garbage").contains("no answer"))
    #expect(
      try outcome("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").contains("no answer"))
  }

  @Test(
    "what is no address of a witness is not asked",
    arguments: [
      "", "file:///etc/passwd", "ftp://a.example/", "a.example", "http://user:word@a.example/",
      "http://a.example/\n", "http://a.example/ x", "http://a.example/\u{E9}", "HTTP://a.example/",
    ])
  func address(_ url: String) {
    do throws(WitnessError) {
      _ = try HTTPPost(milliseconds: 10, agent: "test").send([], to: url, limit: 10)
      Issue.record("asked")
    } catch {
      guard case .badURL = error.reason else {
        Issue.record("\(error)")
        return
      }
    }
  }
}
