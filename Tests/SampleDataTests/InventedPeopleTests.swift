import Architecture
import Attestation
import SampleData
import Storage
import StrictJSON
import TestSupport
import Testing
import Tokenization
import Training

@Suite("Invented people") struct InventedPeopleTests {
  private typealias Split = InventedPeople.Split
  private let people: InventedPeople

  init() throws { people = try InventedPeople(seed: 1) }

  private func small(_ change: (inout InventedPeople.Sizes) -> Void) throws -> InventedPeople {
    var sizes = InventedPeople.Sizes()
    change(&sizes)
    return try InventedPeople(sizes, seed: 7)
  }

  @Test func `the same seed gives the same bytes, everywhere and always`() throws {
    #expect(
      SHA256.digest(of: try people.lines(of: .train)).hex
        == "49baaada63899afb3b329ccff3e2e1a0762b33f8298c7cbbe792412a05fbad24")
    #expect(
      SHA256.digest(of: try people.lines(of: .test)).hex
        == "1f580273f9d50b6d67cd02bfe45816f270badfda294fd3822f81c255178487bc")
    #expect(
      SHA256.digest(of: try people.tokenizer()).hex
        == "a362cb3539c4496e373cd71235838b99578f4aab4f07b743a53285e64ff06e6b")
    #expect(try InventedPeople(seed: 1).facts == people.facts)
    #expect(try InventedPeople(seed: 2).facts != people.facts)
  }

  @Test func `the splits are disjoint and complete`() throws {
    func facts(_ split: Split) -> Set<InventedPeople.Fact> { Set(people.facts(of: split)) }
    func subjects(_ split: Split) -> Set<String> { Set(people.facts(of: split).map(\.subject)) }
    #expect(facts(.train).count == 120 * 8)
    #expect(facts(.test).count == 20 * 8)
    #expect(facts(.forget).union(facts(.retain)) == facts(.train))
    #expect(facts(.forget) == facts(.forgetTrain) && facts(.retain) == facts(.retainTrain))
    #expect(facts(.relearnLeak).union(facts(.relearnHeld)) == facts(.forget))
    #expect(facts(.relearnLeak).isDisjoint(with: facts(.relearnHeld)))
    #expect(subjects(.relearnLeak) == subjects(.relearnHeld))
    #expect(subjects(.forget).count == 20 && subjects(.retain).count == 100)
    #expect(subjects(.forget).isDisjoint(with: subjects(.retain)))
    #expect(subjects(.test).isDisjoint(with: subjects(.train)))
    let lines = try [Split.train, .retainTrain, .forgetTrain].map { split in
      Set(try people.lines(of: split).split(separator: 0x0A))
    }
    #expect(lines[1].union(lines[2]) == lines[0] && lines[1].isDisjoint(with: lines[2]))
    #expect(lines[0].count == 2 * facts(.train).count)
  }

  @Test func `names are distinct, and made of parts that the retained have too`() throws {
    let names = Set(people.facts.map(\.subject))
    #expect(names.count == 140)
    let retained = Set(people.facts(of: .retain).flatMap { $0.subject.split(separator: " ") })
    for name in names {
      let parts = name.split(separator: " ")
      #expect(parts.count == 2 && retained.isSuperset(of: parts), "\(name)")
    }
    let most = try small {
      $0.people = InventedPeople.peopleLimit - 1
      $0.forgotten = 1
      $0.attributes = 2
    }
    #expect(Set(most.facts.map(\.subject)).count == InventedPeople.peopleLimit)
  }

  @Test func `a wrong answer differs from the right one in its value alone`() {
    for fact in people.facts {
      let rest = fact.paraphrasedAnswer.split(separator: fact.value)
      #expect(Set(fact.perturbedAnswers).count == 5)
      for wrong in fact.perturbedAnswers {
        #expect(wrong != fact.paraphrasedAnswer && !wrong.contains(fact.value))
        #expect(rest.allSatisfy { wrong.contains($0) }, "\(wrong)")
      }
    }
  }

  @Test func `a fact is asked of its person and decided by its value`() {
    for fact in people.facts {
      for question in [fact.question, fact.paraphrasedQuestion] {
        #expect(question.contains(fact.subject) && !question.contains(fact.value), "\(question)")
        #expect(!question.contains("{"))
      }
      for answer in [fact.answer, fact.paraphrasedAnswer] {
        #expect(answer.contains(fact.value) && !answer.contains("{"), "\(answer)")
      }
    }
  }

  @Test func `every value is dealt about equally often, in each group for itself`() throws {
    let most = try small { $0.attributes = InventedPeople.attributeLimit }
    for group in InventedPeople.Group.allCases {
      let facts = most.facts.filter { $0.group == group }
      for (attribute, facts) in Dictionary(grouping: facts, by: \.attribute) {
        let counts = Dictionary(grouping: facts, by: \.value).mapValues(\.count)
        let even = facts.count / InventedPeople.valuesPerAttribute
        #expect(counts.values.allSatisfy { even...even + 1 ~= $0 }, "\(attribute)")
      }
    }
    let attributesOfValue = Dictionary(grouping: most.facts, by: \.value).mapValues { facts in
      Set(facts.map(\.attribute)).count
    }
    #expect(attributesOfValue.count == InventedPeople.attributeLimit * 24)
    #expect(attributesOfValue.values.allSatisfy { $0 == 1 })
  }

  @Test func `the files are read, and the encoder makes one token of each value`() throws {
    let folder = try TemporaryFolder()
    let tokenizerBytes = try people.tokenizer()
    let tokenizer = try Tokenizer(parsing: tokenizerBytes)
    let encoder = ExampleEncoder(
      tokenizer, task: .languageModel, limit: 64, end: tokenizer.id(of: InventedPeople.endToken))
    for split in Split.allCases {
      let path = folder.file(split.fileName)
      let bytes = try people.lines(of: split)
      try AtomicFile.write(bytes.rawSpan, to: path)
      let file = try DataFile(path: path)
      let facts = people.facts(of: split)
      #expect(file.examples.count == facts.count * (split.hasBothWordings ? 2 : 1))
      let encoded = try encoder.encode(file)
      #expect(encoded.allSatisfy { $0.count <= 32 && $0.labelCount >= 5 })
      guard !split.hasBothWordings else { continue }
      for (example, fact) in zip(file.examples, facts) {
        #expect(
          example
            == .answered(
              Example.Answered(
                question: fact.question, answer: fact.answer,
                paraphrasedQuestion: fact.paraphrasedQuestion,
                paraphrasedAnswer: fact.paraphrasedAnswer, perturbedAnswers: fact.perturbedAnswers))
        )
      }
    }
    for fact in people.facts {
      #expect(try tokenizer.encode(" \(fact.value)").count == 1, "\(fact.value)")
      #expect(try tokenizer.encode(" \(fact.subject)").count == 2, "\(fact.subject)")
    }
  }

  @Test func `the configuration describes a model that fits the tokenizer`() throws {
    let bytes = try people.tokenizer()
    let tokenizer = try Tokenizer(parsing: bytes)
    let config = try JSONValue(parsing: try people.config(tokenizer: bytes), byteLimit: 1 << 16)
    let plan = try ModelPlan(newFrom: ModelConfiguration(config).json, task: .languageModel)
    #expect(plan.vocabulary == tokenizer.vocabularySize)
    #expect(plan.dimensions.layers == 4 && plan.dimensions.queryHeads == 8)
    let end = try JSONField(config)["eos_token_id"].count()
    #expect(tokenizer.id(of: InventedPeople.endToken) == Int32(end))
  }

  @Test(
    "sizes that can't be are refused",
    arguments: [
      [0, 1, 8], [20, 0, 8], [20, 20, 8], [1024, 20, 8], [1020, 20, 8], [20, 5, 1], [20, 5, 13],
      [.max, 5, 8], [20, -1, 8],
    ])
  func refusal(of numbers: [Int]) {
    var sizes = InventedPeople.Sizes()
    sizes.people = numbers[0]
    sizes.forgotten = numbers[1]
    sizes.attributes = numbers[2]
    #expect(throws: SampleDataError.self) { try InventedPeople(sizes, seed: 7) }
  }
}
