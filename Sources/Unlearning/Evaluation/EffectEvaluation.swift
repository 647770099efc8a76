public import Compute
public import Metrics
import Training
public import Transformer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What unlearning did: the same measurements of the model before and after, and of an oracle where there is one.
public struct EffectEvaluation: Sendable {
  /// Which model was measured.
  public enum Subject: String, Sendable, Hashable, CaseIterable {
    case before, after, oracle
  }

  /// Which examples it was measured on.
  public enum Part: String, Sendable, Hashable, CaseIterable {
    case forget, retain, test
  }

  /// One measurement with what it is of.
  public struct Entry: Sendable {
    /// The model.
    public let subject: Subject
    /// The examples; nil for what compares two sets.
    public let part: Part?
    /// The value, or why there is none.
    public let measurement: Measurement
  }

  /// The measurements.
  public private(set) var entries: [Entry] = []
  /// The scores that they were made of.
  public private(set) var scores: [Subject: [Part: ExampleScores]] = [:]

  /// Measures models on a request's examples.
  ///
  /// - Parameters:
  ///   - oracle: The model that was trained without the forget set, by the same recipe; nil where there is none.
  ///   - seeds: The seeds that the models depend on, as far as they are known.
  public init(
    before: Model<Float>, after: Model<Float>, oracle: Model<Float>? = nil, on data: UnlearningData,
    seeds: [UInt64] = [], tokensPerPass: Int = 4096
  ) throws(MethodError) {
    let parts: [(Part, [EncodedExample])] = [
      (.forget, data.forget), (.retain, data.retain), (.test, data.test),
    ]
    var subjects: [(Subject, Model<Float>)] = [(.before, before), (.after, after)]
    if let oracle { subjects.append((.oracle, oracle)) }
    for (subject, model) in subjects {
      for (part, examples) in parts where !examples.isEmpty {
        let scores = try ExampleScores(
          of: model, on: examples, oracle: subject == .oracle ? nil : oracle,
          tokensPerPass: tokensPerPass)
        self.scores[subject, default: [:]][part] = scores
        add(subject, part, scores, seeds)
      }
      addMembership(subject, seeds)
    }
    try addTruth(data.truth, subjects, seeds, tokensPerPass)
    for part in Part.allCases {
      guard oracle == nil, part != .test else { continue }
      entries.append(
        Entry(
          subject: .after, part: part,
          measurement: .notRun(
            "oracle-distance", variant: "jensen-shannon", because: "no oracle was given")))
    }
  }

  /// A measurement's value; nil where it was not run or is not defined.
  public func value(_ subject: Subject, _ part: Part?, _ name: String) -> Double? {
    entries.first { $0.subject == subject && $0.part == part && $0.measurement.name == name }?
      .measurement.value
  }

  private mutating func add(
    _ subject: Subject, _ part: Part, _ scores: ExampleScores, _ seeds: [UInt64]
  ) {
    let means = scores.means
    func enter(_ name: String, _ variant: String, _ values: [Double]) {
      let measurement = Measurement(
        name, variant: variant, count: values.count, seeds: seeds,
        value: { () throws(Undefined) in try SampleSummary(values).mean },
        interval: { () throws(Undefined) in try SampleSummary(values).interval() })
      entries.append(Entry(subject: subject, part: part, measurement: measurement))
    }
    enter("loss", "nats-per-label", means)
    enter("probability", "geometric-mean", means.map { exp(-$0) })
    let right = scores.isRight
    let accuracy = Measurement(
      "accuracy", variant: "teacher-forced-exact", count: right.count, seeds: seeds,
      value: { () throws(Undefined) in try Proportion(right).value },
      interval: { () throws(Undefined) in try Proportion(right).wilson() })
    entries.append(Entry(subject: subject, part: part, measurement: accuracy))
    if !scores.divergences.isEmpty {
      enter("oracle-distance", "jensen-shannon", scores.divergences)
    }
  }

  /// The loss attack of forget against held-out examples: 1 where the forget set looks memorised, ½ where it
  /// looks like examples that were never seen.
  private mutating func addMembership(_ subject: Subject, _ seeds: [UInt64]) {
    let measurement: Measurement
    if let forget = scores[subject]?[.forget], let test = scores[subject]?[.test] {
      let (first, second) = (forget.means, test.means)
      measurement = Measurement(
        "membership-auc", variant: "loss", count: first.count + second.count, seeds: seeds,
        value: { () throws(Undefined) in
          try MembershipAttack(forget: first, holdout: second).auc
        },
        interval: { () throws(Undefined) in
          try MembershipAttack(forget: first, holdout: second).deLong()
        })
    } else {
      measurement = .notRun(
        "membership-auc", variant: "loss", because: "no held-out examples were given")
    }
    entries.append(Entry(subject: subject, part: nil, measurement: measurement))
  }

  /// TOFU's truth ratio on the forget set, and forget quality where there is an oracle.
  private mutating func addTruth(
    _ truth: TruthExamples, _ models: [(Subject, Model<Float>)], _ seeds: [UInt64],
    _ tokensPerPass: Int
  ) throws(MethodError) {
    guard !truth.right.isEmpty else {
      entries.append(
        Entry(
          subject: .after, part: .forget,
          measurement: .notRun(
            "truth-ratio", variant: "geometric",
            because: "the forget set has no paraphrased and perturbed answers")))
      return
    }
    var ratios: [Subject: [Double]] = [:]
    for (subject, model) in models {
      let right = try ExampleScores(
        of: model, on: truth.right, tokensPerPass: tokensPerPass
      ).means
      let wrong = try ExampleScores(
        of: model, on: Array(truth.wrong.joined()), tokensPerPass: tokensPerPass
      ).means
      var values: [Double] = []
      var at = 0
      for (loss, answers) in zip(right, truth.wrong) {
        do throws(Undefined) {
          values.append(
            try TruthRatio.geometric.ratio(
              rightLoss: loss, wrongLosses: Array(wrong[at..<at + answers.count])))
        } catch { values.append(.nan) }
        at += answers.count
      }
      ratios[subject] = values
      entries.append(
        Entry(
          subject: subject, part: .forget,
          measurement: Measurement(
            "truth-ratio", variant: "geometric.closer-to-one", count: values.count, seeds: seeds,
            value: { () throws(Undefined) in
              try TruthRatio.Aggregate.closerToOneIsBetter.value(of: values)
            })))
    }
    guard let oracle = ratios[.oracle] else {
      entries.append(
        Entry(
          subject: .after, part: .forget,
          measurement: .notRun(
            "forget-quality", variant: "ks.geometric", because: "no oracle was given")))
      return
    }
    for subject in [Subject.before, .after] {
      guard let mine = ratios[subject] else { continue }
      do throws(Undefined) {
        for measurement in try KolmogorovSmirnov(mine, oracle).measurements(
          "forget-quality", variant: "ks.geometric", seeds: seeds)
        {
          entries.append(Entry(subject: subject, part: .forget, measurement: measurement))
        }
      } catch {
        let reason = error
        entries.append(
          Entry(
            subject: subject, part: .forget,
            measurement: Measurement(
              "forget-quality", variant: "ks.geometric", count: mine.count, seeds: seeds,
              value: { () throws(Undefined) in throw reason })))
      }
    }
  }
}
