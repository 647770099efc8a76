import Attestation
import Storage
import StrictJSON
import TestSupport
import Testing

/// A story whose log was handed over to another key, and what an attacker has kept of the former one.
enum Handed {
  /// Hands the stage's log over, lets it go on, and keeps that as the state to which attacks are put back.
  static func prepare(_ stage: Stage) throws {
    try stage.save("before")
    try stage.put(".unlearn/ledger.key.pem", at: "former.key.pem")
    try stage.put(".unlearn/trust", at: "former.trust")
    try stage.bench.succeed("trust", "rotate", "--role", "ledger")
    for _ in 0..<2 { try open(stage) }
    try stage.put(".unlearn/trust", at: "handed.trust")
    try stage.save("whole")
  }

  fileprivate static func open(_ stage: Stage, _ environment: [String: String] = [:]) throws {
    let result = try stage.bench.run(
      ["request", "open", "--regime", "gdpr", "--ground", "17-1-b"], environment)
    #expect(result.code == 0, "\(result.errors)")
  }

  /// The leaf of the handover.
  fileprivate static func leaf(_ leaves: [JSONObject]) throws -> Int {
    try #require(leaves.firstIndex { $0["type"] == "key.rotated" })
  }

  /// Who signs heads in an attack.
  fileprivate enum Who { case former, next, attacker }

  /// Signs heads anew, those for which nobody is named stay.
  fileprivate static func sign(
    _ stage: Stage, change: (inout [JSONObject], Int) throws -> Void = { _, _ in },
    _ who: @escaping (_ size: Int, _ handover: Int) -> [Who]
  ) throws {
    var leaves = try stage.forger.leaves()
    let handover = try leaf(leaves)
    guard case .string(let text)? = leaves[handover]["key"] else { return }
    func key(_ name: String, _ vkey: String) throws -> Forger.Signer {
      Forger.Signer(
        file: PrivateKeyFile(path: stage.file(name)), key: try VerifierKey(vkey))
    }
    func vkey(_ workspace: String) throws -> String {
      let bytes = try Folder.read(stage.file("\(workspace)/ledger.vkey"), limit: 4096)
      return String(decoding: bytes.dropLast(), as: UTF8.self)
    }
    let former = try key("former.key.pem", vkey(".unlearn"))
    let next = try key(".unlearn/ledger.key.pem", text.text)
    let attacker = try key("other/.unlearn/ledger.key.pem", vkey("other/.unlearn"))
    try change(&leaves, handover)
    try stage.forger.replace(
      leaves,
      .signers { size in
        who(size, handover).map { $0 == .former ? former : $0 == .next ? next : attacker }
      })
  }

  /// The log goes on elsewhere from before its handover, with the former key; here it is put in the place of the other.
  fileprivate static func fork(
    _ stage: Stage, _ change: (_ elsewhere: [String: String]) throws -> Void
  )
    throws
  {
    try stage.restore("before", [".unlearn"])
    try change(["XDG_STATE_HOME": stage.file("elsewhere")])
    try Folder.removeTree(stage.file("elsewhere"))
    try stage.put("handed.trust", at: ".unlearn/trust")
    try stage.forgetPins()
  }
}

extension Attack {
  /// Needs a stage that was handed over.
  static let onHandover: [Attack] = [
    Attack("the log handed over to another key", "valid", code: 0) { _ in },
    Attack(
      "the log handed over to another key, a trust file that names the former one", "valid", code: 0
    ) { try $0.put("former.trust", at: ".unlearn/trust") },
    Attack(
      "heads after the handover signed with the former key", "invalid", "heads",
      "is signed with a former key of the log", code: 1
    ) { try Handed.sign($0) { size, leaf in size > leaf + 1 ? [.former] : [] } },
    Attack(
      "a head before the handover signed with the later key", "invalid", "heads",
      "is signed with a key that the log has only since leaf", code: 1
    ) { try Handed.sign($0) { size, leaf in size == leaf ? [.next] : [] } },
    Attack(
      "a handover that the former key has not signed", "invalid", "heads",
      "the key before it has not signed it", code: 1
    ) { try Handed.sign($0) { size, leaf in size == leaf + 1 ? [.next] : [] } },
    Attack(
      "a handover that the later key has not signed", "invalid", "heads",
      "the key that it names has not signed it", code: 1
    ) { try Handed.sign($0) { size, leaf in size == leaf + 1 ? [.former] : [] } },
    Attack(
      "a handover for which no head is stored", "invalid", "heads",
      "which the key before it must have signed", code: 1
    ) { stage in
      let leaf = try Handed.leaf(try stage.forger.leaves())
      try stage.forger.sql("DELETE FROM checkpoints WHERE size = \(leaf + 1)")
    },
    Attack(
      "a handover forged to a key that nobody has vouched for", "invalid", "heads",
      "the key before it has not signed it", code: 1
    ) { stage in
      let attacker = try VerifierKey(
        String(
          decoding: try Folder.read(stage.file("other/.unlearn/ledger.vkey"), limit: 4096)
            .dropLast(), as: UTF8.self))
      try Handed.sign(
        stage,
        change: { leaves, leaf in
          leaves[leaf]["key"] = .text(attacker.encoded)
          leaves[leaf]["new"] = .text(attacker.publicKey.keyID.hex)
        }
      ) { size, leaf in size > leaf ? [.attacker] : [] }
    },
    Attack(
      "the handover taken away, the log signed on with the former key", "invalid", "pin",
      "under a key to which this log does not lead", code: 1
    ) { stage in
      try Handed.sign(stage, change: { leaves, leaf in leaves.remove(at: leaf) }) { _, _ in
        [.former]
      }
      try stage.forger.sql(
        "DELETE FROM checkpoints WHERE size > (SELECT count(*) FROM leaves)")
    },
    Attack(
      "the log set back to before its handover", "invalid", "pin",
      "under a key to which this log does not lead", code: 1
    ) { try $0.restore("before", [".unlearn"]) },
    Attack(
      "the log forked with its former key, no pin left", "invalid", "log key", "sign up to leaf",
      code: 1
    ) { stage in
      try Handed.fork(stage) { elsewhere in
        for _ in 0..<3 { try Handed.open(stage, elsewhere) }
      }
    },
    Attack(
      "the log forked with its former key and handed over to a third, no pin left", "invalid",
      "trusted log", "names another key for the log", code: 1
    ) { stage in
      try Handed.fork(stage) { elsewhere in
        let result = try stage.bench.run(["trust", "rotate", "--role", "ledger"], elsewhere)
        #expect(result.code == 0, "\(result.errors)")
        for _ in 0..<2 { try Handed.open(stage, elsewhere) }
      }
    },
    Attack(
      "the log's former private key put back", "refused", "", "is not that of the ledger", code: 1,
      by: ["request", "open", "--regime", "gdpr", "--ground", "17-1-b"]
    ) { try $0.put("former.key.pem", at: ".unlearn/ledger.key.pem") },
  ]
}
