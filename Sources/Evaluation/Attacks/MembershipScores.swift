import Metrics
import Tokenization

/// The scores of a forget and a holdout set under one model, for each attack; lower means member.
struct MembershipScores {
  /// One attack's scores.
  struct Attack {
    /// The attack as it stands in records: `min-k(0.4)`.
    let variant: String
    let forget: [Double]
    let holdout: [Double]
  }

  private(set) var attacks: [Attack] = []

  /// Scores both sets; NaN where an example has no score.
  init(forget: TokenScores, holdout: TokenScores, end: Int32?, tokenizer: Tokenizer) {
    for attack in Score.allCases {
      attacks.append(
        Attack(
          variant: attack.variant, forget: attack.scores(forget, end, tokenizer),
          holdout: attack.scores(holdout, end, tokenizer)))
    }
  }

  /// Adds an attack whose scores need more than one pass over the model.
  mutating func add(_ variant: String, forget: [Double], holdout: [Double]) {
    attacks.append(Attack(variant: variant, forget: forget, holdout: holdout))
  }

  /// What one pass gives.
  private enum Score: CaseIterable {
    case zlib, minK, minKPlusPlus

    var variant: String {
      switch self {
      case .zlib: "zlib"
      case .minK: "min-k(\(MembershipScore.defaultShare))"
      case .minKPlusPlus: "min-k++(\(MembershipScore.defaultShare))"
      }
    }

    func scores(_ tokens: TokenScores, _ end: Int32?, _ tokenizer: Tokenizer) -> [Double] {
      // LOSS and zlib count the token that ends an answer, the others do not, as in open-unlearning.
      let open = tokens.withoutEnd(end)
      return zip(tokens.examples, open).map { all, open in
        EffectEvaluation.numberOrNaN { () throws(Undefined) in
          switch self {
          case .zlib:
            var text = ""
            do throws(TokenizerError) { text = try tokenizer.decode(open.map(\.label)) } catch {
              return .nan
            }
            return try MembershipScore.zlib(
              loss: try MembershipScore.loss(all.map(\.logProbability)), text: text)
          case .minK: return try MembershipScore.minK(open.map(\.logProbability))
          case .minKPlusPlus:
            return try MembershipScore.minKPlusPlus(
              open.map(\.logProbability), means: open.map(\.mean),
              variances: open.map(\.variance))
          }
        }
      }
    }
  }
}
