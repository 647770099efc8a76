import Attestation
import Storage
import StrictJSON
import Testing

extension Attack {
  /// The log's own keys.
  private static func ownKey(_ stage: Stage) throws -> Forger.Making {
    try heads(stage, ".unlearn")
  }

  private static func vkey(_ stage: Stage, _ workspace: String) throws -> String {
    let bytes = try Folder.read(stage.file("\(workspace)/ledger.vkey"), limit: 4096)
    return String(decoding: bytes.dropLast(), as: UTF8.self)
  }

  /// Heads signed by the key of a workspace.
  private static func heads(_ stage: Stage, _ workspace: String) throws -> Forger.Making {
    return .heads(
      PrivateKeyFile(path: stage.file("\(workspace)/ledger.key.pem")),
      as: try VerifierKey(try vkey(stage, workspace)))
  }

  private static func editGround(_ leaves: inout [JSONObject], _ stage: Stage) throws {
    let place = try stage.place("request.received", in: leaves)
    leaves[place]["ground"] = "17-1-d"
  }

  private static func insert(_ leaves: inout [JSONObject]) {
    var leaf = JSONObject()
    leaf["v"] = .integer(1)
    leaf["seq"] = .integer(-1)
    leaf["time"] = leaves[1]["time"]
    leaf["type"] = "report.exported"
    leaf["report"] = .text(SHA256.digest(of: [1]).hex)
    leaf["entries"] = .integer(1)
    leaves.insert(leaf, at: 2)
  }

  private static func rebuild(_ stage: Stage) throws {
    // With keys of the attacker's own in the places of the victim's.
    let vkey = try vkey(stage, "other/.unlearn")
    try stage.forge(try heads(stage, "other/.unlearn")) { $0[0]["key"] = .text(vkey) }
    for name in ["ledger.vkey", "ledger.key.pem"] {
      try stage.put("other/.unlearn/\(name)", at: ".unlearn/\(name)")
    }
  }

  private static func fork(_ stage: Stage) throws {
    // Four other leaves where the second patch has four, signed by the log's own key elsewhere.
    try stage.restore("early", [".unlearn"])
    for _ in 0..<4 {
      _ = try stage.bench.run(
        ["request", "open", "--regime", "gdpr", "--ground", "17-1-b"],
        ["XDG_STATE_HOME": stage.file("elsewhere")])
    }
    try Folder.removeTree(stage.file("elsewhere"))
    try stage.restore("early", ["model"])
  }

