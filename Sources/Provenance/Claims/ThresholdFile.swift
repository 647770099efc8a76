import Attestation
public import Claims
public import Storage

/// A policy of thresholds with the digest of its file, which the claim names.
public struct ThresholdFile: Sendable {
  /// The thresholds.
  public let policy: ThresholdPolicy
  /// The SHA-256 of the file.
  public let digest: Digest

  /// Reads a policy file.
  public init(path: String) throws(ProvenanceError) {
    let bytes = try storing { () throws(StorageError) in
      try Folder.read(path, limit: ThresholdPolicy.byteLimit)
    }
    digest = SHA256.digest(of: bytes)
    do throws(ClaimsError) { policy = try ThresholdPolicy(parsing: bytes) } catch {
      throw ProvenanceError(.invalid, "\(path): \(error)")
    }
  }
}
