import Attestation
import ModelSigning
import Storage
import StrictJSON

/// A model and signatures over it that model_signing 1.1.1 made (make-fixtures.sh).
enum Fixture {
  static func path(_ name: String) -> String {
    Paths.join(Paths.join(Paths.parent(of: #filePath), "Fixtures"), name)
  }

  static func signature(_ name: String) throws -> ModelSignature {
    try ModelSignature(path: path(name))
  }

  static func publicKey(_ name: String) throws -> PublicKey {
    try PublicKey(path: path("\(name).pub.pem"))
  }

  static func signer(_ name: String) throws -> ModelSigner {
    try ModelSigner(key: try PrivateKey(path: path("\(name).key.pem")))
  }

  /// A bundle over any payload, signed with the key prime256v1.
  static func bundle(_ payload: String, type: String = DSSEEnvelope.inTotoType) throws -> [UInt8] {
    let key = try PrivateKey(path: path("prime256v1.key.pem"))
    return try SigstoreBundle(signing: Array(payload.utf8), type: type, with: key).json
  }
}

/// A statement that is changed member by member before it is signed.
struct StatementText {
  var type = "https://in-toto.io/Statement/v1"
  var predicateType = ModelManifest.predicateType
  var resources: [(name: String, digest: String)]
  var algorithm = "sha256"
  var method = "files"
  var hashType = "sha256"
  var more = ""
  var root: Digest?
  var subjects = 1

  /// The digest of no bytes, and that of one line feed.
  static let digests = [SHA256.digest(of: []).hex, SHA256.digest(of: [10]).hex]

  init(_ names: String...) {
    resources = names.enumerated().map { ($0.element, Self.digests[$0.offset % 2]) }
  }

  var json: String {
    let digest = SHA256.digest(
      of: resources.flatMap { Hex.decode($0.digest.lowercased()) ?? [] })
    let subject = #"{"name":"m","digest":{"sha256":"\#((root ?? digest).hex)"}}"#
    let list = resources.map {
      #"{"name":"\#($0.name)","algorithm":"\#(algorithm)","digest":"\#($0.digest)"}"#
    }
    return """
      {"_type":"\(type)","subject":[\(Array(repeating: subject, count: subjects).joined(separator: ","))],\
      "predicateType":"\(predicateType)","predicate":{"resources":[\(list.joined(separator: ","))],\
      "serialization":{"method":"\(method)","hash_type":"\(hashType)","allow_symlinks":false\(more)}}}
      """
  }
}
