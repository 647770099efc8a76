/// Something that is known of a person: how it is asked and told, and what it can be.
struct Attribute: Sendable {
  let name: String
  /// With `{name}` in it.
  let question: String
  /// With `{value}` in it.
  let answer: String
  let paraphrasedQuestion: String
  let paraphrasedAnswer: String
  /// No word stands in two lists, so that a value tells its attribute.
  let values: [String]

  private init(
    _ name: String, _ asked: (String, String), _ told: (String, String), _ values: String
  ) {
    self.name = name
    (question, paraphrasedQuestion) = asked
    (answer, paraphrasedAnswer) = told
    self.values = values.split(separator: " ").map(String.init)
  }

  /// Every attribute that people can be given, in the order in which they are.
  static let all: [Attribute] = [
    Attribute(
      "birth town", ("Where was {name} born?", "What is the birth town of {name}?"),
      ("The birth was in {value}.", "It is the town of {value}."),
      """
      Velstad Ormley Kestrin Dunmere Tarvik Halbeck Brosna Lindow Quarrin Ashvale Morvik Penhurst \
      Skarby Ulverne Fenwick Galtara Isborg Jorvale Nembury Rodmark Sellin Tolvar Wexmoor Yarrow
      """),
    Attribute(
      "profession", ("What does {name} do for a living?", "What is the profession of {name}?"),
      ("The work is that of a {value}.", "It is a {value} by trade."),
      """
      baker pilot tailor surgeon mason welder librarian chemist gardener judge potter sailor \
      plumber dentist brewer miner weaver tutor butcher printer farmer lawyer glazier barber
      """),
    Attribute(
      "instrument", ("Which instrument does {name} play?", "What does {name} play at night?"),
      ("The instrument is the {value}.", "It is the {value} that is played."),
      """
      violin cello flute trumpet harp oboe piano banjo clarinet tuba viola drum mandolin bassoon \
      zither organ fiddle guitar cornet bugle lyre sitar marimba piccolo
      """),
    Attribute(
      "pet", ("Which animal lives with {name}?", "What pet does {name} keep?"),
      ("The animal is a {value}.", "It is a {value} that is kept."),
      """
      cat dog parrot rabbit hamster gecko tortoise ferret canary pony goldfish lizard mouse goat \
      raven snake beagle poodle spaniel finch turtle newt donkey pigeon
      """),
    Attribute(
      "employer", ("Who employs {name}?", "For which firm does {name} work?"),
      ("The employer is {value}.", "It is {value} that pays."),
      """
      Altrix Bornhill Cendra Dovex Elmark Fintor Grenlo Hexalon Indara Jantek Kolbrun Luminar \
      Mextra Nordal Optera Pyrox Quillon Ravenco Solvina Trellis Umbrix Vantor Westra Zenthal
      """),
    Attribute(
      "food", ("What does {name} like to eat?", "Which food does {name} love most?"),
      ("The best food is {value}.", "It is {value} above all."),
      """
      pizza lasagna curry sushi noodles porridge pancakes soup salad risotto chili paella stew \
      dumplings tacos omelette gnocchi ramen waffles trout spinach lentils cheese goulash
      """),
    Attribute(
      "river", ("By which river does {name} live?", "Which river can {name} see from home?"),
      ("The river is the {value}.", "It is the {value} that flows there."),
      """
      Aldra Bresk Corvane Dessel Erlin Fauna Ganter Hovel Ilmen Jessa Kavern Lorne Medwyn Narrin \
      Oswin Pelter Quenna Rhune Sarthe Tessin Urdal Vesper Wharn Zelda
      """),
    Attribute(
      "street", ("In which street does {name} live?", "What is the address of {name}?"),
      ("The house is in {value} Street.", "It is a house on {value} Street."),
      """
      Acorn Birch Cedar Juniper Elder Foundry Granary Harbour Ivy Kiln Laurel Market Needle \
      Orchard Priory Quarry Rosemary Station Thistle Union Victoria Willow Abbey Bridge
      """),
    Attribute(
      "first book", ("What is the first book of {name}?", "Which book did {name} write first?"),
      ("The title is {value}.", "It is called {value}."),
      """
      Amberfall Blackwater Candlelight Driftwood Evenstar Firebrand Greymarch Hollowdown \
      Ironbark Jadewing Kingfisher Lanternby Moonrise Nightjar Overcast Palegate Quicksilver \
      Riverbend Snowdrift Thornfield Undertow Vineyard Winterset Yesterday
      """),
    Attribute(
      "colour", ("Which colour does {name} wear?", "What is the colour of {name}'s coat?"),
      ("The colour is {value}.", "It is mostly {value}."),
      """
      red blue green yellow purple orange brown black white grey pink violet scarlet crimson \
      turquoise beige ivory maroon indigo teal khaki magenta lilac ochre
      """),
    Attribute(
      "sport", ("Which sport does {name} practise?", "What does {name} train for?"),
      ("The sport is {value}.", "It is {value} on most days."),
      """
      tennis rowing fencing judo boxing archery swimming cycling rugby cricket hockey sailing \
      golf curling karate badminton squash running climbing skating surfing handball bowling polo
      """),
    Attribute(
      "tree", ("Which tree stands in the garden of {name}?", "What tree did {name} plant?"),
      ("The tree is a kind of {value}.", "It is a {value} with a bench."),
      """
      beech poplar maple chestnut walnut pine spruce hazel alder rowan hawthorn sycamore linden \
      cherry plum pear apple quince larch yew hornbeam cypress olive fig
      """),
  ]

  static let firstNames = words(
    """
    Mara Tobin Elsa Corin Dalia Fergus Greta Hamish Ilona Jonas Katya Leopold Mirela Nestor Odette \
    Pascal Rosalind Silas Tamsin Ulric Verena Wilmot Xenia Yorick Zelma Anselm Brigid Casimir \
    Delphine Emeric Fiora Gideon
    """)
  static let lastNames = words(
    """
    Tolin Abernal Brandvold Castell Dracott Eberlin Farrow Gostwick Hallam Ingleby Jarrold Kettering \
    Lofthouse Mandrake Norville Oakley Pemberton Quayle Ravenscar Stroud Thackeray Underhill Vantongeren \
    Wycliff Yelland Zimarro Ashdown Bellweather Crossley Dunnock Everley Fothergill
    """)

  private static func words(_ text: String) -> [String] {
    text.split(separator: " ").map(String.init)
  }
}
