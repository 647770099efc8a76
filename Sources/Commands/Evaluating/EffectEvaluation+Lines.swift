import Evaluation
import Metrics

extension EffectEvaluation {
  /// A short table of the effect.
  var lines: [String] {
    var lines: [String] = []
    for part in Part.allCases {
      var columns: [String] = []
      for subject in Subject.allCases {
        guard let loss = value(subject, part, "loss"),
          let accuracy = value(subject, part, "accuracy")
        else { continue }
        columns.append(
          "\(subject.rawValue) \(Console.short(accuracy)) (loss \(Console.short(loss)))")
      }
      if columns.isEmpty { continue }
      let name = part.rawValue + String(repeating: " ", count: 11 - part.rawValue.count)
      lines.append(name + "right: " + columns.joined(separator: ", "))
    }
    let membership = Subject.allCases.compactMap { subject in
      value(subject, nil, "membership-auc").map { "\(subject.rawValue) \(Console.short($0))" }
    }
    if !membership.isEmpty {
      lines.append("membership AUC of the loss: " + membership.joined(separator: ", "))
    }
    let distances = Part.allCases.compactMap { part in
      value(.after, part, "oracle-distance").map { after in
        let before = value(.before, part, "oracle-distance").map { Console.short($0) } ?? ""
        return "\(part.rawValue) \(before) → \(Console.short(after))"
      }
    }
    if !distances.isEmpty {
      lines.append("distance to the oracle: " + distances.joined(separator: ", "))
    }
    for (name, title) in [("rouge", "ROUGE-L of answers"), ("relearning-gain", "relearning gain")] {
      let columns = Part.allCases.compactMap { part -> String? in
        let values = Subject.allCases.compactMap { subject in
          value(subject, part, name).map { "\(subject.rawValue) \(Console.short($0))" }
        }
        return values.isEmpty ? nil : "\(part.rawValue): " + values.joined(separator: ", ")
      }
      if !columns.isEmpty { lines.append("\(title), " + columns.joined(separator: "; ")) }
    }
    for entry in entries where entry.set != nil || entry.measurement.name == "model-utility" {
      guard ["choice-accuracy", "model-utility"].contains(entry.measurement.name),
        let value = entry.measurement.value
      else { continue }
      let name = [entry.set, entry.measurement.name].compactMap { $0 }.joined(separator: " ")
      lines.append(
        "\(name) (\(entry.measurement.variant)), \(entry.subject.rawValue): \(Console.short(value))"
      )
    }
    return lines
  }
}

extension EffectEvaluation {
  /// What an attack brought back: every gain, area and leak that has a number, and why others have none.
  var attackLines: [String] {
    let told: Set = [
      "relearning-gain", "relearning-excess-gain", "relearning-recovered-share", "membership-auc",
      "membership-auc-difference", "priv-leak", "membership-efficacy", "gap-to-retrain",
      "u-lira-accuracy", "u-lira-auc", "attack-gain", "rouge",
    ]
    return entries.compactMap { entry in
      let measurement = entry.measurement
      guard told.contains(measurement.name) || measurement.name.hasPrefix("leak@") else {
        return nil
      }
      let place = [entry.part?.rawValue, entry.set, entry.condition].compactMap { $0 }
      let name = ([measurement.name, measurement.variant] + place).filter { !$0.isEmpty }
      guard let value = measurement.value else {
        return
          "\(entry.subject.rawValue)  \(name.joined(separator: " "))  \(measurement.reason ?? "")"
      }
      let interval = measurement.interval.map {
        " [\(Console.short($0.lower)), \(Console.short($0.upper))]"
      }
      return
        "\(entry.subject.rawValue)  \(name.joined(separator: " "))  \(Console.short(value))\(interval ?? "")  n \(measurement.count)"
    }
  }
}
