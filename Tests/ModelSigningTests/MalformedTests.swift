import Attestation
import ModelSigning
import Storage
import Testing

@Suite("Signatures that break their form") struct MalformedTests {
  private func refuse(
    _ words: String, _ change: (inout StatementText) -> Void,
    place: SourceLocation = #_sourceLocation
  ) throws {
    var statement = StatementText("a", "b")
    change(&statement)
    try refuse(try Fixture.bundle(statement.json), words, place)
  }

  private func refuse(_ bytes: [UInt8], _ words: String, _ place: SourceLocation) throws {
    do throws(ModelSigningError) {
      _ = try ModelSignature(parsing: bytes)
      Issue.record("accepted", sourceLocation: place)
    } catch { #expect(error.description.contains(words), "\(error)", sourceLocation: place) }
  }

  @Test func `statements that are refused`() throws {
    let signature = try ModelSignature(parsing: try Fixture.bundle(StatementText("a", "b").json))
    #expect(signature.departures.isEmpty)
    try refuse("_type") { $0.type = "https://in-toto.io/Statement/v0.1" }
    try refuse("predicateType") { $0.predicateType = "https://slsa.dev/provenance/v1" }
    try refuse("$.subject: expected one") { $0.subjects = 0 }
    try refuse("$.subject: expected one") { $0.subjects = 2 }
    try refuse("expected a file") { $0.resources = [] }
    try refuse("the root of the resources") { $0.root = SHA256.digest(of: [1]) }
    try refuse("found it twice") { $0.resources[1].name = "a" }
    try refuse("found it twice") { $0.resources[1].name = "./a" }
    try refuse("shard_size") { $0.method = "shards" }
    try refuse("a size of at least 1") {
      $0.method = "shards"
      $0.more = #","shard_size":0"#
    }
    for name in ["a", "a:0", "a:0:9", "a:1:2", "a:0:0", "a:00:1", "a:+0:1", ":0:1:"] {
      try refuse("path:start:end") {
        $0.method = "shards"
        $0.more = #","shard_size":8"#
        $0.resources[0].name = name
      }
    }
    try refuse("chunks") { $0.method = "chunks" }
    try refuse("blake2b") { $0.hashType = "blake2b" }
    try refuse(".algorithm") { $0.algorithm = "sha256-sharded-64" }
    try refuse("64 lowercase") { $0.resources[0].digest = "00" }
    for name in ["/a", "../a", "a/../../b", "", ".", "./", #"a\u0000"#] {
      try refuse("a path inside the model's folder") { $0.resources[0].name = name }
    }
    try refuse("ignore_paths") { $0.more = #","ignore_paths":"cache""# }
  }

  @Test func `what is clear though it departs from the specification is read and told`() throws {
    func departures(_ change: (inout StatementText) -> Void) throws -> [String] {
      var statement = StatementText("a", "b")
      change(&statement)
      return try ModelSignature(parsing: try Fixture.bundle(statement.json)).departures
    }
    #expect(try departures { $0.resources.swapAt(0, 1) }[0].contains("order"))
    #expect(try departures { $0.resources[0].name = "./a" }[0].contains("plain form"))
    #expect(try departures { $0.resources[0].name = "a//x" }[0].contains("plain form"))
    #expect(
      try departures { $0.resources[0].digest = $0.resources[0].digest.uppercased() }[0]
        .contains("capital"))
    #expect(try departures { $0.more = #","x":1"# }[0].contains("\"x\""))
    #expect(try departures { $0.more = #","ignore_paths":["*.tmp"]"# }[0].contains("patterns"))
    var single = StatementText(".")
    single.predicateType = ModelManifest.predicateType
    #expect(
      try ModelSignature(parsing: try Fixture.bundle(single.json)).departures[0].contains("\".\""))
  }

  @Test func `the form of model_signing 0.2 is read`() throws {
    let digest = StatementText.digests[1]
    let signature = try ModelSignature(
      parsing: try Fixture.bundle(
        """
        {"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"\(digest)"}}],\
        "predicateType":"https://model_signing/Digests/v0.1","predicate":{"unused":"x"}}
        """))
    #expect(signature.manifest.files.map(\.name) == ["a"])
    #expect(signature.departures.count == 1)
  }

