/// How much of an answer a model completes by itself, from whether the most likely token is right at each place.
///
/// The hits are those of teacher forcing, `argmax p(·|x, y_<t) = y_t`, without the end-of-text token, T′ of them. From
/// 0 to 1, more is more memorised; compare with the oracle, not with 0.
public enum Memorization {
  /// Which extraction strength.
  public enum ExtractionStrength: String, Hashable, Sendable, CaseIterable {
    /// `1 − k/T′` with the smallest k in 0…T′ from which all tokens are hits; 0 if the last is none.
    case exact = "esExact"
    /// As open-unlearning computes it: k ends at T′ − 1, so the least is `1/T′`; an empty answer is 0.
    case openUnlearning = "esOpenUnlearning"

    /// The strength for one answer.
    public func value(hits: [Bool]) throws(Undefined) -> Double {
      if hits.isEmpty {
        guard self == .openUnlearning else { throw Undefined(.empty, in: "tokens") }
        return 0
      }
      let suffix = hits.reversed().prefix { $0 }.count
      let counted = self == .openUnlearning ? max(1, suffix) : suffix
      return 1 - Double(hits.count - counted) / Double(hits.count)
    }
  }

  /// Exact memorisation: the share of hits (Tirumala et al., 2022).
  public static func exact(hits: [Bool]) throws(Undefined) -> Double {
    guard !hits.isEmpty else { throw Undefined(.empty, in: "tokens") }
    return try Proportion(hits).value
  }
}
