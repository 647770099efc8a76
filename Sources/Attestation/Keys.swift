public import Storage

/// A private key.
public struct PrivateKey: ~Copyable, Sendable {
  private let handle: KeyHandle

  /// Makes a new key.
  public static func generate(_ algorithm: KeyAlgorithm) throws(AttestationError) -> PrivateKey {
    PrivateKey(try KeyHandle.generate(algorithm))
  }

  private init(_ handle: KeyHandle) { self.handle = handle }

  /// Reads PKCS#8 (plain or encrypted) or SEC1 in PEM.
  public init(pem: [UInt8], passphrase: [UInt8]? = nil) throws(AttestationError) {
    handle = try KeyHandle.privateKey(pem: pem, passphrase: passphrase)
  }

  /// Reads a key file.
  public init(path: String, passphrase: [UInt8]? = nil) throws(AttestationError) {
    let bytes = try storing { () throws(StorageError) in try Folder.read(path, limit: 1 << 16) }
    do throws(AttestationError) { try self.init(pem: bytes, passphrase: passphrase) } catch {
      throw AttestationError(error.reason, path: path)
    }
  }

  /// The kind of key.
  public var algorithm: KeyAlgorithm { handle.algorithm }

  /// PKCS#8 in PEM, encrypted with AES-256 where a passphrase is given.
  public func pem(passphrase: [UInt8]? = nil) -> [UInt8] {
    handle.pem(isPrivate: true, passphrase: passphrase)
  }

  /// The public half.
  public var publicKey: PublicKey { PublicKey(handle) }

  /// Signs a message: ECDSA as ASN.1 DER, Ed25519 as 64 bytes.
  public func sign(_ message: [UInt8]) throws(AttestationError) -> [UInt8] {
    try handle.sign(message)
  }

  /// The x coordinate that this key and another's public key share (ECDH).
  func agree(with other: PublicKey) throws(AttestationError) -> [UInt8] {
    try handle.agree(with: other.handle)
  }
}

/// A public key, named by the digest of its SPKI PEM as OpenSSL writes it.
public struct PublicKey: Hashable, Sendable {
  fileprivate let handle: KeyHandle
  /// SPKI in PEM, as OpenSSL writes it whatever the file looked like.
  public let pem: [UInt8]

  init(_ handle: KeyHandle) {
    self.handle = handle
    pem = handle.pem(isPrivate: false, passphrase: nil)
  }

  /// Reads SPKI in PEM.
  public init(pem: [UInt8]) throws(AttestationError) {
    self.init(try KeyHandle.publicKey(pem: pem))
  }

  /// Reads a key file.
  public init(path: String) throws(AttestationError) {
    let bytes = try storing { () throws(StorageError) in try Folder.read(path, limit: 1 << 16) }
    do throws(AttestationError) { try self.init(pem: bytes) } catch {
      throw AttestationError(error.reason, path: path)
    }
  }

  /// Takes the 32 bytes of an Ed25519 key.
  public init(rawEd25519 bytes: [UInt8]) throws(AttestationError) {
    guard bytes.count == 32 else {
      throw AttestationError(.badKey("an Ed25519 key has 32 bytes, found \(bytes.count)"))
    }
    self.init(try KeyHandle.publicKey(rawEd25519: bytes))
  }

  /// The kind of key.
  public var algorithm: KeyAlgorithm { handle.algorithm }

  /// The `hint` of OpenSSF Model Signing: SHA-256 of the PEM text.
  public var keyID: Digest { SHA256.digest(of: pem) }

  /// The 32 bytes of an Ed25519 key; nil for other kinds.
  public var rawEd25519: [UInt8]? { handle.rawEd25519 }

  /// The point of an ECDSA key, uncompressed; nil for other kinds.
  var point: [UInt8]? { handle.point }

  /// Whether a signature is this key's over a message.
  public func verify(signature: [UInt8], message: [UInt8]) -> Bool {
    handle.verify(signature, message)
  }

  /// Whether a signature is this key's over an envelope as model_signing 0.2 wrote it: signed was the payload as
  /// Python shows bytes, and its SHA-256 whatever the curve.
  public func verifyFormer(signature: [UInt8], envelope: DSSEEnvelope) -> Bool {
    handle.verify(signature, envelope.formerSignedBytes, hashedBySHA256: true)
  }

  /// Compares the PEM texts.
  public static func == (left: Self, right: Self) -> Bool { left.pem == right.pem }

  /// Hashes the PEM text.
  public func hash(into hasher: inout Hasher) { hasher.combine(pem) }
}
