public import StrictJSON

// How options are written in records and on command lines.

extension MaskObjective.Scale: LosslessStringConvertible {
  /// Reads `mean`, `sum`, `dataset` or a number from 0; nil for anything else.
  public init?(_ description: String) {
    switch description {
    case "mean": self = .mean
    case "sum": self = .sum
    case "dataset": self = .dataset
    default:
      guard let factor = Double(description), factor.isFinite, factor >= 0 else { return nil }
      self = .custom(factor)
    }
  }

  /// The name, or the number.
  public var description: String {
    switch self {
    case .mean: "mean"
    case .sum: "sum"
    case .dataset: "dataset"
    case .custom(let factor): "\(factor)"
    }
  }
}

extension MaskObjective.Score: LosslessStringConvertible {
  /// Reads `signed`, `absolute`, `absolute-of-each`, `forget-only`, `retain-only`, `ratio` (damping 0.1) or
  /// `ratio:` with a damping above 0; nil for anything else.
  public init?(_ description: String) {
    switch description {
    case "signed": self = .signed
    case "absolute": self = .absolute
    case "absolute-of-each": self = .absoluteOfEach
    case "forget-only": self = .forgetOnly
    case "retain-only": self = .retainOnly
    case "ratio": self = .ratio(damping: 0.1)
    default:
      guard description.hasPrefix("ratio:"), let damping = Double(description.dropFirst(6)),
        damping.isFinite, damping > 0
      else { return nil }
      self = .ratio(damping: damping)
    }
  }

  /// The name, with the damping of a ratio.
  public var description: String {
    switch self {
    case .signed: "signed"
    case .absolute: "absolute"
    case .absoluteOfEach: "absolute-of-each"
    case .ratio(let damping): "ratio:\(damping)"
    case .forgetOnly: "forget-only"
    case .retainOnly: "retain-only"
    }
  }
}

extension MaskObjective {
  /// Every choice by its name, for records.
  public var json: JSONValue {
    .members([
      "rule": .text(rule.rawValue), "scale": .text(scale.description),
      "score": .text(score.description), "sense": .text(sense.rawValue),
      "reading": .text(reading.rawValue),
    ])
  }
}
