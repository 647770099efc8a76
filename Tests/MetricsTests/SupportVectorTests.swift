import Metrics
import StrictJSON
import Testing

@Suite("Support vector attack") struct SupportVectorTests {
  private func rows(_ field: JSONField) throws -> [[Double]] {
    try field.elements().map { try $0.numbers() }
  }

  @Test func `predictions equal scikit-learn's, decisions nearly`() throws {
    var deviation = Deviation()
    for row in try Fixture.rows("svc") {
      let gamma = try #require(SupportVectorAttack.Gamma(rawValue: try row[3].text()))
      let attack = try SupportVectorAttack(
        members: try rows(row[0]), nonMembers: try rows(row[1]), gamma: gamma)
      let asked = try rows(row[2])
      let members = try row[4].integers()
      let decisions = try row[5].numbers()
      for (index, example) in asked.enumerated() {
        let decision = try attack.decision(example)
        #expect((decision <= 0) == (members[index] == 1), "\(example): \(decision)")
        // scikit-learn counts the side of the members as positive.
        deviation.add(-decision, decisions[index])
      }
      let share = try attack.nonMemberShare(of: asked)
      #expect(share.successes == members.count { $0 == 0 } && share.count == asked.count)
    }
    // Seen: 5e-10, the fixture's last digit. Another version may stop elsewhere within the tolerance of 0.001.
    deviation.check(within: 1e-6, "decisions")
  }

  @Test func `the same examples give the same machine, in whatever units`() throws {
    var dice = Dice(seed: 11)
    let (yes, no) = (dice.values(40, grid: 500), dice.values(40, grid: 500, shift: 0.3))
    let attack = try SupportVectorAttack(members: yes, nonMembers: no)
    #expect(attack == (try SupportVectorAttack(members: yes, nonMembers: no)))
    #expect(attack.variant == "svc.rbf(C=3,gamma=scale)")
    let asked = dice.values(30, grid: 500, shift: 0.1)
    let share = try attack.nonMemberShare(of: asked)
    func mapped(_ values: [Double]) -> [Double] { values.map { 1024 * $0 - 5000 } }
    let other = try SupportVectorAttack(members: mapped(yes), nonMembers: mapped(no))
    #expect(try other.nonMemberShare(of: mapped(asked)) == share)
  }

