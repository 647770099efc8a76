import Attestation
import Storage
import TestSupport
import Testing

/// What other software has made: see make-note-fixtures.py.
enum NoteFixture {
  static func bytes(_ name: String) throws -> [UInt8] {
    let folder = Paths.join(Paths.parent(of: #filePath), "Fixtures/notes")
    return try Folder.read(Paths.join(folder, name), limit: 1 << 16)
  }

  static func text(_ name: String) throws -> String {
    String(decoding: try bytes(name), as: UTF8.self)
  }

  /// The log's key, then those of the witnesses.
  static func keys() throws -> [VerifierKey] {
    try text("keys").split(separator: "\n").map { try VerifierKey(String($0)) }
  }

  static func cosigned() throws -> SignedNote {
    try SignedNote(parsing: try bytes("cosigned.checkpoint"))
  }
}

@Suite("Notes and their keys") struct NoteTests {
  private static let foo =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
  private static let fooNote = """
    This is an example message.

    — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=

    """
  /// Of the tests of golang.org/x/mod/sumdb/note.
  private static let peter = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
  private static let enoch = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
  private static let text =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
  private static let peterLine =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
  private static let enochLine =
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"

  private static func note(_ text: String) throws -> SignedNote {
    try SignedNote(parsing: Array(text.utf8))
  }

  @Test func `notes of others verify by their keys`() throws {
    #expect(try Self.note(Self.fooNote).isSigned(by: VerifierKey(Self.foo)))
    let both = try Self.note(Self.text + "\n" + Self.peterLine + Self.enochLine)
    for key in [Self.peter, Self.enoch] { #expect(both.isSigned(by: try VerifierKey(key))) }
    #expect(both.verification(by: try VerifierKey(Self.foo)) == .absent)
    #expect(both.text == Self.text)
  }

  @Test func `a text may hold empty lines, and the last one parts it from the signatures`() throws {
    let note = try Self.note("a\n\nb\n\n" + Self.peterLine)
    #expect(note.text == "a\n\nb\n")
    #expect(try Self.note("\n\n" + Self.peterLine).text == "\n")
  }

  @Test(
    "a note that breaks the form is refused",
    arguments: [
      "", "\n", text, text + "\n", text + "\n" + peterLine.dropLast(),
      "\u{1}" + text + "\n" + peterLine,
      text + "\r\n" + peterLine, text + "\t\n" + peterLine, "\n" + peterLine, text + peterLine,
      text + "\n" + peterLine + "Unexpected line.\n", text + "\n" + peterLine + "\n",
      text + "\n— Bad Name x08go/ZJkuBS9UG/\n", text + "\n— a+b x08go/ZJkuBS9UG/\n",
      text + "\n— a\u{A0}b x08go/ZJkuBS9UG/\n", text + "\n—  x08go/ZJkuBS9UG/\n",
      text + "\n— a\u{2003} x08go/ZJkuBS9UG/\n", text + "\n- a x08go/ZJkuBS9UG/\n",
      // No signature behind the id; base64 with bits left over, without padding, URL-safe.
      text + "\n— a x08goA==\n", text + "\n— a x08go/ZJkuB=\n", text + "\n— a x08go/ZJkuBS9U\n",
      text + "\n— a x08go_ZJkuBS9UG_\n", text + "\n— a \n",
    ])
  func malformed(_ text: String) {
    #expect(throws: AttestationError.self) { try Self.note(text) }
  }

  @Test func `a note that is not UTF-8 is refused`() {
    #expect(throws: AttestationError.self) {
      try SignedNote(parsing: [0xFF] + Array((Self.text + "\n" + Self.peterLine).utf8))
    }
  }

  @Test func `64 lines are read, 16 of them of post-quantum length, and 65 refused`() throws {
    let line = "— a \(Base64.encode([UInt8](repeating: 7, count: 4 + 8 + 2420)))\n"
    let large = String(repeating: line, count: 16)
    let small = String(repeating: "— b x08go/ZJkuBS9UG/\n", count: 47)
    let note = try Self.note(Self.text + "\n" + large + small + Self.peterLine)
    #expect(note.lines.count == 64)
    #expect(note.isSigned(by: try VerifierKey(Self.peter)))
    #expect(throws: AttestationError.self) {
      try Self.note(Self.text + "\n" + large + small + Self.peterLine + Self.enochLine)
    }
  }

  @Test func `a false line of a known key refuses the note, of an unknown one it is passed over`()
    throws
  {
    let key = try VerifierKey(Self.peter)
    let head = Self.text + "\n"
    // The same name and id, another signature.
    let bytes = try #require(
      Base64.decode(String(Self.peterLine.split(separator: " ")[2].dropLast())))
    let forged = "— PeterNeumann \(Base64.encode(Array(bytes.dropLast()) + [bytes[67] ^ 1]))\n"
    let short = "— PeterNeumann \(Base64.encode(Array(bytes.prefix(20))))\n"
    for lines in [
      forged, short, Self.peterLine + forged, forged + Self.peterLine,
      Self.peterLine + Self.peterLine,
    ] {
      guard case .refused = try Self.note(head + lines).verification(by: key) else {
        Issue.record("\(lines) is not refused")
        continue
      }
    }
    // Known by name or by id alone is not known.
    let otherName = "— PeterNewmann \(Base64.encode(bytes))\n"
    let otherID = "— PeterNeumann \(Base64.encode([bytes[0] ^ 1] + bytes.dropFirst()))\n"
    #expect(try Self.note(head + otherName + otherID + Self.peterLine).isSigned(by: key))
    #expect(try Self.note(head + otherName + otherID).verification(by: key) == .absent)
  }

