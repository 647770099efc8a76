import Compute
import Metrics

/// What an attack that is no training brings back: the same numbers under a condition, less those without it.
extension EffectEvaluation {
  /// Adds the entries of an evaluation under a condition, and what it gained on this one, example by example.
  ///
  /// - Parameter places: Which of this evaluation's forget examples each of the other's is; nil where they are the
  ///   same.
  public mutating func add(_ other: EffectEvaluation, places: [Int]? = nil) {
    let plain = entries.filter { $0.condition == nil }
    for entry in other.entries {
      entries.append(entry)
      guard !entry.values.isEmpty, entry.condition != nil,
        let base = plain.first(where: { $0.isSame(as: entry) })
      else { continue }
      let gains = self.gains(
        of: entry, over: base, places: entry.part == .forget ? places : nil)
      guard !gains.isEmpty else { continue }
      let variant = [entry.measurement.name, entry.measurement.variant]
        .filter { !$0.isEmpty }.joined(separator: ".")
      enter(
        mean: gains, "attack-gain", variant, entry.subject, entry.part, set: entry.set,
        under: entry.condition)
    }
  }

  /// The differences of the examples that both have; none where it is not known which they are.
  private func gains(of entry: Entry, over base: Entry, places: [Int]?) -> [Double] {
    let (values, before) = (entry.values, base.values)
    guard let places else {
      return values.count == before.count ? zip(values, before).map { $0 - $1 } : []
    }
    let all = scores[base.subject]?[.forget]?.losses.count
    // Answers are generated to the first questions alone.
    let isOfFirst = ["rouge", "exact-match", "answer-f1"].contains(entry.measurement.name)
    guard isOfFirst || (values.count == places.count && before.count == all) else { return [] }
    return zip(values, places).compactMap { value, place in
      before.indices.contains(place) ? value - before[place] : nil
    }
  }
}

extension EffectEvaluation.Entry {
  /// Whether two are of the same model, examples and definition, whatever the condition.
  fileprivate func isSame(as other: Self) -> Bool {
    subject == other.subject && part == other.part && set == other.set
      && measurement.name == other.measurement.name
      && measurement.variant == other.measurement.variant
  }
}
