import Attestation
import ModelSigning
import Storage
import TestSupport
import Testing

@Suite("Signatures by model_signing") struct ReferenceTests {
  private static let curves = ["prime256v1", "secp384r1", "secp521r1"]
  private let time = Timestamp(seconds: 1_900_000_000)

  @Test("verify by their key alone", arguments: curves)
  func keys(_ curve: String) throws {
    let signature = try Fixture.signature("\(curve).sig")
    #expect(try signature.check(by: Fixture.publicKey(curve)).contains("signed by the given key"))
    for other in Self.curves where other != curve {
      #expect(throws: ModelSigningError.self) {
        try signature.check(by: Fixture.publicKey(other))
      }
    }
    #expect(try signature.differences(from: Fixture.path("model")).isEmpty)
    // The reference sorts by the parts of a path, which puts sub/a.txt before sub-x/b.txt.
    #expect(signature.departures == ["the files are not in the order of their names"])
  }

  @Test func `what the signature leaves out is left out`() throws {
    let signature = try Fixture.signature("ignoring.sig")
    #expect(signature.manifest.ignored.contains("cache"))
    #expect(signature.manifest.files.count == 5)
    let folder = try TemporaryFolder()
    try TemporaryFolder.copyTree(Fixture.path("model"), folder.file("m"))
    #expect(try signature.differences(from: folder.file("m")).isEmpty)
    try TemporaryFolder.write([1], to: folder.file("m/cache/more"))
    try Links.symbolicLink("scratch", folder.file("m/cache/link"))
    #expect(try signature.differences(from: folder.file("m")).isEmpty)
    try TemporaryFolder.write([1], to: folder.file("m/cached"))
    #expect(try signature.differences(from: folder.file("m")).extra == ["cached"])
  }

  @Test func `a certificate must lead to a given root, count now and be for signing`() throws {
    let roots = try CertificateRoots(paths: [Fixture.path("root.pem")])
    let signature = try Fixture.signature("signer.sig")
    #expect(try signature.check(by: roots, at: time).contains("CN=signer"))
    #expect(try signature.differences(from: Fixture.path("model")).isEmpty)
    func refuse(
      _ name: String, _ roots: [String], at time: Timestamp, saying words: String,
      place: SourceLocation = #_sourceLocation
    ) throws {
      let signature = try Fixture.signature(name)
      let roots = try CertificateRoots(paths: roots.map { Fixture.path($0) })
      do throws(ModelSigningError) {
        _ = try signature.check(by: roots, at: time)
        Issue.record("accepted", sourceLocation: place)
      } catch {
        #expect(error.description.contains(words), "\(error)", sourceLocation: place)
      }
    }
    try refuse("signer.sig", ["other-root.pem"], at: time, saying: "issuer certificate")
    // The intermediate is no root, and trust in it is not trust in what it says of itself.
    try refuse("signer.sig", ["middle.pem"], at: time, saying: "issuer certificate")
    try refuse("short.sig", ["root.pem"], at: time, saying: "expired")
    try refuse(
      "signer.sig", ["root.pem"], at: Timestamp(seconds: 1_500_000_000), saying: "not yet valid")
    try refuse("server.sig", ["root.pem"], at: time, saying: "not for signing")
    try refuse("prime256v1.sig", ["root.pem"], at: time, saying: "signed with a key")
  }

  @Test("no changed byte of a bundle verifies unless nothing signed changed")
  func tampered() throws {
    let bytes = try Folder.read(Fixture.path("prime256v1.sig"), limit: 1 << 16)
    let key = try Fixture.publicKey("prime256v1")
    let original = try ModelSignature(parsing: bytes)
    for offset in bytes.indices {
      var changed = bytes
      changed[offset] ^= 1
      do throws(ModelSigningError) {
        let signature = try ModelSignature(parsing: changed)
        _ = try signature.check(by: key)
        #expect(signature.manifest == original.manifest, "byte \(offset)")
      } catch { #expect(!error.description.isEmpty) }
    }
  }

  @Test func `a file that differs, is missing or is more is named`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m")
    try TemporaryFolder.copyTree(Fixture.path("model"), model)
    try TemporaryFolder.write([1], to: Paths.join(model, "empty.bin"))
    try Folder.remove(Paths.join(model, "sub/a.txt"))
    try TemporaryFolder.write([], to: Paths.join(model, "sub/.git"))
    let signature = try Fixture.signature("secp384r1.sig")
    let differences = try signature.differences(from: model)
    #expect(differences.differing.map(\.name) == ["empty.bin"])
    #expect(differences.missing == ["sub/a.txt"])
    #expect(differences.extra == ["sub/.git"])
    for word in ["differ: empty.bin (expected sha256 e3b0", "missing: sub/a.txt", "not signed"] {
      #expect(differences.description.contains(word))
    }
    let tolerant = try signature.differences(from: model, allowsUnsigned: true)
    #expect(tolerant.extra.isEmpty && tolerant.missing == ["sub/a.txt"])
    // What names one file does not verify another, and a folder is no file.
    #expect(try !signature.differences(from: Paths.join(model, "config.json")).isEmpty)
  }
}
