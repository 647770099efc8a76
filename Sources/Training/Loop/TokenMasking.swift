import Compute

/// How a masked language model's examples hide tokens (Devlin et al., 2019, section 3.1).
public struct TokenMasking: Sendable, Hashable {
  /// The token that stands for a hidden one.
  public let mask: Int32
  /// How many tokens there are to draw a wrong one from.
  public let vocabulary: Int

  /// Describes a vocabulary.
  public init(mask: Int32, vocabulary: Int) {
    self.mask = mask
    self.vocabulary = vocabulary
  }

  /// Hides a share of the labelled tokens, and drops the labels of all others.
  ///
  /// Of ten hidden ones eight become the mask, one a random token, one stays. At least one is hidden.
  func apply(to example: inout EncodedExample, share: Double, _ random: inout RandomNumbers) {
    guard case .places(var labels) = example.target else { return }
    let places = labels.enumerated().flatMap { sequence, labels in
      labels.indices.filter { labels[$0] >= 0 }.map { (sequence, $0) }
    }
    guard !places.isEmpty else { return }
    var chosen = places.map { _ in random.uniform() < share }
    if !chosen.contains(true) { chosen[random.index(below: places.count)] = true }
    for ((sequence, place), isChosen) in zip(places, chosen) {
      guard isChosen else {
        labels[sequence][place] = ignoredLabel
        continue
      }
      switch random.uniform() {
      case ..<0.8: example.sequences[sequence][place] = mask
      case ..<0.9: example.sequences[sequence][place] = Int32(random.index(below: vocabulary))
      default: break
      }
    }
    example.target = .places(labels)
  }
}
