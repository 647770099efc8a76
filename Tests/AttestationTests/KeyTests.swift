import Attestation
import Storage
import Testing

/// Keys and signatures made by the openssl command line (make-fixtures.sh).
enum Fixture {
  static func path(_ name: String) -> String {
    Paths.join(Paths.join(Paths.parent(of: #filePath), "Fixtures"), name)
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    try Folder.read(path(name), limit: 1 << 16)
  }
}

@Suite("Keys") struct KeyTests {
  private static let message = Array("DSSEv1 29 http://example.com/HelloWorld 11 hello world".utf8)

  @Test(
    "signatures by openssl verify, and ours by the same key",
    arguments: ["prime256v1", "secp384r1", "secp521r1", "ed25519"])
  func interoperates(_ name: String) throws {
    let publicKey = try PublicKey(path: Fixture.path("\(name).pub.pem"))
    var signature = try Fixture.bytes("\(name).sig")
    #expect(publicKey.verify(signature: signature, message: Self.message))
    #expect(!publicKey.verify(signature: signature, message: Self.message + [0]))
    signature[signature.count / 2] ^= 1
    #expect(!publicKey.verify(signature: signature, message: Self.message))
    #expect(!publicKey.verify(signature: [], message: Self.message))
    let privateKey = try PrivateKey(path: Fixture.path("\(name).key.pem"))
    #expect(privateKey.publicKey == publicKey)
    let own = try privateKey.sign(Self.message)
    #expect(publicKey.verify(signature: own, message: Self.message))
    if name != "ed25519" {
      let keyID = String(decoding: try Fixture.bytes("\(name).keyid").prefix(64), as: UTF8.self)
      #expect(publicKey.keyID.hex == keyID)
    }
  }

  @Test func `SEC1 and encrypted PKCS8 are read`() throws {
    let expected = try PublicKey(path: Fixture.path("prime256v1.pub.pem"))
    let sec1 = try PrivateKey(path: Fixture.path("prime256v1.sec1.pem"))
    #expect(sec1.publicKey == expected)
    let sealed = try PrivateKey(
      path: Fixture.path("encrypted.key.pem"), passphrase: Array("correct".utf8))
    #expect(sealed.publicKey == expected)
    for passphrase in [nil, "wrong", ""] as [String?] {
      #expect(throws: AttestationError.self) {
        _ = try PrivateKey(
          path: Fixture.path("encrypted.key.pem"), passphrase: passphrase.map { Array($0.utf8) })
      }
    }
  }

  @Test func `what is written reads back, with and without a passphrase`() throws {
    let key = try PrivateKey.generate(.p256)
    let publicKey = key.publicKey
    let plain = try PrivateKey(pem: key.pem())
    #expect(plain.publicKey == publicKey)
    let passphrase = Array("a long passphrase".utf8)
    let pem = key.pem(passphrase: passphrase)
    #expect(String(decoding: pem, as: UTF8.self).contains("BEGIN ENCRYPTED PRIVATE KEY"))
    let sealed = try PrivateKey(pem: pem, passphrase: passphrase)
    #expect(sealed.publicKey == publicKey)
  }

  @Test(
    "keys of other kinds are refused by name",
    arguments: [
      ("rsa.key.pem", "RSA"), ("secp224r1.key.pem", "secp224r1"),
      ("secp256k1.key.pem", "secp256k1"),
      ("message", "not a private key"),
    ])
  func refused(_ file: String, _ word: String) {
    do throws(AttestationError) {
      _ = try PrivateKey(path: Fixture.path(file))
      Issue.record("accepted")
    } catch { #expect(error.description.contains(word), "\(error)") }
  }

  @Test func `digests of published vectors`() {
    // FIPS 180-4 examples.
    #expect(
      SHA256.digest(of: Array("abc".utf8)).hex
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.digest(of: []).hex
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test func `base64 is read strictly`() {
    // RFC 4648 section 10.
    for (text, encoded) in [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"),
    ] {
      #expect(Base64.encode(Array(text.utf8)) == encoded)
      #expect(Base64.decode(encoded) == Array(text.utf8))
    }
    for bad in ["Zg", "Zg=", "Zh==", "Z g=", "Zm9v\n", "Zm9-", "====", "Zg==Zg=="] {
      #expect(Base64.decode(bad) == nil, "\(bad)")
    }
    #expect(Base64.decodeAny("_-8") == [0xFF, 0xEF])
  }

  @Test func `the disclosure of RFC 9901 has its digest`() {
    let disclosure = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    #expect(
      Commitment(disclosure: disclosure).digest == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0")
  }
}
