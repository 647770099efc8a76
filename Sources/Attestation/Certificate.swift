public import Storage

/// An X.509 certificate of a key that signs.
public struct Certificate: Hashable, Sendable {
  /// The largest certificate that is read.
  static let byteLimit = 1 << 16

  /// The certificate in DER.
  public let der: [UInt8]
  let handle: CertificateHandle

  /// Reads DER.
  public init(der: [UInt8]) throws(AttestationError) {
    guard der.count <= Self.byteLimit, let handle = CertificateHandle.read(der: der) else {
      throw AttestationError(.badKey("not an X.509 certificate in DER"))
    }
    (self.der, self.handle) = (der, handle)
  }

  private init(_ handle: CertificateHandle) throws(AttestationError) {
    guard let der = handle.der(limit: Self.byteLimit) else {
      throw AttestationError(.badKey("a certificate of more than \(Self.byteLimit) bytes"))
    }
    (self.der, self.handle) = (der, handle)
  }

  /// Reads all certificates of a PEM file; at least one.
  public static func read(path: String) throws(AttestationError) -> [Certificate] {
    let bytes = try storing { () throws(StorageError) in try Folder.read(path, limit: 1 << 20) }
    do throws(AttestationError) {
      guard let handles = CertificateHandle.read(pem: bytes, limit: 1024), !handles.isEmpty else {
        throw AttestationError(.badKey("holds no X.509 certificate in PEM, or more than 1024"))
      }
      var certificates: [Certificate] = []
      for handle in handles { certificates.append(try Certificate(handle)) }
      return certificates
    } catch { throw AttestationError(error.reason, path: path) }
  }

  /// The key of the certificate, which must be of a kind that is used here.
  public func publicKey() throws(AttestationError) -> PublicKey {
    guard let pem = handle.keyPEM else {
      throw AttestationError(.badKey("the certificate of \(subject) has no key that can be read"))
    }
    return try PublicKey(pem: pem)
  }

  /// Whose certificate it is, for people.
  public var subject: String { ByteString(handle.subject).description }

  /// Whether the key may sign: where `keyUsage` or `extKeyUsage` says what it may, both allow it, and one does.
  ///
  /// RFC 5280, 4.2.1.3 and 4.2.1.12: each restricts the use on its own.
  public var maySign: Bool {
    let (digitalSignature, codeSigning, anyUse): (UInt32, UInt32, UInt32) = (0x80, 0x8, 0x100)
    let (usage, extended) = (handle.keyUsage, handle.extendedKeyUsage)
    return (usage != nil || extended != nil)
      && (usage.map { $0 & digitalSignature != 0 } ?? true)
      && (extended.map { $0 & (codeSigning | anyUse) != 0 } ?? true)
  }

  /// Compares the bytes.
  public static func == (left: Self, right: Self) -> Bool { left.der == right.der }

  /// Hashes the bytes.
  public func hash(into hasher: inout Hasher) { hasher.combine(der) }
}

/// The certificates to which a verifier lets a signer's chain lead.
public struct CertificateRoots: Sendable {
  private let roots: [Certificate]

  /// Reads the roots of PEM files.
  public init(paths: [String]) throws(AttestationError) {
    var roots: [Certificate] = []
    for path in paths { roots += try Certificate.read(path: path) }
    self.roots = roots
  }

  /// Demands that a chain, the signer's certificate first, leads to a root, that all of it counts at a moment, and
  /// that the signer's key may sign; gives the signer's certificate.
  public func verify(_ chain: [[UInt8]], at time: Timestamp) throws(AttestationError)
    -> Certificate
  {
    var certificates: [Certificate] = []
    for der in chain { certificates.append(try Certificate(der: der)) }
    guard let leaf = certificates.first, certificates.count <= SigstoreBundle.certificateLimit
    else {
      throw AttestationError(
        .malformed("a chain has 1 to \(SigstoreBundle.certificateLimit) certificates"))
    }
    if let problem = CertificateHandle.problem(
      leading: certificates.map(\.handle), to: roots.map(\.handle), at: time.seconds)
    {
      throw AttestationError(
        .malformed(
          "the chain of \(leaf.subject) does not lead to a given root certificate: \(problem)"))
    }
    guard leaf.maySign else {
      throw AttestationError(
        .malformed(
          "the certificate of \(leaf.subject) is not for signing: expected keyUsage digitalSignature, or extKeyUsage codeSigning, and neither against it"
        ))
    }
    return leaf
  }
}
