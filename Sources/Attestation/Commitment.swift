import Storage
import StrictJSON

/// A salted commitment to one fact about a person, in the disclosure form of RFC 9901 section 4.2.
///
/// The digest may stand in a log; the disclosure tells the fact and is kept where it can be erased.
public struct Commitment: Hashable, Sendable {
  /// base64url of `[salt, name, value]`.
  public let disclosure: String

  /// Commits to a fact with 128 bits of fresh salt.
  public init(name: String, value: String) throws(AttestationError) {
    let salt = Base64.encodeURLSafe(SecureRandom.bytes(16))
    let fact = JSONValue.array([.text(salt), .text(name), .text(value)])
    do throws(CanonicalJSON.EncodingError) {
      disclosure = Base64.encodeURLSafe(try CanonicalJSON.encode(fact))
    } catch { throw AttestationError(.malformed("a fact that JSON can't keep: \(error)")) }
  }

  /// Takes a disclosure as it was given.
  public init(disclosure: String) { self.disclosure = disclosure }

  /// base64url of SHA-256 over the disclosure's text.
  public var digest: String {
    Base64.encodeURLSafe(SHA256.digest(of: Array(disclosure.utf8)).bytes)
  }
}
