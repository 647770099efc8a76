/// How well an answer matches the right ones: exact match and token F1 of SQuAD.
///
/// `F1 = 2PR/(P+R)` with `P` and `R` the shares of the prediction's and the gold answer's tokens that both have,
/// counted with multiplicity, after ``normalizedTokens(_:)``. Over several gold answers the best counts, for each
/// of the two on its own. From 0 to 1. Source: the evaluation scripts of SQuAD 1.1 and 2.0 (Rajpurkar et al.,
/// 2016 and 2018).
public struct AnswerScore: Hashable, Sendable {
  /// Which of the two scripts; they differ where there is nothing to compare.
  public enum Rule: String, Hashable, Sendable, CaseIterable {
    /// At least one gold answer; two texts without a token share none, so F1 is 0.
    case squad1
    /// Gold answers without a token are left out; with none left, no answer is right.
    ///
    /// Against no answer, F1 is 1 for a prediction without a token, else 0.
    case squad2
  }

  /// Whether the prediction equals a gold answer, both normalised.
  public let isExactMatch: Bool
  /// The largest token F1 over the gold answers, from 0 to 1.
  public let f1: Double

  /// Compares a prediction with the gold answers.
  public init(prediction: String, golds: [String], rule: Rule) throws(Undefined) {
    var golds = golds.map { Self.normalizedTokens($0) }
    if rule == .squad2 {
      golds.removeAll { $0.isEmpty }
      if golds.isEmpty { golds = [[]] }
    }
    guard !golds.isEmpty else { throw Undefined(.empty, in: "gold answers") }
    let predicted = Self.normalizedTokens(prediction)
    isExactMatch = golds.contains(predicted)
    f1 = golds.reduce(0) { max($0, Self.f1(predicted, $1, rule)) }
  }

  /// The tokens that are compared, as UTF-8: lower case, no ASCII punctuation, no `a`, `an`, `the`, split at spaces.
  ///
  /// Joined by single spaces they are the normalised answer.
  public static func normalizedTokens(_ answer: String) -> [[UInt8]] {
    var tokens: [[UInt8]] = []
    let kept = answer.lowercasedScalars.filter { !$0.isASCIIPunctuation }
    for chunk in kept.split(whereSeparator: \.isSeparator) {
      // An article also ends where a dash or a quotation mark stands, and leaves a space.
      var token: [Unicode.Scalar] = []
      func finish() {
        if !token.isEmpty { tokens.append(Array(String(token).utf8)) }
        token = []
      }
      var index = chunk.startIndex
      while index < chunk.endIndex {
        let isWord = chunk[index].isAlphanumeric
        let end = chunk[index...].firstIndex { $0.isAlphanumeric != isWord } ?? chunk.endIndex
        if isWord, articles.contains(Array(chunk[index..<end])) {
          finish()
        } else {
          token += chunk[index..<end]
        }
        index = end
      }
      finish()
    }
    return tokens
  }

  private static let articles: [[Unicode.Scalar]] = [["a"], ["a", "n"], ["t", "h", "e"]]

  private static func f1(_ predicted: [[UInt8]], _ gold: [[UInt8]], _ rule: Rule) -> Double {
    if predicted.isEmpty || gold.isEmpty {
      return rule == .squad2 && predicted.isEmpty && gold.isEmpty ? 1 : 0
    }
    let common = commonCount(predicted, gold)
    guard common > 0 else { return 0 }
    let precision = Double(common) / Double(predicted.count)
    let recall = Double(common) / Double(gold.count)
    return 2 * precision * recall / (precision + recall)
  }
}

/// How many elements two lists share, counted with multiplicity.
func commonCount<Token: Hashable>(_ left: [Token], _ right: [Token]) -> Int {
  var counts: [Token: Int] = [:]
  for token in left { counts[token, default: 0] += 1 }
  var common = 0
  for token in right {
    if let count = counts[token], count > 0 {
      counts[token] = count - 1
      common += 1
    }
  }
  return common
}
