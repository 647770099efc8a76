import Attestation
import ModelSigning
import Storage
import StrictJSON
import TestSupport
import Testing

@Suite("What is signed of a model") struct StatementTests {
  private let folder: TemporaryFolder
  private var model: String { folder.file("m") }

  init() throws {
    folder = try TemporaryFolder()
    try Folder.create(folder.file("m"))
  }

  private func write(_ name: String, _ bytes: [UInt8]) throws {
    let path = Paths.join(model, name)
    try Folder.create(Paths.parent(of: path))
    try TemporaryFolder.write(bytes, to: path)
  }

  private func manifest(ignoring ignored: [String] = []) throws -> ModelManifest {
    let left = IgnoredPaths(ignored)
    return try ModelManifest(
      name: "m", files: try ModelFiles.read(model, ignoring: left), ignoring: left)
  }

  @Test func `the statement is the one of the specification, byte for byte`() throws {
    try write("sub/a.txt", [])
    try write("sub-x/b.txt", [10])
    let (empty, feed) = (StatementText.digests[0], StatementText.digests[1])
    let root = SHA256.digest(of: (Hex.decode(feed) ?? []) + (Hex.decode(empty) ?? []))
    let expected =
      #"{"_type":"https://in-toto.io/Statement/v1","predicate":{"resources":["#
      + #"{"algorithm":"sha256","digest":"\#(feed)","name":"sub-x/b.txt"},"#
      + #"{"algorithm":"sha256","digest":"\#(empty)","name":"sub/a.txt"}],"#
      + #""serialization":{"allow_symlinks":false,"hash_type":"sha256","#
      + #""ignore_paths":[".git",".gitattributes",".github",".gitignore"],"method":"files"}},"#
      + #""predicateType":"https://model_signing/signature/v1.0","#
      + #""subject":[{"digest":{"sha256":"\#(root)"},"name":"m"}]}"#
    #expect(String(decoding: try manifest().encoded(), as: UTF8.self) == expected)
  }

  @Test func `names are ordered by code points, and told apart by their bytes`() throws {
    // U+FF5E comes before U+1F600, though its UTF-16 unit is larger; é composed and decomposed are two files.
    let names = ["a\u{E9}", "ae\u{301}", "\u{FF5E}", "\u{1F600}", "B", "a", "a/b"]
    for name in names where name != "a" { try write("x/\(name)", Array(name.utf8)) }
    let found = try manifest().files.map { ByteString($0.name) }
    #expect(found == names.filter { $0 != "a" }.map { ByteString("x/\($0)") }.sorted())
    #expect(found.count == 6)
    let signer = try Fixture.signer("prime256v1")
    let signature = try ModelSignature(parsing: try signer.sign(try manifest()))
    #expect(signature.departures.isEmpty)
    #expect(try signature.differences(from: model).isEmpty)
  }

  @Test("what was signed reads back and fits", arguments: ["prime256v1", "secp384r1", "secp521r1"])
  func signs(_ curve: String) throws {
    try write("config.json", [1])
    try write("empty", [])
    let signer = try Fixture.signer(curve)
    let bytes = try signer.sign(try manifest())
    let signature = try ModelSignature(parsing: bytes)
    #expect(try signature.manifest == manifest())
    #expect(try signature.check(by: signer.publicKey).contains(signer.publicKey.keyID.hex))
    #expect(signature.bundle.material == .publicKey(hint: signer.publicKey.keyID.hex, pem: nil))
    #expect(try signature.differences(from: model).isEmpty)
    try write("config.json", [2])
    #expect(try signature.differences(from: model).differing.map(\.name) == ["config.json"])
  }

