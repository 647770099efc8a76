import Storage
import TestSupport
import Testing

@testable import Attestation

@Suite("Heads and cosignatures") struct CosignatureTests {
  /// Of tlog-cosignature; the keys are not given there.
  @Test func `the sample of the specification is read, with its time`() throws {
    let sample = """
      example.com/behind-the-sofa
      20852163
      CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

      — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
      — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==

      """
    let note = try SignedNote(parsing: Array(sample.utf8))
    #expect(note.encoded == sample)
    let head = try LogCheckpoint(parsing: note.text)
    #expect(head.origin == "example.com/behind-the-sofa" && head.treeSize == 20_852_163)
    let cosignature = try #require(Cosignature(Array(note.lines[1].bytes.dropFirst(4))))
    #expect(cosignature.time == Timestamp(seconds: 1_679_315_147))
  }

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
