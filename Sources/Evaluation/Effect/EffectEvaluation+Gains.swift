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
      var before = base.values
      if let places, entry.part == .forget {
        guard places.allSatisfy({ before.indices.contains($0) }) else { continue }
        before = places.map { before[$0] }
      }
      guard before.count == entry.values.count else { continue }
      let gains = zip(entry.values, before).map { $0 - $1 }
      let measurement = Measurement(
        "attack-gain",
        variant: [entry.measurement.name, entry.measurement.variant]
          .filter { !$0.isEmpty }.joined(separator: "."),
        count: gains.count, seeds: options.seeds,
        value: { () throws(Undefined) in try SampleSummary(gains).mean },
        interval: { () throws(Undefined) in try SampleSummary(gains).interval() })
      entries.append(
        Entry(
          subject: entry.subject, part: entry.part, set: entry.set, condition: entry.condition,
          measurement: measurement, values: gains))
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
