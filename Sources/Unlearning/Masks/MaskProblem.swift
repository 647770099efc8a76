public import Architecture
import Compute

/// An objective with its numbers: what the search works on.
public struct MaskProblem: Sendable {
  /// The two terms of an objective, which add up to it.
  public struct Terms: Hashable, Sendable {
    /// Σ aᵢ.
    public var linear: Double
    /// ½ c ‖Σ gᵢ‖², or ½ c Σ ‖gᵢ‖² where pairs are left out.
    public var quadratic: Double
    /// Both.
    public var total: Double { linear + quadratic }

    /// Takes both terms.
    public init(linear: Double = 0, quadratic: Double = 0) {
      self.linear = linear
      self.quadratic = quadratic
    }

    static func + (left: Self, right: Self) -> Self {
      Terms(linear: left.linear + right.linear, quadratic: left.quadratic + right.quadratic)
    }
  }

  /// How many units the model has.
  public let counts: UnitCounts
  /// The objective; nil for a ranking by given numbers.
  public let objective: MaskObjective?
  /// The direction.
  public let sense: MaskObjective.Sense
  /// What a zero means.
  public let reading: MaskObjective.Reading
  /// The score of each unit: aᵢ + ½ c [QᵀQ]ᵢᵢ (equation 8), of the terms that are kept.
  public let scores: UnitScores
  /// How large both terms are over all units of a kind, kept or not: Σ |aᵢ| and ½ c Σ [QᵀQ]ᵢᵢ.
  ///
  /// Their balance decides the mask; with 128 examples against 400,000 it moves by 10⁵ with the scale.
  public let magnitudes: [Unit.Kind: Terms]
  /// The factor c.
  public let scale: Double
  /// The seconds that scores took.
  public let secondsScoring: Double
  let linear: UnitScores
  /// Q; nil where the objective has no pairs.
  let gradients: PerExampleMaskGradients?

  /// Computes an objective's terms from both sets' gradients.
  ///
  /// - Throws: ``MaskError/mismatch(_:)`` where the two are of different models, or a set is empty or larger than
  ///   what it stands for, or an option is no number.
  /// - Complexity: O(units × examples).
  public init(
    _ objective: MaskObjective, forget: PerExampleMaskGradients, retain: PerExampleMaskGradients
  ) throws(MaskError) {
    let clock = ContinuousClock()
    let start = clock.now
    guard forget.counts == retain.counts else {
      throw .mismatch("the forget and the retain gradients are of models of different sizes")
    }
    if let first = forget.model, let second = retain.model, first != second {
      throw .mismatch("the forget gradients are of model \(first), the retain ones of \(second)")
    }
    let isMLR = objective.rule == .mlr
    let (linearSet, squareSet) = isMLR ? (forget, retain) : (retain, forget)
    let share = try linearSet.representation(isMLR ? "forget" : "retain")
    let squareShare = try squareSet.representation(isMLR ? "retain" : "forget")
    let scale =
      switch objective.scale {
      case .mean: 1 / Double(squareSet.examples)
      case .sum: 1.0
      case .dataset: squareShare
      case .custom(let factor): factor
      }
    guard scale.isFinite && scale >= 0 else {
      throw .mismatch("the quadratic term's factor is \(scale), expected a number from 0")
    }
    let counts = forget.counts
    let terms = RawTerms(
      counts, linearSet, share: share, squareSet, scale: scale,
      each: objective.score == .absoluteOfEach)
    self.counts = counts
    self.objective = objective
    sense = objective.sense
    reading = objective.reading
    self.scale = scale
    magnitudes = terms.magnitudes(counts)

    let isLinearKept: Bool
    let isSquareKept: Bool
    var linear = terms.linear
    switch objective.score {
    case .signed, .absoluteOfEach: (isLinearKept, isSquareKept) = (true, true)
    case .absolute:
      (isLinearKept, isSquareKept) = (true, true)
      linear = linear.mapValues { $0.map { $0.map { abs($0) } } }
    case .ratio(let damping):
      guard damping.isFinite && damping > 0 else {
        throw .mismatch("the ratio's damping is \(damping), expected a number above 0")
      }
      (isLinearKept, isSquareKept) = (true, false)
      linear = terms.ratios(damping, isMLR: isMLR)
    case .forgetOnly: (isLinearKept, isSquareKept) = (isMLR, !isMLR)
    case .retainOnly: (isLinearKept, isSquareKept) = (!isMLR, isMLR)
    }
    if !isLinearKept { linear = linear.mapValues { $0.map { $0.map { _ in 0 } } } }
    var scores = linear
    if isSquareKept {
      scores = Dictionary(
        uniqueKeysWithValues: linear.map { kind, layers in
          let squares = terms.squares[kind] ?? []
          return (kind, zip(layers, squares).map { zip($0, $1).map { $0 + $1 } })
        })
    }
    self.linear = try UnitScores(
      counts, heads: linear[.head] ?? [], filters: linear[.filter] ?? [])
    self.scores = try UnitScores(
      counts, heads: scores[.head] ?? [], filters: scores[.filter] ?? [])
    gradients = isSquareKept && scale > 0 ? squareSet : nil
    secondsScoring = (clock.now - start).seconds
  }