  @Test func `what model_signing 0.2 signed counts for its own form only`() throws {
    let key = try PrivateKey(path: Fixture.path("prime256v1.key.pem"))
    let digest = StatementText.digests[1]
    func signature(_ payload: String, shown: String) throws -> ModelSignature {
      let count = payload.utf8.count
      let message = "DSSEV1 28 application/vnd.in-toto+json \(count) b'\(shown)'"
      var bundle = try SigstoreBundle(
        signing: Array(payload.utf8), type: DSSEEnvelope.inTotoType, with: key)
      bundle.envelope.signatures[0].bytes = try key.sign(Array(message.utf8))
      return try ModelSignature(parsing: bundle.json)
    }
    let former = """
      {"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"ü'\\\\","digest":{"sha256":"\(digest)"}}],
      "predicateType":"https://model_signing/Digests/v0.1","predicate":{}}
      """
    let shown = """
      {"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"\\xc3\\xbc\\'\\\\\\\\","digest":{"sha256":"\(digest)"}}],\\n\
      "predicateType":"https://model_signing/Digests/v0.1","predicate":{}}
      """
    _ = try signature(former, shown: shown).check(by: key.publicKey)
    let present = StatementText("a").json
    #expect(throws: ModelSigningError.self) {
      try signature(present, shown: present).check(by: key.publicKey)
    }
  }

  @Test func `bundles that are refused`() throws {
    let good = String(decoding: try Fixture.bundle(StatementText("a").json), as: UTF8.self)
    func refuse(
      _ old: String, _ new: String, _ words: String, place: SourceLocation = #_sourceLocation
    ) throws {
      let parts = good.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
      try #require(parts.count == 2, sourceLocation: place)
      try self.refuse(Array((parts[0] + new + parts[1]).utf8), words, place)
    }
    try refuse("bundle.v0.3+json", "bundle+json;version=0.3", "mediaType")
    try refuse(#""tlogEntries":[]"#, #""tlogEntries":[{}]"#, "no entries")
    try refuse(#""tlogEntries""#, #""more":1,"tlogEntries""#, "no such member")
    try refuse(#"{"dsseEnvelope""#, #"{"more":1,"dsseEnvelope""#, "no such member")
    try refuse(#"{"payload""#, #"{"more":1,"payload""#, "no such member")
    try refuse("vnd.in-toto+json", "vnd.other+json", "payload is of the type")
    try refuse(#""publicKey""#, #""certificate""#, "sigstore method")
    try refuse(#""publicKey""#, #""x509CertificateChain""#, "no such member")
    try refuse(#"{"hint""#, #"{"hint":"a","hint""#, "given twice")
    for bytes in [[], Array("{}".utf8), Array(good.utf8.dropLast())] {
      try self.refuse(bytes, "bundle", #_sourceLocation)
    }
  }

  @Test func `one valid signature of several is enough, and each is told`() throws {
    let payload = Array(StatementText("a").json.utf8)
    let key = try PrivateKey(path: Fixture.path("prime256v1.key.pem"))
    let other = try PrivateKey(path: Fixture.path("secp384r1.key.pem"))
    var bundle = try SigstoreBundle(
      signing: payload, type: DSSEEnvelope.inTotoType, with: other)
    try bundle.addSignature(with: key)
    bundle.envelope.signatures.append(DSSEEnvelope.Signature(keyID: "", bytes: [1, 2, 3]))
    let said = try ModelSignature(parsing: bundle.json).check(by: key.publicKey)
    #expect(said.contains("of 3 signatures, 1 is not by it, 2 is valid, 3 is not by it"))
    bundle.envelope.signatures.remove(at: 1)
    #expect(throws: ModelSigningError.self) {
      try ModelSignature(parsing: bundle.json).check(by: key.publicKey)
    }
  }

  @Test func `a bundle that names no key, names it in full, or has another base64 is read`() throws
  {
    let key = try PrivateKey(path: Fixture.path("prime256v1.key.pem"))
    var bundle = try SigstoreBundle(
      signing: Array(StatementText("a").json.utf8), type: DSSEEnvelope.inTotoType, with: key)
    for pem in [nil, key.publicKey.pem] {
      bundle.material = .publicKey(hint: nil, pem: pem)
      let signature = try ModelSignature(parsing: bundle.json)
      #expect(signature.bundle == bundle)
      #expect(signature.departures == ["the bundle does not name the key that it was signed with"])
      _ = try signature.check(by: key.publicKey)
    }
    let text = String(decoding: bundle.json, as: UTF8.self)
    let sig = Base64.encode(bundle.envelope.signatures[0].bytes)
    let urlSafe = text.split(separator: sig).joined(
      separator: Base64.encodeURLSafe(bundle.envelope.signatures[0].bytes))
    let keyID = #""keyid":"\#(bundle.envelope.signatures[0].keyID)""#
    let null = urlSafe.split(separator: keyID).joined(separator: #""keyid":null"#)
    #expect(null != text)
    _ = try ModelSignature(parsing: Array(null.utf8)).check(by: key.publicKey)
  }
}