  @Test func `a certificate signs with its own key only`() throws {
    try write("a", [1])
    let chain =
      try Certificate.read(path: Fixture.path("signer.pem"))
      + Certificate.read(path: Fixture.path("middle.pem"))
    let signer = try ModelSigner(
      key: try PrivateKey(path: Fixture.path("signer.key.pem")), chain: chain)
    let signature = try ModelSignature(parsing: try signer.sign(try manifest()))
    let roots = try CertificateRoots(paths: [Fixture.path("root.pem")])
    _ = try signature.check(by: roots, at: Timestamp(seconds: 1_900_000_000))
    #expect(throws: ModelSigningError.self) {
      try ModelSigner(key: try PrivateKey(path: Fixture.path("secp384r1.key.pem")), chain: chain)
    }
    #expect(throws: ModelSigningError.self) {
      try ModelSigner(key: try PrivateKey.generate(.ed25519))
    }
  }

  @Test func `nothing, links and special files are not signed`() throws {
    #expect(throws: ModelSigningError(.empty)) { try manifest() }
    try write(".gitignore", [1])
    #expect(throws: ModelSigningError(.empty)) { try manifest() }
    try write("a", [1])
    for target in ["a", "/nowhere", "."] {
      try Links.symbolicLink(target, Paths.join(model, "link"))
      #expect(throws: ModelSigningError.self) { try manifest() }
      #expect(try manifest(ignoring: ["link"]).files.map(\.name) == ["a"])
      try Folder.remove(Paths.join(model, "link"))
    }
    try Links.namedPipe(Paths.join(model, "pipe"))
    #expect(throws: ModelSigningError.self) { try manifest() }
  }

  @Test func `a file that changes while it is hashed is an error`() throws {
    try write("large", [UInt8](repeating: 1, count: 3 << 20))
    try write("small", [1])
    let (large, other) = (Paths.join(model, "large"), folder.file("other"))
    try TemporaryFolder.write([UInt8](repeating: 2, count: 3 << 20), to: other)
    // Written over, and put in the place of the one that was listed.
    for change in ["write", "replace"] {
      do throws(ModelSigningError) {
        _ = try ModelFiles.read(model, ignoring: IgnoredPaths()) { advance, _ in
          guard advance == 1 << 20 else { return }
          do {
            let bytes = try Folder.read(other, limit: 1 << 30)
            if change == "write" {
              try TemporaryFolder.write(bytes + [3], to: large)
            } else {
              try AtomicFile.write(bytes.rawSpan, to: large, replacing: true)
            }
          } catch { Issue.record(error) }
        }
        Issue.record("\(change): accepted")
      } catch { #expect(error.description.contains("changed while it was being read")) }
    }
  }

  @Test func `only exact paths are left out, with what is below them`() throws {
    for name in ["cache/a", "cached", "sub/cache/b", "sub/.git/c", ".git/d", "größe"] {
      try write(name, [1])
    }
    #expect(
      try manifest(ignoring: ["cache"]).files.map(\.name) == [
        "cached", "größe", "sub/.git/c", "sub/cache/b",
      ])
    #expect(try manifest(ignoring: ["sub/cache", "größe"]).files.map(\.name).contains("cached"))
    #expect(try !manifest(ignoring: ["sub/cache", "größe"]).files.map(\.name).contains("größe"))
    #expect(try IgnoredPaths.relative("sub/cache/", to: model) == "sub/cache")
    #expect(try IgnoredPaths.relative(Paths.join(model, "cache"), to: model) == "cache")
    #expect(try IgnoredPaths.relative(Paths.join(model, "no/such"), to: model) == "no/such")
    for bad in ["*.bin", "a?", "[ab]", "../x", ".", "", "a/../b", "./a", "a//b", "/etc/passwd"] {
      #expect(throws: ModelSigningError.self, "\(bad)") {
        try IgnoredPaths.relative(bad, to: model)
      }
    }
  }

  @Test func `shards are read as the specification has them`() throws {
    try write("a:1", [10, 10, 10, 10, 10])
    try write("b", [10])
    try write("empty", [])
    let two = SHA256.digest(of: [10, 10]).hex
    let one = SHA256.digest(of: [10]).hex
    var statement = StatementText()
    statement.method = "shards"
    statement.more = #","shard_size":2"#
    statement.resources = [
      ("a:1:0:2", two), ("a:1:2:4", two), ("a:1:4:5", one), ("b:0:1", one),
    ]
    let signature = try ModelSignature(parsing: try Fixture.bundle(statement.json))
    #expect(signature.departures.isEmpty)
    #expect(try signature.differences(from: model).isEmpty)
    #expect(try signature.differences(from: model, allowsUnsigned: true).isEmpty)
    try write("a:1", [10, 10, 10, 11, 10, 10, 1])
    let differences = try signature.differences(from: model, allowsUnsigned: true)
    #expect(differences.differing.map(\.name) == ["a:1:2:4"])
    #expect(differences.missing == ["a:1:4:5"])
    #expect(differences.extra == ["a:1:4:6", "a:1:6:7"])
    try Folder.remove(Paths.join(model, "a:1"))
    #expect(try signature.differences(from: model).missing.count == 3)
    // A shard size far below what the model has would be endless work.
    statement.more = #","shard_size":1"#
    statement.resources = [("b:0:1", one)]
    try TemporaryFolder.write(
      [UInt8](repeating: 0, count: 1_000_001), to: Paths.join(model, "large"))
    let tiny = try ModelSignature(parsing: try Fixture.bundle(statement.json))
    #expect(throws: ModelSigningError.self) { try tiny.differences(from: model) }
  }

  @Test func `a signature replaces a signature and nothing else`() throws {
    try write("a", [1])
    let bytes = try Fixture.signer("prime256v1").sign(try manifest())
    try ModelSigner.write(bytes, to: folder.file("s"))
    try ModelSigner.write(bytes, to: folder.file("s"))
    #expect(try Folder.read(folder.file("s"), limit: 1 << 20) == bytes)
    #expect(throws: ModelSigningError.self) {
      try ModelSigner.write(bytes, to: Paths.join(model, "a"))
    }
    #expect(try Folder.read(Paths.join(model, "a"), limit: 9) == [1])
  }
}
