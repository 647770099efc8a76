/// ROUGE-1 and ROUGE-L (Lin, 2004) as Google's `rouge_score` computes them.
///
/// Tokens are runs of `[a-z0-9]` of the text in lower case; with stemming, those longer than three characters are
/// replaced by their ``PorterStemmer`` stem. With `m` common tokens (ROUGE-1: counted with multiplicity; ROUGE-L: the
/// length of the longest common subsequence), `recall = m/|reference|`, `precision = m/|prediction|`,
/// `f1 = 2PR/(P+R)`; all 0 where a text has no token. From 0 to 1.
///
/// TOFU uses `rougeL.recall(stem)`; the first code of MUSE `rougeL.f1(no-stem)`. The two are not comparable.
public struct ROUGE: Hashable, Sendable {
  /// What is counted as common.
  public enum Overlap: String, Hashable, Sendable, CaseIterable {
    /// Single tokens in any order.
    case rouge1
    /// The longest common subsequence.
    case rougeL
  }

  /// One of the three numbers.
  public enum Part: String, Hashable, Sendable, CaseIterable {
    /// The share of the reference that is found.
    case recall
    /// The share of the prediction that is right.
    case precision
    /// The harmonic mean of both.
    case f1
  }

  /// The three numbers for one pair of texts.
  public struct Score: Hashable, Sendable {
    /// The share of the reference that is found, from 0 to 1.
    public let recall: Double
    /// The share of the prediction that is right, from 0 to 1.
    public let precision: Double
    /// The harmonic mean of both; 0 where both are.
    public let f1: Double

    init(common: Int, reference: Int, prediction: Int) {
      recall = reference == 0 || prediction == 0 ? 0 : Double(common) / Double(reference)
      precision = reference == 0 || prediction == 0 ? 0 : Double(common) / Double(prediction)
      f1 = common == 0 ? 0 : 2 * precision * recall / (precision + recall)
    }

    /// One of the three numbers.
    public subscript(part: Part) -> Double {
      switch part {
      case .recall: recall
      case .precision: precision
      case .f1: f1
      }
    }
  }

  /// What is counted as common.
  public let overlap: Overlap
  /// Whether tokens longer than three characters are stemmed.
  public let stems: Bool

  /// Chooses a variant.
  public init(_ overlap: Overlap, stems: Bool) {
    self.overlap = overlap
    self.stems = stems
  }

  /// The name of a number of this variant, such as `rougeL.recall(stem)`.
  public func variant(_ part: Part) -> String {
    "\(overlap.rawValue).\(part.rawValue)(\(stems ? "stem" : "no-stem"))"
  }

  /// Compares a prediction with the reference.
  ///
  /// - Complexity: O(*n* · *m*) for ROUGE-L, O(*n* + *m*) for ROUGE-1.
  public func score(prediction: String, reference: String) -> Score {
    var ids: [String: Int] = [:]
    func identified(_ text: String) -> [Int] {
      tokens(text).map { token in
        if let id = ids[token] { return id }
        let id = ids.count
        ids[token] = id
        return id
      }
    }
    let (left, right) = (identified(prediction), identified(reference))
    let common =
      switch overlap {
      case .rouge1: commonCount(left, right)
      case .rougeL: Self.longestCommonSubsequence(left, right)
      }
    return Score(common: common, reference: right.count, prediction: left.count)
  }

  /// The tokens of a text, as this variant compares them.
  public func tokens(_ text: String) -> [String] {
    text.lowercasedScalars
      .split { !((0x61...0x7A).contains($0.value) || (0x30...0x39).contains($0.value)) }
      .map { stems && $0.count > 3 ? PorterStemmer.stem(String($0)) : String($0) }
  }

  private static func longestCommonSubsequence(_ left: [Int], _ right: [Int]) -> Int {
    var row = [Int](repeating: 0, count: right.count + 1)
    for token in left {
      var diagonal = 0
      for (column, other) in right.enumerated() {
        let above = row[column + 1]
        row[column + 1] = token == other ? diagonal + 1 : max(above, row[column])
        diagonal = above
      }
    }
    return row[right.count]
  }
}
