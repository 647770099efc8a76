import Compute
import Training

extension EvaluationOptions.Relearning.Source {
  /// What the attacker trains on, and what is looked at; one pair for each attack that is run.
  func splits(
    of examples: [EncodedExample], _ attack: RelearningAttack
  ) -> [(leaked: [EncodedExample], held: [EncodedExample])] {
    switch self {
    case .share(let share): return [attack.split(examples, leakedShare: share)]
    case .others(let texts): return [(texts, examples)]
    case .folds(let count):
      guard count > 1, examples.count >= count else { return [] }
      var random = RandomNumbers(seed: attack.seed &+ 5)
      let order = random.permutation(examples.count)
      return (0..<count).map { fold in
        let parts = order.indices.map { $0 % count == fold }
        func chosen(_ isHeld: Bool) -> [EncodedExample] {
          zip(order, parts).filter { $0.1 == isHeld }.map(\.0).sorted().map { examples[$0] }
        }
        return (chosen(false), chosen(true))
      }
    }
  }

  /// What stands in a variant for what the attacker trains on.
  var name: String {
    switch self {
    case .share: "leaked"
    case .folds(let count): "leaked(\(count)-fold)"
    case .others: "others"
    }
  }

  /// Why so many forget examples can't be attacked.
  func refusal(_ count: Int) -> String {
    switch self {
    case .share: "the forget set has \(count) examples, which can't be parted in two"
    case .folds(let folds):
      "the forget set has \(count) examples, which can't be parted in \(folds)"
    case .others: count == 0 ? "there are no forget examples" : "there are no other texts"
    }
  }
}
