import Attestation
import Storage
import TestSupport
import Testing

/// Ed25519 signs one message in one way only, so what others' tools have written must come out again.
@Suite("Signatures for standard tools") struct PlainSignatureTests {
  private func key() throws -> PrivateKey {
    try PrivateKey(pem: NoteFixture.bytes("signer.key.pem"))
  }

  @Test func `an SSH signature is that of ssh-keygen, byte for byte`() throws {
    let digest = Hash512.sha512.digest(of: try NoteFixture.bytes("signed.txt"))
    #expect(
      try SSHSignature.sign(sha512: digest, with: try key()) == NoteFixture.text("signed.txt.sig"))
    #expect(
      try SSHSignature.allowedSigner("log.example/fixture", key: key().publicKey)
        == NoteFixture.text("allowed_signers"))
  }

  @Test func `a minisign signature and key are those of minisign, byte for byte`() throws {
    let digest = Hash512.blake2b.digest(of: try NoteFixture.bytes("signed.txt"))
    #expect(
      try Minisign.sign(blake2b: digest, comment: "a trusted comment", with: try key())
        == NoteFixture.text("signed.txt.minisig"))
    #expect(try Minisign.publicKeyFile(key().publicKey) == NoteFixture.text("minisign.pub"))
  }

  @Test func `files of all lengths around a window hash as their bytes`() throws {
    let folder = try TemporaryFolder()
    for count in [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      try TemporaryFolder.write(bytes, to: folder.file("f"))
      for hash in [Hash512.sha512, .blake2b] {
        #expect(try hash.digest(ofFile: folder.file("f")) == hash.digest(of: bytes))
      }
    }
    #expect(
      Hex.encode(Hash512.blake2b.digest(of: Array("abc".utf8))).hasPrefix("ba80a53f981c4d0d"),
      "RFC 7693, appendix A")
    #expect(
      Hex.encode(Hash512.sha512.digest(of: Array("abc".utf8))).hasPrefix("ddaf35a193617aba"),
      "FIPS 180-4")
  }

  @Test func `other keys, names and comments are refused`() throws {
    let ecdsa = try PrivateKey.generate(.p256)
    #expect(throws: AttestationError.self) { try SSHSignature.sign(sha512: [1], with: ecdsa) }
    #expect(throws: AttestationError.self) {
      try Minisign.sign(blake2b: [1], comment: "", with: ecdsa)
    }
    #expect(throws: AttestationError.self) { try Minisign.publicKeyFile(ecdsa.publicKey) }
    for name in ["", "*", "a,b", "a b", "!a", "#a", "\"a\"", "a\nb"] {
      #expect(throws: AttestationError.self, "\(name)") {
        try SSHSignature.allowedSigner(name, key: key().publicKey)
      }
    }
    #expect(throws: AttestationError.self) {
      try Minisign.sign(blake2b: [1], comment: "a\nuntrusted comment: b", with: key())
    }
  }
}
