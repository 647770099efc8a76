import Attestation
import Patching
import Storage
import TestSupport

extension FuzzTarget {
  /// A Sigstore bundle, the statement in it, and what the statement says of a patch.
  static let bundle = FuzzTarget("bundle") {
    { input in
      guard
        let bundle = try reading({ () throws(AttestationError) in
          try SigstoreBundle(parsing: input)
        })
      else { return }
      try require(try SigstoreBundle(parsing: bundle.json) == bundle, "changed by writing")
      try checkStatement(bundle.envelope.payload)
    }
  }

  private static func checkStatement(_ payload: [UInt8]) throws {
    guard
      let statement = try reading({ () throws(AttestationError) in
        try Statement(parsing: payload)
      }),
      let patch = try reading({ () throws(PatchError) in try PatchStatement(statement) }),
      let bytes = try reading({ () throws(AttestationError) in try patch.statement.encoded() })
    else { return }
    let again = try PatchStatement(try Statement(parsing: bytes))
    try require(try again.statement.encoded() == bytes, "the statement changes in reading")
  }

  /// A signed note, and the log's head in it.
  static let note = FuzzTarget("signed-note") {
    { input in
      guard
        let note = try reading({ () throws(AttestationError) in try SignedNote(parsing: input) })
      else { return }
      try require(Array(note.encoded.utf8) == input, "the note has another form")
      guard
        let head = try reading({ () throws(AttestationError) in
          try LogCheckpoint(parsing: note.text)
        })
      else { return }
      try require(try LogCheckpoint(parsing: head.text) == head, "the head changes in writing")
      try require(
        Array(note.text.utf8).starts(with: Array(head.text.utf8)), "the head has another form")
    }
  }

  /// The public key of a log.
  static let verifierKey = FuzzTarget("verifier-key") {
    { input in
      let text = String(decoding: input, as: UTF8.self)
      guard let key = try reading({ () throws(AttestationError) in try VerifierKey(text) }) else {
        return
      }
      try require(Array(key.encoded.utf8) == Array(text.utf8), "the key has another form")
    }
  }

  /// A key in PEM.
  static let pem = FuzzTarget("pem") {
    { input in
      if let key = try reading({ () throws(AttestationError) in try PublicKey(pem: input) }) {
        try require(try PublicKey(pem: key.pem) == key, "the public key changes in writing")
      }
      let derived = try reading { () throws(AttestationError) -> PublicKey in
        let key = try PrivateKey(pem: input)
        return try PrivateKey(pem: key.pem()).publicKey
      }
      if let derived {
        try require(try PublicKey(pem: derived.pem) == derived, "the key changes in writing")
      }
    }
  }

  /// A sealed file; the key is 32 zero bytes.
  static let sealedFile = FuzzTarget("sealed-file") {
    let file = try ScratchFile("f.sealed")
    let plain = file.sibling("plain")
    return { input in
      try file.replace(input)
      let key = [UInt8](repeating: 0, count: 32)
      let count = try reading { () throws(AttestationError) -> Int in
        let sealed = try SealedFile(path: file.path, key: key)
        try sealed.unseal(to: plain)
        return sealed.plaintextByteCount
      }
      guard let count else {
        return try require(
          try FileStatus.ifExists(plain) == nil, "a refused seal leaves plain text")
      }
      try require(try Folder.read(plain, limit: .max).count == count, "plain bytes are missing")
      try Folder.remove(plain)
    }
  }

  /// A trust file beside the key `a.pub.pem`.
  static let trustFile = FuzzTarget("trust-file") {
    let file = try ScratchFile("trust")
    let pem = """
      -----BEGIN PUBLIC KEY-----
      MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAFpSYOTx6SrGWiFolE0Y5mPHlU+d
      88VCLaYqnO5xG1Q0rULg9eVvoHThzhqzY4Cnz33aEeubpzTy0wgyx5nUiQ==
      -----END PUBLIC KEY-----

      """
    try AtomicFile.write(Array(pem.utf8).rawSpan, to: file.sibling("a.pub.pem"))
    return { input in
      try file.replace(input)
      guard
        let trust = try reading({ () throws(AttestationError) in try TrustFile(path: file.path) })
      else { return }
      try require(
        Set(trust.signers.map(\.key)).count == trust.signers.count, "a key counts twice")
      try require(trust.required.values.allSatisfy { $0 >= 1 }, "a role asks for no signer")
    }
  }
}
