import SampleModels

/// Invented people, of whom a small language model learns facts that it can have from nowhere else.
///
/// The forgotten are asked to be unlearned, the retained are not, the unseen no model is ever shown. Within each of
/// the three every value of an attribute is dealt equally often, give or take one, and independently of the others:
/// a model that never saw a person names a right value once in ``valuesPerAttribute`` times, whatever else it knows.
/// Names are dealt from 32 first and 32 last ones, so that a name alone tells little.
public struct InventedPeople: Sendable {
  /// How many people, and how much is known of each.
  public struct Sizes: Sendable, Hashable {
    /// People that a model is trained on, the forgotten among them.
    public var people = 120
    /// People that are to be forgotten, and as many that no model is shown.
    public var forgotten = 20
    /// What is known of each person.
    public var attributes = 8

    /// The sizes that the demo and the experiments use.
    public init() {}
  }

  /// Who a person is to the experiment.
  public enum Group: Sendable, Hashable, CaseIterable {
    /// Trained on, then to be unlearned.
    case forgotten
    /// Trained on, and to be kept.
    case retained
    /// Never trained on.
    case unseen
  }

  /// One thing that is known of one person.
  public struct Fact: Sendable, Hashable {
    /// The person's name.
    public let subject: String
    /// What the person is to the experiment.
    public let group: Group
    /// What is known.
    public let attribute: String
    /// Whether an attacker who wants the forgotten facts back gets this one.
    ///
    /// The first half of the attributes leaks; it tells nothing of the others to a model that has forgotten them.
    public let isLeaked: Bool
    /// The word that decides.
    public let value: String
    /// What is asked.
    public let question: String
    /// What is answered.
    public let answer: String
    /// The question in other words.
    public let paraphrasedQuestion: String
    /// The answer in other words.
    public let paraphrasedAnswer: String
    /// The paraphrased answer with five other values, as the truth ratio compares them.
    public let perturbedAnswers: [String]
  }

  /// How many values an attribute has.
  public static let valuesPerAttribute = 24
  /// How many attributes there are to choose from.
  public static let attributeLimit = Attribute.all.count
  /// How many people have distinct names, the unseen included.
  public static let peopleLimit = Attribute.firstNames.count * Attribute.lastNames.count

  /// All facts, those of a person together.
  public let facts: [Fact]

  /// Invents people; the same for the same sizes and seed.
  public init(_ sizes: Sizes = Sizes(), seed: UInt64) throws(SampleDataError) {
    guard (1..<Self.peopleLimit).contains(sizes.people) else {
      throw .sizes("from 1 to \(Self.peopleLimit - 1) people have names, not \(sizes.people)")
    }
    guard (1..<sizes.people).contains(sizes.forgotten) else {
      throw .sizes(
        "some but not all of \(sizes.people) people are forgotten, not \(sizes.forgotten)")
    }
    guard sizes.people + sizes.forgotten <= Self.peopleLimit else {
      throw .sizes("\(sizes.people) people and \(sizes.forgotten) unseen ones have too few names")
    }
    guard (2...Self.attributeLimit).contains(sizes.attributes) else {
      throw .sizes(
        "a person has from 2 to \(Self.attributeLimit) attributes, not \(sizes.attributes)")
    }
    var deck = Deck(seed: seed)
    var names = Self.names(sizes.people + sizes.forgotten, &deck)[...]
    var facts: [Fact] = []
    for (group, count) in [
      (Group.forgotten, sizes.forgotten), (.retained, sizes.people - sizes.forgotten),
      (.unseen, sizes.forgotten),
    ] {
      let attributes = Attribute.all.prefix(sizes.attributes)
      let values = attributes.map { deck.deal(count, from: $0.values) }
      for (person, name) in names.prefix(count).enumerated() {
        for (index, attribute) in attributes.enumerated() {
          let value = values[index][person]
          let others = deck.shuffled(attribute.values.filter { $0 != value }).prefix(5)
          facts.append(
            Fact(
              attribute, of: name, group, isLeaked: index < sizes.attributes / 2, value: value,
              others: others))
        }
      }
      names = names.dropFirst(count)
    }
    self.facts = facts
  }

  /// Distinct names, in which each first and each last name comes about equally often.
  private static func names(_ count: Int, _ deck: inout Deck) -> [String] {
    let first = deck.shuffled(Attribute.firstNames)
    let last = deck.shuffled(Attribute.lastNames)
    let names = (0..<count).map { index in
      "\(first[index % first.count]) \(last[(index + index / first.count) % last.count])"
    }
    return deck.shuffled(names)
  }
}

extension InventedPeople.Fact {
  fileprivate init(
    _ attribute: Attribute, of name: String, _ group: InventedPeople.Group, isLeaked: Bool,
    value: String, others: some Sequence<String>
  ) {
    subject = name
    self.group = group
    self.attribute = attribute.name
    self.isLeaked = isLeaked
    self.value = value
    question = attribute.question.replacing("{name}", with: name)
    answer = attribute.answer.replacing("{value}", with: value)
    paraphrasedQuestion = attribute.paraphrasedQuestion.replacing("{name}", with: name)
    paraphrasedAnswer = attribute.paraphrasedAnswer.replacing("{value}", with: value)
    perturbedAnswers = others.map { attribute.paraphrasedAnswer.replacing("{value}", with: $0) }
  }
}

/// Cards that fall the same for the same seed, whatever the standard library's version.
private struct Deck {
  private var bits: SeededBits

  init(seed: UInt64) { bits = SeededBits(seed: seed) }

  mutating func shuffled(_ cards: [String]) -> [String] {
    var cards = cards
    for place in cards.indices.dropFirst().reversed() {
      // The bias of the remainder is under 2⁻⁵⁰.
      cards.swapAt(place, Int(bits.next() % UInt64(place + 1)))
    }
    return cards
  }

  /// As many cards as wanted, each equally often, give or take one.
  mutating func deal(_ count: Int, from cards: [String]) -> [String] {
    var dealt: [String] = []
    while dealt.count < count { dealt += shuffled(cards) }
    return shuffled(Array(dealt.prefix(count)))
  }
}
