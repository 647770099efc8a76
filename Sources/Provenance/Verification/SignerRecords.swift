import Attestation
import Ledger
import Storage

extension TrustFile {
  /// Since when the log knows the signers; one that it does not know was written into the trust file by hand.
  func signerFinding(_ state: LedgerState) -> Finding? {
    if signers.isEmpty { return nil }
    let words = signers.map { signer in
      guard let key = state.keys.first(where: { $0.id == signer.key.keyID }) else {
        return "\(signer.name) is in no leaf"
      }
      return "\(signer.name) (leaf \(key.leaf))"
    }
    return Finding("signers", .passed, words.joined(separator: ", "))
  }
}