  @Test func `names are compared as bytes`() throws {
    let key = try PrivateKey.generate(.ed25519)
    let composed = try VerifierKey(name: "log.example/\u{E9}", publicKey: key.publicKey)
    let decomposed = try VerifierKey(name: "log.example/e\u{301}", publicKey: key.publicKey)
    #expect(composed != decomposed)
    let note = try SignedNote(signing: "a\n", as: composed, with: key)
    #expect(note.isSigned(by: composed))
    #expect(note.verification(by: decomposed) == .absent)
  }

  @Test func `a vkey has the id of its specification, and nothing else is one`() throws {
    for text in [Self.foo, Self.peter, Self.enoch] {
      #expect(try VerifierKey(text).encoded == text)
      let bytes = Array(text.utf8)
      for count in bytes.indices {
        #expect(throws: AttestationError.self) {
          try VerifierKey(String(decoding: bytes.prefix(count), as: UTF8.self))
        }
        var changed = bytes
        changed[count] ^= 1
        #expect(throws: AttestationError.self, "byte \(count)") {
          try VerifierKey(String(decoding: changed, as: UTF8.self))
        }
      }
    }
    let small = try PublicKey(rawEd25519: [1] + [UInt8](repeating: 0, count: 31))
    #expect(throws: AttestationError.self) { try VerifierKey(name: "x", publicKey: small) }
    for bad in [
      // Wrong lengths and an unknown algorithm, with the ids adjusted.
      "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
      "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
      "example.com foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "a+b", "", "++",
      Self.foo.uppercased(),
    ] {
      #expect(throws: AttestationError.self, "\(bad)") { try VerifierKey(bad) }
    }
  }

  @Test func `the type of a key is part of its id`() throws {
    let key = try PrivateKey.generate(.ed25519).publicKey
    let log = try VerifierKey(name: "a.example", publicKey: key)
    let witness = try VerifierKey(name: "a.example", publicKey: key, type: .cosignature)
    #expect(log.keyID != witness.keyID)
    #expect(try VerifierKey(witness.encoded) == witness)
    #expect(try VerifierKey(log.encoded).type == .ed25519)
  }

  @Test func `a note with any changed byte is not the log's`() throws {
    let key = try PrivateKey.generate(.ed25519)
    let vkey = try VerifierKey(name: "log.example", publicKey: key.publicKey)
    let head = LogCheckpoint(origin: "log.example", treeSize: 7, root: SHA256.digest(of: []))
    let note = try SignedNote(signing: head.text, as: vkey, with: key)
    let bytes = Array(note.encoded.utf8)
    let read = try SignedNote(parsing: bytes)
    #expect(read.isSigned(by: vkey))
    #expect(try LogCheckpoint(read, signedBy: vkey) == head)
    for offset in bytes.indices {
      var changed = bytes
      changed[offset] ^= 1
      do throws(AttestationError) {
        #expect(try !SignedNote(parsing: changed).isSigned(by: vkey), "byte \(offset)")
      } catch { #expect(!error.description.isEmpty) }
    }
  }
}