  @Test func `machines trained at the same time are equal, and say nothing`() async throws {
    let result = await #expect(
      processExitsWith: .success,
      observing: [\.standardOutputContent, \.standardErrorContent]
    ) {
      var dice = Dice(seed: 12)
      let (yes, no) = (dice.values(200, grid: 900), dice.values(200, grid: 900, shift: 0.1))
      let machines = try await withThrowingTaskGroup(of: SupportVectorAttack.self) { group in
        for _ in 0..<8 {
          group.addTask { try SupportVectorAttack(members: yes, nonMembers: no) }
        }
        return try await group.reduce(into: Set()) { $0.insert($1) }
      }
      try #require(machines.count == 1)
    }
    #expect(result?.standardOutputContent == [] && result?.standardErrorContent == [])
  }

  @Test func `features that hardly vary, and huge ones, are told apart`() throws {
    let (yes, no) = ([0.5 + 1e-12, 0.5 + 2e-12], [0.5 - 1e-12, 0.5 - 2e-12])
    let narrow = try SupportVectorAttack(members: yes, nonMembers: no)
    #expect(try narrow.nonMemberShare(of: yes + no).successes == 2)
    let wide = try SupportVectorAttack(members: [1e150, 2e150], nonMembers: [-1e150, -2e150])
    #expect(try wide.nonMemberShare(of: [1e150, -1e150]).successes == 1)
    // Too far from all for the kernel, which leaves the offset.
    #expect(try wide.decision([1e308]).isFinite)
    expectUndefined("out-of-range") { () throws(Undefined) in
      try SupportVectorAttack(members: [1e200], nonMembers: [-1e200])
    }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try SupportVectorAttack(members: [1e200], nonMembers: [-1e200], gamma: .auto)
    }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try SupportVectorAttack(members: [1e-200], nonMembers: [-1e-200])
    }
  }

  @Test func `what can't be trained on is refused with a reason`() throws {
    expectUndefined("empty") { () throws(Undefined) in
      try SupportVectorAttack(members: [0.5], nonMembers: [])
    }
    expectUndefined("constant") { () throws(Undefined) in
      try SupportVectorAttack(members: [0.5, 0.5], nonMembers: [0.5])
    }
    expectUndefined("not-a-number") { () throws(Undefined) in
      try SupportVectorAttack(members: [.nan], nonMembers: [0.5])
    }
    expectUndefined("infinite") { () throws(Undefined) in
      try SupportVectorAttack(members: [1], nonMembers: [.infinity])
    }
    expectUndefined("counts-differ") { () throws(Undefined) in
      try SupportVectorAttack(members: [[1, 2]], nonMembers: [[1]])
    }
    expectUndefined("empty") { () throws(Undefined) in
      try SupportVectorAttack(members: [[]], nonMembers: [[]])
    }
    expectUndefined("too-many") { () throws(Undefined) in
      try SupportVectorAttack(
        members: [Double](repeating: 1, count: SupportVectorAttack.knownLimit), nonMembers: [0])
    }
    expectUndefined("too-many") { () throws(Undefined) in
      try SupportVectorAttack(
        members: [[Double](repeating: 1, count: SupportVectorAttack.valueLimit / 2 + 1)],
        nonMembers: [[0]])
    }
    let attack = try SupportVectorAttack(members: [1, 0.9], nonMembers: [0.1])
    expectUndefined("empty") { () throws(Undefined) in
      try attack.nonMemberShare(of: [] as [Double])
    }
    expectUndefined("counts-differ") { () throws(Undefined) in
      try attack.nonMemberShare(of: [[1, 2]])
    }
    expectUndefined("not-a-number") { () throws(Undefined) in
      try attack.nonMemberShare(of: [.nan])
    }
  }

  @Test func `features of a classifier's output equal the references`() throws {
    var deviation = Deviation()
    for row in try Fixture.rows("outputs") {
      let output = try ClassifierOutput(
        probabilities: try row[0].numbers(), label: try row[1].integer())
      #expect(output.values(.correctness) == [Double(try row[2].integer())])
      #expect(output.values(.confidence) == [output.probabilities[output.label]])
      #expect(output.values(.probabilities) == output.probabilities)
      deviation.add(output.values(.entropy)[0], try row[3].number())
      deviation.add(output.values(.modifiedEntropy)[0], try row[4].number())
    }
    deviation.check(within: 1e-14, "entropies")
  }

  @Test func `sure outputs have finite features, and others than distributions are refused`() throws
  {
    let right = try ClassifierOutput(probabilities: [0, 1, 0], label: 1)
    #expect(right.values(.entropy) == [0] && right.values(.modifiedEntropy) == [0])
    let wrong = try ClassifierOutput(probabilities: [0, 1, 0], label: 0)
    let value = wrong.values(.modifiedEntropy)[0]
    #expect(abs(value - 2 * 69.07755278982137) < 1e-12 && wrong.values(.correctness) == [0])
    let tied = try ClassifierOutput(probabilities: [0.5, 0.5], label: 1)
    #expect(tied.values(.correctness) == [0])
    expectUndefined("not-a-distribution") { () throws(Undefined) in
      try ClassifierOutput(probabilities: [0.5, 0.4], label: 0)
    }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try ClassifierOutput(probabilities: [1.5, -0.5], label: 0)
    }
    expectUndefined("out-of-range") { () throws(Undefined) in
      try ClassifierOutput(probabilities: [1], label: 1)
    }
    expectUndefined("not-a-number") { () throws(Undefined) in
      try ClassifierOutput(probabilities: [.nan, 1], label: 0)
    }
  }
}
