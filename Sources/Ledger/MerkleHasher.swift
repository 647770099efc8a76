import Attestation
import Storage

/// Hashes leaves and nodes (RFC 6962, section 2.1) one after the other in one context: making a context takes as long
/// as hashing a node.
struct MerkleHasher: ~Copyable {
  private static let leafPrefix: [UInt8] = [0]
  private static let nodePrefix: [UInt8] = [1]

  private var hash = SHA256()

  /// The hash of a leaf: SHA-256(0x00, leaf).
  mutating func leaf(_ bytes: [UInt8]) -> Digest {
    hash.update(Self.leafPrefix.rawSpan)
    hash.update(bytes.rawSpan)
    return hash.finalizeAndRestart()
  }

  /// The hash of an interior node: SHA-256(0x01, left, right).
  mutating func node(_ left: Digest, _ right: Digest) -> Digest {
    hash.update(Self.nodePrefix.rawSpan)
    left.withBytes { hash.update($0) }
    right.withBytes { hash.update($0) }
    return hash.finalizeAndRestart()
  }
}
