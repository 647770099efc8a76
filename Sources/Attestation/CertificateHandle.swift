private import COpenSSL

/// The owner of one X.509 certificate: the only place where `X509` pointers are.
@safe
final class CertificateHandle: @unchecked Sendable {
  // Unchecked: a certificate is not changed after it is made. What OpenSSL keeps of its extensions is computed
  // once, under a lock of its own.
  private let certificate: OpaquePointer

  private init(owning certificate: OpaquePointer) { unsafe self.certificate = certificate }

  deinit { unsafe X509_free(certificate) }

  /// Reads one certificate in DER; nil for anything else.
  static func read(der: [UInt8]) -> CertificateHandle? {
    guard let certificate = unsafe copenssl_read_certificate(der, der.count) else {
      ERR_clear_error()
      return nil
    }
    return unsafe CertificateHandle(owning: certificate)
  }

  /// Reads all certificates of a PEM text; nil where there are more than may be.
  static func read(pem: [UInt8], limit: Int) -> [CertificateHandle]? {
    guard let count = Int32(exactly: pem.count) else { return nil }
    var found = unsafe [OpaquePointer?](repeating: nil, count: limit)
    // The array has room for `limit` pointers, and what is written to it is owned by the handles below.
    let done = unsafe copenssl_read_certificates(pem, count, &found, Int32(limit))
    // The end of the text is an error to OpenSSL.
    ERR_clear_error()
    guard done >= 0 else { return nil }
    var handles: [CertificateHandle] = []
    for index in 0..<Int(done) {
      if let certificate = unsafe found[index] {
        handles.append(unsafe CertificateHandle(owning: certificate))
      }
    }
    return handles
  }

  private func written(
    _ capacity: Int, _ write: (OpaquePointer, inout [UInt8]) -> Int
  ) -> [UInt8]? {
    var output = [UInt8](repeating: 0, count: capacity)
    let count = unsafe write(certificate, &output)
    guard count >= 0 else {
      ERR_clear_error()
      return nil
    }
    return Array(output.prefix(count))
  }

  /// The certificate in DER; nil where it is larger than is read.
  func der(limit: Int) -> [UInt8]? {
    unsafe written(limit) { unsafe copenssl_write_certificate($0, &$1, $1.count) }
  }

  /// The public key in PEM; nil where there is none that OpenSSL knows.
  var keyPEM: [UInt8]? {
    unsafe written(1 << 14) { unsafe copenssl_certificate_key($0, &$1, $1.count) }
  }

  /// Whose certificate it is (RFC 2253), at most 1024 bytes.
  var subject: String {
    String(
      decoding: unsafe written(1024) { unsafe copenssl_certificate_subject($0, &$1, $1.count) }
        ?? [], as: UTF8.self)
  }

  /// What the key may be used for: `keyUsage` (RFC 5280, 4.2.1.3); nil where nothing is said.
  var keyUsage: UInt32? {
    let usage = unsafe X509_get_key_usage(certificate)
    return usage == UInt32.max ? nil : usage
  }

  /// What else it may be used for: `extKeyUsage` (RFC 5280, 4.2.1.12); nil where nothing is said.
  var extendedKeyUsage: UInt32? {
    let usage = unsafe X509_get_extended_key_usage(certificate)
    return usage == UInt32.max ? nil : usage
  }

  /// Leads a chain, the signer's certificate first, to one of the roots; gives OpenSSL's reason why it does not.
  static func problem(
    leading chain: [CertificateHandle], to roots: [CertificateHandle], at seconds: Int64
  ) -> String? {
    var first = unsafe chain.map { unsafe Optional($0.certificate) }
    var second = unsafe roots.map { unsafe Optional($0.certificate) }
    // The handles own the certificates for as long as the call lasts.
    let error = withExtendedLifetime((chain, roots)) {
      unsafe copenssl_verify_chain(
        &second, Int32(second.count), &first, Int32(first.count), seconds)
    }
    ERR_clear_error()
    if error == 0 { return nil }
    if error < 0 { return "OpenSSL could not verify the chain" }
    return unsafe String(cString: X509_verify_cert_error_string(Int(error)))
  }
}