  /// NORM, and any other ranking by one number for each unit: the units with the highest are updated.
  ///
  /// SPE-Unlearn, appendix B: 'the norm of the gradients associated with the structure'. Without pairs, so that the
  /// search has nothing to improve.
  public init(ranking scores: UnitScores) {
    counts = scores.counts
    objective = nil
    sense = .minimise
    reading = .freeze
    self.scores = scores
    linear = scores
    gradients = nil
    scale = 0
    secondsScoring = 0
    let kinds = Unit.Kind.allCases.map { kind in
      let sum = (0..<scores.counts.layers).reduce(0.0) { sum, layer in
        scores.values(layer: layer, kind: kind).reduce(sum) { $0 + abs($1) }
      }
      return (kind, Terms(linear: sum))
    }
    magnitudes = Dictionary(uniqueKeysWithValues: kinds)
  }

  /// How much each unit deserves to be updated: the score, or its negative where low scores are updated.
  var merits: UnitScores {
    // Z has the low scores when minimising; what is updated is Z under `prune` and the rest under `freeze`.
    scores.negated((sense == .minimise) == (reading == .prune))
  }

  /// The units of a layer and kind that are zeros of a mask: frozen under `freeze`, updated under `prune`.
  func zeros(of mask: UnitMask, layer: Int, kind: Unit.Kind) -> [Int] {
    let updated = mask.indices(layer: layer, kind: kind)
    guard reading == .freeze else { return updated }
    var isUpdated = [Bool](repeating: false, count: counts.count(kind))
    for index in updated { isUpdated[index] = true }
    return isUpdated.indices.filter { !isUpdated[$0] }
  }

  /// The objective's terms of one layer and kind of a mask.
  public func terms(of mask: UnitMask, layer: Int, kind: Unit.Kind) -> Terms {
    BlockSearch(self, layer: layer, kind: kind, Workers(count: 1)).terms(
      zeros(of: mask, layer: layer, kind: kind))
  }

  /// The objective's terms of a mask: the sum over layers and kinds, which the Fisher information does not couple.
  public func terms(of mask: UnitMask) -> Terms {
    (0..<counts.layers).reduce(Terms()) { sum, layer in
      Unit.Kind.allCases.reduce(sum) { $0 + terms(of: mask, layer: layer, kind: $1) }
    }
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + 1e-18 * Double(components.attoseconds) }
}

/// Both terms of every unit before anything is dropped.
private struct RawTerms {
  /// a for each kind, layer and unit.
  var linear: [Unit.Kind: [[Double]]] = [:]
  /// ½ c [QᵀQ]ᵢᵢ.
  var squares: [Unit.Kind: [[Double]]] = [:]

  init(
    _ counts: UnitCounts, _ linearSet: PerExampleMaskGradients, share: Double,
    _ squareSet: PerExampleMaskGradients, scale: Double, each: Bool
  ) {
    for kind in Unit.Kind.allCases {
      linear[kind] = (0..<counts.layers).map { layer in
        linearSet.sums(layer: layer, kind: kind, each ? .magnitude : .sum).map { $0 * share }
      }
      squares[kind] = (0..<counts.layers).map { layer in
        squareSet.sums(layer: layer, kind: kind, .square).map { $0 * (scale / 2) }
      }
    }
  }

  func magnitudes(_ counts: UnitCounts) -> [Unit.Kind: MaskProblem.Terms] {
    func sum(_ layers: [[Double]]?) -> Double {
      (layers ?? []).reduce(0) { $1.reduce($0) { $0 + abs($1) } }
    }
    return Dictionary(
      uniqueKeysWithValues: Unit.Kind.allCases.map {
        ($0, MaskProblem.Terms(linear: sum(linear[$0]), quadratic: sum(squares[$0])))
      })
  }

  func ratios(_ damping: Double, isMLR: Bool) -> [Unit.Kind: [[Double]]] {
    var ratios: [Unit.Kind: [[Double]]] = [:]
    for kind in Unit.Kind.allCases {
      let ofLinear = (linear[kind] ?? []).map { $0.map { $0 * $0 } }
      let ofSquares = (squares[kind] ?? []).map { $0.map { 2 * $0 } }
      let (forget, retain) = isMLR ? (ofLinear, ofSquares) : (ofSquares, ofLinear)
      let count = retain.reduce(0) { $0 + $1.count }
      let mean = retain.reduce(0) { $1.reduce($0, +) } / Double(max(count, 1))
      // Where no unit has a divisor, the dividend alone ranks.
      let epsilon = mean > 0 ? damping * mean : 1
      ratios[kind] = zip(forget, retain).map { zip($0, $1).map { $0 / ($1 + epsilon) } }
    }
    return ratios
  }
}