@Suite("Heads and cosignatures") struct CosignatureTests {
  @Test func `cosignatures of others verify, with their times`() throws {
    let note = try NoteFixture.cosigned()
    let keys = try NoteFixture.keys()
    #expect(note.verification(by: keys[0]) == .signed(at: nil))
    #expect(note.verification(by: keys[1]) == .signed(at: Timestamp(seconds: 1_767_225_600)))
    #expect(note.verification(by: keys[2]) == .signed(at: Timestamp(seconds: 1_767_225_601)))
    #expect(try LogCheckpoint(note, signedBy: keys[0]).treeSize == 7)
  }

  @Test func `any changed bit of a cosigned head is told`() throws {
    let bytes = try NoteFixture.bytes("cosigned.checkpoint")
    let keys = try NoteFixture.keys()
    for offset in bytes.indices {
      var changed = bytes
      changed[offset] ^= 1
      do throws(AttestationError) {
        let note = try SignedNote(parsing: changed)
        let held = keys.filter { note.isSigned(by: $0) }.count
        #expect(held < keys.count, "byte \(offset)")
      } catch { #expect(!error.description.isEmpty) }
    }
  }

  @Test(
    "a text that is no head is refused",
    arguments: [
      "", "a\n", "a\n7\n", "a\n7\nRbdxxxsOKTMWTlvW285UAG0X8UrUHZi81ya97ZWfnJQ=",
      "\n7\nRbdxxxsOKTMWTlvW285UAG0X8UrUHZi81ya97ZWfnJQ=\n",
      "a\n07\nRbdxxxsOKTMWTlvW285UAG0X8UrUHZi81ya97ZWfnJQ=\n",
      "a\n-7\nRbdxxxsOKTMWTlvW285UAG0X8UrUHZi81ya97ZWfnJQ=\n",
      "a\n+7\nRbdxxxsOKTMWTlvW285UAG0X8UrUHZi81ya97ZWfnJQ=\n",
      "a\n9223372036854775808\nRbdxxxsOKTMWTlvW285UAG0X8UrUHZi81ya97ZWfnJQ=\n",
      "a\n7\nRbdxxxsOKTMWTlvW285UAG0X8UrUHZi81ya97ZWfnA==\n",
      "a\n7\nRbdxxxsOKTMWTlvW285UAG0X8UrUHZi81ya97ZWfnJQ\n",
      "a\n7\nRbdxxxsOKTMWTlvW285UAG0X8UrUHZi81ya97ZWfnJQ=\n\nx\n",
    ])
  func noHead(_ text: String) {
    #expect(throws: AttestationError.self) { try LogCheckpoint(parsing: text) }
  }

  @Test func `extension lines are passed over, and the head of another log refused`() throws {
    let head = LogCheckpoint(origin: "a b", treeSize: 0, root: SHA256.digest(of: []))
    #expect(try LogCheckpoint(parsing: head.text + "more\n") == head)
    let key = try PrivateKey.generate(.ed25519)
    let vkey = try VerifierKey(name: "log.example", publicKey: key.publicKey)
    let note = try SignedNote(signing: head.text, as: vkey, with: key)
    #expect(throws: AttestationError.self) { try LogCheckpoint(note, signedBy: vkey) }
  }
}
