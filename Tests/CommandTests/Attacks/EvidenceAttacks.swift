import Storage
import StrictJSON
import TestSupport
import Testing

extension Attack {
  static let onKeys: [Attack] = [
    Attack(
      "the log's public key replaced", "invalid", "heads", "", code: 1
    ) { try $0.put("other/.unlearn/ledger.vkey", at: ".unlearn/ledger.vkey") },
    Attack(
      "the log's private key replaced", "refused", "", "is not that of the ledger", code: 1,
      by: ["request", "open", "--regime", "gdpr", "--ground", "17-1-b"]
    ) { try $0.put("other/.unlearn/ledger.key.pem", at: ".unlearn/ledger.key.pem") },
    Attack(
      "a signer's public key replaced", "invalid", "trust file", "holds another key than its name",
      code: 1
    ) { stage in
      let name = try #require(
        try Folder.names(in: stage.file(".unlearn")).first { $0.hasSuffix(".pub.pem") })
      try stage.put("attacker.pub.pem", at: ".unlearn/\(name)")
    },
    Attack(
      "no trust file", "incomplete", "trust file", "integrity only, signers unknown", code: 3
    ) { try Folder.remove($0.file(".unlearn/trust")) },
    Attack(
      "a trust file that names no one", "incomplete", "patch", "signed by no one", code: 3
    ) { try $0.editTrust { _ in "" } },
    Attack(
      "a trust file that names another log", "incomplete", "trusted log", "has no line", code: 4
    ) { stage in
      try stage.bench.succeed("init", "--origin", "evil.example/log", "evil")
      let line = String(
        decoding: try Folder.read(stage.file("evil/.unlearn/ledger.vkey"), limit: 4096),
        as: UTF8.self)
      try Folder.removeTree(stage.file("evil"))
      try stage.editTrust { text in
        text.split(separator: "\n").map { $0.hasPrefix("log ") ? "log \(line)" : "\($0)\n" }
          .joined()
      }
    },
    Attack(
      "a trust file that names another key for the log", "invalid", "trusted log",
      "names another key for the log", code: 1
    ) { stage in
      let line = String(
        decoding: try Folder.read(stage.file("other/.unlearn/ledger.vkey"), limit: 4096),
        as: UTF8.self)
      try stage.editTrust { text in
        text.split(separator: "\n").map { $0.hasPrefix("log ") ? "log \(line)" : "\($0)\n" }
          .joined()
      }
    },
    Attack(
      "a trust file that can't be read", "invalid", "trust file", "unknown line", code: 1
    ) { try $0.editTrust { $0 + "believe everyone\n" } },
    Attack(
      "two signers required, one has signed", "incomplete", "patch",
      "2 distinct trusted signers are required, 1 have signed", code: 3
    ) { try $0.editTrust { $0 + "require 2 artifact\n" } },
  ]

  static let onArtifacts: [Attack] = [
    Attack("a kept bundle altered", "invalid", "patch", "has been changed", code: 1) {
      try $0.forger.sql("UPDATE blobs SET bytes = CAST(bytes || ' ' AS BLOB)")
    },
    Attack("a kept bundle missing", "incomplete", "patch", "is not in the ledger", code: 4) {
      try $0.forger.sql("DELETE FROM blobs")
    },
    Attack(
      "a kept patch altered", "invalid", "artifact", "not the file that was signed", code: 1
    ) { stage in try TemporaryFolder.flip(stage.file(try stage.artifact("first")), at: 200) },
    Attack("a kept patch missing", "incomplete", "artifact", "is not there", code: 4) { stage in
      try Folder.remove(stage.file(try stage.artifact("first")))
    },
    Attack(
      "an undo key deleted, and no leaf says so", "incomplete", "undo", "is gone, and no leaf",
      code: 4
    ) { try $0.forger.sql("DELETE FROM undo_keys") },
    Attack("an undo capsule missing", "incomplete", "undo", "its undo capsule is gone", code: 4) {
      try Folder.removeTree($0.file(".unlearn/undo"))
    },
    Attack(
      "a disclosure altered", "invalid", "disclosures", "is not what it commits to", code: 1
    ) { try $0.forger.sql("UPDATE disclosures SET disclosure = disclosure || 'A'") },
    Attack(
      "a disclosure that no leaf commits to", "invalid", "disclosures", "no leaf of it commits",
      code: 1
    ) {
      try $0.forger.sql("UPDATE disclosures SET request = replace(request, '-', '_')")
    },
    Attack(
      "a disclosure kept that a leaf says was erased", "invalid", "disclosures",
      "a leaf says that it was erased", code: 1
    ) { stage in
      try stage.forger.sql(
        "ATTACH '\(stage.file("thief"))' AS thief",
        "CREATE TABLE thief.kept AS SELECT * FROM disclosures")
      try stage.bench.succeed("ledger", "shred", "--request", stage.request)
      try stage.forger.sql(
        "ATTACH '\(stage.file("thief"))' AS thief",
        "INSERT INTO disclosures SELECT * FROM thief.kept")
      try Folder.remove(stage.file("thief"))
    },
    Attack(
      "a patch applied twice", "refused", "", "the patch is applied already", code: 6,
      by: ["apply", "model", "second.patch.safetensors"]
    ) { _ in },
    Attack(
      "a former patch replayed", "refused", "", "the patch is applied already", code: 6,
      by: ["apply", "model", "first.patch.safetensors"]
    ) { _ in },
    Attack("a patch applied again after it was taken back", "valid", code: 0) { stage in
      try stage.bench.succeed("rollback", "model")
      try stage.bench.succeed("apply", "model", "second.patch.safetensors")
    },
    Attack(
      "a patch applied to the wrong base", "refused", "", "not the base of this patch", code: 6,
      by: ["apply", "base", "second.patch.safetensors"]
    ) { _ in },
  ]

  private static let shards = [
    "model/model-00001-of-00002.safetensors", "model/model-00002-of-00002.safetensors",
  ]

  static let onModels: [Attack] = [
    Attack(
      "shards of two states mixed", "invalid", "model", "files of different states are mixed",
      code: 1
    ) { try $0.restore("early", file: shards[0]) },
    Attack(
      "two files' names exchanged", "invalid", "model", "have each other's names", code: 1
    ) { try $0.swap(shards[0], shards[1]) },
    Attack("a file renamed", "invalid", "model", "config.json has the name", code: 1) { stage in
      try stage.put("model/config.json", at: "model/config.jsom")
      try Folder.remove(stage.file("model/config.json"))
    },
    Attack("a file added", "invalid", "model", "is not one of its files", code: 1) {
      try $0.bench.write("import os", "model/modeling.py")
    },
    Attack("a file removed", "invalid", "model", "is missing", code: 1) {
      try Folder.remove($0.file("model/config.json"))
    },
    Attack(
      "one byte of the model changed", "invalid", "model", "as in no state of the chain", code: 1
    ) { try TemporaryFolder.flip($0.file(shards[1]), at: 3000) },
    Attack("the model set back", "invalid", "model", "an older state", code: 1) {
      try $0.restore("early", ["model"])
    },
    Attack(
      "an unknown model", "invalid", "model", "not from this ledger", code: 1,
      by: ["verify", "stranger"]
    ) { stage in
      if try FileStatus.ifExists(stage.file("stranger")) == nil {
        try TemporaryFolder.copyTree(stage.file("base"), stage.file("stranger"))
        try TemporaryFolder.flip(
          stage.file("stranger/model-00001-of-00002.safetensors"), at: 3000)
      }
    },
    Attack(
      "a crash between write and log, journal lost", "incomplete", "model",
      "the files are as after it", code: 4
    ) { stage in
      try stage.forger.cut(to: try stage.forger.leaves().count - 1)
      try stage.forgetPins()
    },
    Attack(
      "a crash before the write, journal lost", "incomplete", "model",
      "the files are as before it", code: 4
    ) { stage in
      try stage.forger.cut(to: try stage.forger.leaves().count - 1)
      try stage.restore("early", ["model"])
      try stage.forgetPins()
    },
  ]
}