  static let onLeaves: [Attack] = [
    Attack("nothing is done", "valid", code: 0) { _ in },
    Attack("a leaf edited", "invalid", "tree", "leaf 2 is not what its stored hash", code: 1) {
      stage in try stage.forge(.leaves) { try editGround(&$0, stage) }
    },
    Attack(
      "a leaf edited, tree and subjects made anew", "invalid", "heads",
      "leaf 2 is not what was signed", code: 1
    ) { stage in try stage.forge(.tree) { try editGround(&$0, stage) } },
    Attack("a leaf inserted", "invalid", "leaves", "its place in the log", code: 1) {
      try $0.forge(.leaves) { insert(&$0) }
    },
    Attack(
      "a leaf inserted, tree and subjects made anew", "invalid", "heads", "not what was signed",
      code: 1
    ) { try $0.forge(.tree) { insert(&$0) } },
    Attack("a leaf deleted", "invalid", "leaves", "leaf 1 is missing", code: 1) {
      try $0.forger.sql("DELETE FROM leaves WHERE sequence = 1")
    },
    Attack(
      "a leaf deleted, tree and subjects made anew", "invalid", "heads", "leaf 1 is not", code: 1
    ) { try $0.forge(.tree) { $0.remove(at: 1) } },
    Attack("two leaves exchanged", "invalid", "leaves", "its place in the log", code: 1) {
      stage in
      try stage.forge(.leaves) { leaves in
        leaves.swapAt(1, 2)
      }
    },
    Attack(
      "two leaves exchanged, tree and subjects made anew", "invalid", "heads", "leaf 1 is not",
      code: 1
    ) { try $0.forge(.tree) { $0.swapAt(1, 2) } },
    Attack(
      "a leaf edited, heads signed with another key", "invalid", "heads", "", code: 1
    ) { stage in
      try stage.forge(try heads(stage, "other/.unlearn")) { try editGround(&$0, stage) }
    },
    Attack(
      "a leaf edited, heads signed with the log's own key", "invalid", "pin",
      "the log was rewritten", code: 1
    ) { stage in try stage.forge(try ownKey(stage)) { try editGround(&$0, stage) } },
    Attack(
      "the log rebuilt with another key", "invalid", "trusted log", "the log rebuilt with another",
      code: 1
    ) { try rebuild($0) },
    Attack(
      "the log rebuilt with another key and name", "invalid", "leaves", "begins the log", code: 1
    ) { stage in
      try stage.bench.succeed("init", "--origin", "evil.example/log", "evil")
      try stage.forge(try heads(stage, "evil/.unlearn")) { _ in }
      for name in ["ledger.vkey", "ledger.key.pem"] {
        try stage.put("evil/.unlearn/\(name)", at: ".unlearn/\(name)")
      }
      try Folder.removeTree(stage.file("evil"))
    },
    Attack(
      "the log rebuilt with another key and name, its first leaf too", "invalid", "patch",
      "answers a request of the log test.example/log", code: 1
    ) { stage in
      try stage.bench.succeed("init", "--origin", "evil.example/log", "evil")
      try stage.forge(try heads(stage, "evil/.unlearn")) { leaves in
        leaves[0]["origin"] = "evil.example/log"
        leaves[0]["key"] = .text(try vkey(stage, "evil/.unlearn"))
      }
      for name in ["ledger.vkey", "ledger.key.pem"] {
        try stage.put("evil/.unlearn/\(name)", at: ".unlearn/\(name)")
      }
      try Folder.removeTree(stage.file("evil"))
    },
    Attack(
      "another log in its place", "incomplete", "trusted log", "has no line", code: 4,
      by: ["ledger", "verify"]
    ) { stage in
      try stage.bench.succeed("init", "--origin", "evil.example/log", "evil")
      for name in ["ledger.sqlite", "ledger.vkey", "ledger.key.pem"] {
        try stage.put("evil/.unlearn/\(name)", at: ".unlearn/\(name)")
      }
      for name in ["ledger.sqlite-wal", "ledger.sqlite-shm"] {
        let path = stage.file(".unlearn/\(name)")
        if try FileStatus.ifExists(path) != nil { try Folder.remove(path) }
        if try FileStatus.ifExists(stage.file("evil/.unlearn/\(name)")) != nil {
          try stage.put("evil/.unlearn/\(name)", at: ".unlearn/\(name)")
        }
      }
      try Folder.removeTree(stage.file("evil"))
    },
    Attack("the tail cut", "invalid", "pin", "its end was cut", code: 1) { stage in
      try stage.forger.cut(to: try stage.earlySize())
      try stage.restore("early", ["model"])
    },
    Attack(
      "the tail cut, no pin left", "incomplete", "pin", "a cut or replaced log can't be told",
      code: 4
    ) { stage in
      try stage.forger.cut(to: try stage.earlySize())
      try stage.restore("early", ["model"])
      try stage.forgetPins()
    },
    Attack(
      "the tail cut, no pin left, a witness has seen it", "invalid", "witnesses",
      "its end was cut or an old copy restored", code: 1
    ) { stage in
      try stage.witnessHead()
      try stage.forger.cut(to: try stage.earlySize())
      try stage.restore("early", ["model"])
      try stage.forgetPins()
    },
    Attack("an old backup restored", "invalid", "pin", "an old copy restored", code: 1) {
      try $0.restore("early", [".unlearn", "model"])
    },
    Attack("an old backup restored with the pin of its time", "valid", code: 0) {
      try $0.restore("early")
    },
    Attack(
      "an old backup restored with the pin of its time, a witness has seen more", "invalid",
      "witnesses", "an old copy restored", code: 1
    ) { stage in
      try stage.witnessHead()
      let names = try Folder.names(in: stage.file(".unlearn/witness"))
      try stage.put(".unlearn/witness/\(names[0])", at: "kept.checkpoint")
      try stage.restore("early")
      try Folder.create(stage.file(".unlearn/witness"))
      try stage.put("kept.checkpoint", at: ".unlearn/witness/\(names[0])")
    },
    Attack("all leaves deleted", "invalid", "leaves", "there is no leaf", code: 1) {
      try $0.forger.sql(
        "DELETE FROM leaves", "DELETE FROM nodes", "DELETE FROM checkpoints", "DELETE FROM subjects"
      )
    },
    Attack("the ledger deleted", "invalid", "database", "it was deleted", code: 1) {
      try $0.deleteLedger()
    },
    Attack(
      "the ledger deleted, no pin left", "incomplete", "database", "there is no ledger", code: 4
    ) {
      try $0.deleteLedger()
      try $0.forgetPins()
    },
    Attack("a fork of the same size", "invalid", "pin", "the log was rewritten", code: 1) {
      try fork($0)
    },
    Attack(
      "a fork of the same size, no pin left, a witness has seen the other", "invalid", "witnesses",
      "rewritten or forked", code: 1
    ) { stage in
      try stage.witnessHead()
      let names = try Folder.names(in: stage.file(".unlearn/witness"))
      try stage.put(".unlearn/witness/\(names[0])", at: "kept.checkpoint")
      try fork(stage)
      try Folder.create(stage.file(".unlearn/witness"))
      try stage.put("kept.checkpoint", at: ".unlearn/witness/\(names[0])")
      try stage.forgetPins()
    },
    Attack("a trigger added", "invalid", "schema", "is not part of the known schema", code: 1) {
      try $0.forger.schema(
        "CREATE TRIGGER quiet AFTER INSERT ON leaves BEGIN DELETE FROM blobs; END")
    },
    Attack("a view added", "invalid", "schema", "is not part of the known schema", code: 1) {
      try $0.forger.schema("CREATE VIEW harmless AS SELECT 1")
    },
    Attack(
      "a trigger taken away", "invalid", "schema", "\"leaves_stay\" is missing", code: 1
    ) { try $0.forger.schema("DROP TRIGGER leaves_stay") },
    Attack(
      "a subject's row changed", "invalid", "subjects", "is not what the leaves add up to", code: 1
    ) { try $0.forger.sql("UPDATE subjects SET state = replace(state, 'applied', 'final')") },
    ownKeyForgery(
      "a leaf says other than the signed statement, by the log's own key",
      "what it says of result differs from the signed statement", "patch.created", "result"),
    // The first patch was applied with the bundle of this signature.
    ownKeyForgery(
      "a leaf names a signer who has not signed, by the log's own key",
      "has no signature of the key that it names", "patch.signed", "key_id"),
    ownKeyForgery(
      "a leaf names a statement that was not signed, by the log's own key",
      "no leaf names the signed one", "patch.created", "statement"),
  ]

  /// The log's own key signs a leaf in which one digest is another.
  private static func ownKeyForgery(
    _ name: String, _ reason: String, _ type: String, _ field: ByteString
  ) -> Attack {
    Attack(name, "invalid", "patch", reason, code: 1) { stage in
      try stage.forge(try ownKey(stage)) { leaves in
        let place = try stage.place(type, in: leaves)
        leaves[place][field] = .text(SHA256.digest(of: [1]).hex)
      }
    }
  }
}

extension Stage {
  func deleteLedger() throws {
    for name in try Folder.names(in: file(".unlearn")) where name.hasPrefix("ledger.sqlite") {
      try Folder.remove(file(".unlearn/\(name)"))
    }
  }

  /// How many leaves there were before the second patch.
  func earlySize() throws -> Int {
    try Forger(path: file("saved/early/.unlearn/ledger.sqlite")).leaves().count
  }
}
