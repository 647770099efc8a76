import Attestation
import Storage
import TestSupport
import Testing

@Suite("Seals for recipients") struct RecipientSealTests {
  private let folder: TemporaryFolder
  private static let curves: [KeyAlgorithm] = [.p256, .p384, .p521]

  init() throws { folder = try TemporaryFolder() }

  private func seal(_ plain: [UInt8], for recipients: [PublicKey], _ name: String = "a.sealed")
    throws -> String
  {
    let path = folder.file(name)
    var writer = try SealedFileWriter(
      path: path, recipients: recipients, plaintextByteCount: plain.count)
    try writer.append(plain.rawSpan)
    try writer.commit()
    return path
  }

  private func open(_ path: String, _ key: borrowing PrivateKey) throws -> [UInt8] {
    let plain = folder.file("plain")
    try Folder.remove(plain)
    try SealedFile(path: path, recipient: key).unseal(to: plain)
    return try Folder.read(plain, limit: 1 << 24)
  }

  @Test("open for each recipient, and for no one else", arguments: [0, 1, 65_536, 200_000])
  func roundTrip(_ count: Int) throws {
    let plain = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var pems: [[UInt8]] = []
    var recipients: [PublicKey] = []
    for curve in Self.curves {
      let key = try PrivateKey.generate(curve)
      pems.append(key.pem())
      recipients.append(key.publicKey)
    }
    let path = try seal(plain, for: recipients)
    #expect(try SealedFile.isForRecipients(path))
    #expect(try SealedFile.recipients(of: path) == recipients.map(\.keyID))
    for pem in pems {
      let key = try PrivateKey(pem: pem)
      #expect(try open(path, key) == plain)
    }
    for curve in Self.curves {
      let stranger = try PrivateKey.generate(curve)
      let error = #expect(throws: AttestationError.self) { try open(path, stranger) }
      guard case .notARecipient = error?.reason else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    // The same file is never sealed the same way twice.
    let again = try seal(plain, for: recipients, "b.sealed")
    #expect(try Folder.read(path, limit: 1 << 24) != Folder.read(again, limit: 1 << 24))
  }

  @Test("a changed or missing byte anywhere opens nothing and leaves nothing", arguments: curves)
  func everyByte(_ curve: KeyAlgorithm) throws {
    let key = try PrivateKey.generate(curve)
    let other = try PrivateKey.generate(.p256).publicKey
    let path = try seal(Array("values".utf8), for: [other, key.publicKey])
    let whole = try Folder.read(path, limit: 1 << 20)
    func refused(_ bytes: [UInt8], _ what: String) throws {
      try AtomicFile.write(bytes.rawSpan, to: path, replacing: true)
      let error = #expect(throws: AttestationError.self, "\(what)") { try open(path, key) }
      #expect(error?.path == path || error?.description.contains(path) ?? false, "\(what)")
      #expect(try FileStatus.ifExists(folder.file("plain")) == nil)
      #expect(try Folder.names(in: folder.path).sorted() == ["a.sealed"])
    }
    for place in whole.indices {
      var bytes = whole
      bytes[place] ^= 0x40
      try refused(bytes, "byte \(place)")
      try refused(Array(whole.prefix(place)), "\(place) bytes")
    }
    try refused(whole + [0], "one byte more")
    for count in [0, 65, 255] {
      var bytes = whole
      bytes[8] = UInt8(count)
      try refused(bytes, "\(count) recipients")
    }
    // A head of one file does not open the content of another.
    let second = try Folder.read(
      try seal(Array("others".utf8), for: [other, key.publicKey], "b.sealed"), limit: 1 << 20)
    try Folder.remove(folder.file("b.sealed"))
    let head = whole.count - 24 - 6 - 16
    try refused(Array(whole[..<head] + second[head...]), "another content")
  }

  @Test func `who can't receive is refused`() throws {
    let ledger = try PrivateKey.generate(.ed25519).publicKey
    let key = try PrivateKey.generate(.p256)
    let publicKey = key.publicKey
    for recipients in [[], [ledger], [publicKey, publicKey]] {
      #expect(throws: AttestationError.self) { try seal([1], for: recipients) }
    }
    #expect(try Folder.names(in: folder.path).isEmpty)
    // A plain seal is not one for recipients.
    var writer = try SealedFileWriter(
      path: folder.file("c"), key: SecureRandom.bytes(32), plaintextByteCount: 1)
    try writer.append([1].rawSpan)
    try writer.commit()
    #expect(try !SealedFile.isForRecipients(folder.file("c")))
    #expect(throws: AttestationError.self) { try open(folder.file("c"), key) }
  }
}
