public import Attestation
import Storage

extension LogKeys {
  /// What the keys that a verifier trusts come to for this log: whether one of them vouches for the key that signs now,
  /// and whether each has signed no further than it may.
  ///
  /// A trusted key vouches for those to which it has handed the log over, unless another key is named for the log that
  /// the log does not lead to.
  ///
  /// - Parameters:
  ///   - trusted: The keys of logs in a trust file; of any log.
  ///   - treeSize: How many leaves the log has; nil where that is not known.
  public func findings(_ trusted: [TrustFile.Log], treeSize: Int?) -> [Finding] {
    let named = trusted.filter { ByteString($0.key.name) == ByteString(first.name) }
    return [vouching(named)] + limits(named, treeSize)
  }

  /// Whether the key that signs now is vouched for.
  private func vouching(_ named: [TrustFile.Log]) -> Finding {
    let step = "trusted log"
    if named.contains(where: { $0.key == present }) {
      let since = handovers.last.map { ", which has signed since leaf \($0.leaf)" } ?? ""
      return Finding(step, .passed, "the trust file names this log's key\(since)")
    }
    let all = all
    if let other = named.first(where: { !all.contains($0.key) }) {
      return Finding(
        step, .failed,
        "the trust file names another key for the log \(first.name): expected \(other.key.encoded), found \(present.encoded); the key was replaced, or the log rebuilt with another"
      )
    }
    guard let known = named.last, let leaf = lastLeaf(of: known.key) else {
      return Finding(step, .missing, "the trust file has no line `log \(present.encoded)`")
    }
    return Finding(
      step, .passed,
      "the trust file names a former key, which has handed the log over with leaf \(leaf); to trust the present one by name: log \(present.encoded)"
    )
  }

  /// Whether keys that may sign up to a leaf have kept to that.
  private func limits(_ named: [TrustFile.Log], _ treeSize: Int?) -> [Finding] {
    named.compactMap { log in
      guard let limit = log.lastIndex, all.contains(log.key),
        let signed = lastLeaf(of: log.key).map({ $0 + 1 }) ?? treeSize
      else { return nil }
      return Finding(
        "log key", log.maySign(treeSize: signed) ? .passed : .failed,
        "the trust file lets \(Self.shown(log.key)) sign up to leaf \(limit), it has signed \(signed) leaves"
      )
    }
  }

  /// A key for people: its id, as it stands in its vkey.
  private static func shown(_ key: VerifierKey) -> String {
    "the key \(Hex.encode(key.keyID))"
  }
}
