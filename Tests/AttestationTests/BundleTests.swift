import Attestation
import Storage
import StrictJSON
import TestSupport
import Testing

@Suite("Bundles and trust") struct BundleTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func trust(_ lines: String) throws -> TrustFile {
    let path = folder.file("trust")
    try AtomicFile.write(Array(lines.utf8).rawSpan, to: path, replacing: true)
    return try TrustFile(path: path)
  }

  private func signer(_ name: String) throws -> PrivateKey {
    let key = try PrivateKey.generate(.p256)
    let pem = key.publicKey.pem
    try AtomicFile.write(pem.rawSpan, to: folder.file("\(name).pub.pem"))
    return key
  }

  private static func line(_ name: String) -> String { "signer \(name) \(name).pub.pem\n" }

  private let now = Timestamp(seconds: 1_800_000_000)

  @Test func `the bytes that are signed are those of the DSSE example`() {
    #expect(
      DSSEEnvelope.preAuthenticationEncoding(
        payloadType: "http://example.com/HelloWorld", payload: Array("hello world".utf8))
        == Array("DSSEv1 29 http://example.com/HelloWorld 11 hello world".utf8))
  }

  @Test func `trust comes from the trust file alone, by key and role and time`() throws {
    let key = try signer("ann")
    let bundle = try SigstoreBundle(
      signing: Array("{}".utf8), type: DSSEEnvelope.inTotoType, with: key)
    func verdict(_ lines: String) throws -> TrustFile.Verdict {
      try trust(lines).verdict(on: bundle.envelope, role: .artifact, at: now)
    }
    #expect(try verdict(Self.line("ann")) == .trusted(["ann"]))
    #expect(try verdict("") == .unknownSigner(hints: [key.publicKey.keyID.hex]))
    let name = "signer ann ann.pub.pem "
    guard case .unknownSigner = try verdict(name + "roles=report") else {
      return #expect(Bool(false))
    }
    #expect(try verdict(name + "not-after=2026-01-01") == .outsideWindow("ann"))
    #expect(try verdict(name + "not-before=2030-01-01") == .outsideWindow("ann"))
    #expect(
      try verdict(Self.line("ann") + "require 2 artifact")
        == .belowThreshold(have: ["ann"], need: 2))
  }

  @Test func `two signers count as two, one key never`() throws {
    let ann = try signer("ann")
    let bob = try signer("bob")
    var bundle = try SigstoreBundle(
      signing: Array("{}".utf8), type: DSSEEnvelope.inTotoType, with: ann)
    #expect(throws: AttestationError.self) { try bundle.addSignature(with: ann) }
    let trust = try trust(Self.line("ann") + Self.line("bob") + "require 2 artifact\n")
    bundle.envelope.signatures.append(bundle.envelope.signatures[0])
    #expect(
      trust.verdict(on: bundle.envelope, role: .artifact, at: now)
        == .belowThreshold(have: ["ann"], need: 2))
    try bundle.addSignature(with: bob)
    #expect(
      trust.verdict(on: bundle.envelope, role: .artifact, at: now) == .trusted(["ann", "bob"]))
  }

  @Test func `no changed byte of a bundle is trusted unless nothing signed changed`() throws {
    let key = try signer("ann")
    let bundle = try SigstoreBundle(
      signing: Array(#"{"a":1}"#.utf8), type: DSSEEnvelope.inTotoType, with: key)
    let trust = try trust(Self.line("ann"))
    let bytes = bundle.json
    #expect(try SigstoreBundle(parsing: bytes) == bundle)
    for offset in bytes.indices {
      var changed = bytes
      changed[offset] ^= 1
      do throws(AttestationError) {
        let read = try SigstoreBundle(parsing: changed)
        let verdict = trust.verdict(on: read.envelope, role: .artifact, at: now)
        if case .trusted = verdict {
          #expect(read.envelope.payload == bundle.envelope.payload, "byte \(offset)")
          #expect(read.envelope.payloadType == bundle.envelope.payloadType, "byte \(offset)")
        }
      } catch { #expect(!error.description.isEmpty) }
    }
  }

  @Test(
    "hostile trust files are refused by line",
    arguments: [
      "trust everyone", "signer ann", "signer ann missing.pem", "require 0 artifact",
      "require 2 king", "log x+y+z", "signer ann ann.pub.pem roles=king",
      "signer ann ann.pub.pem not-after=soon", "signer ann ann.pub.pem # comment",
    ])
  func hostile(_ line: String) throws {
    _ = try signer("ann")
    do {
      _ = try trust("# a comment\n\n\(line)\n")
      Issue.record("accepted")
    } catch let error as AttestationError { #expect(error.description.contains("line 3")) }
  }

  @Test func `an Ed25519 key signs no artifact`() throws {
    let key = try PrivateKey.generate(.ed25519)
    #expect(throws: AttestationError.self) {
      try SigstoreBundle(signing: [1], type: DSSEEnvelope.inTotoType, with: key)
    }
  }
}
