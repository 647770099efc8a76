/// Rewrites a regular expression from the reference's language (Oniguruma with Ruby's syntax) to that of PCRE2.
///
/// What the two read alike is copied. What differs is rewritten: `\s`, `\w`, `\d` and `\b` (other sets), `\h` and
/// `\v` (other meanings), `(?m)` (the dot, not the anchors), and categories and scripts that hold code points which
/// were assigned after Unicode 14. What cannot be rewritten is refused rather than matched differently.
enum PatternTranslation {
  /// Why a pattern is refused.
  struct Failure: Error {
    var words: String
  }

  static func translate(_ pattern: String) throws(Failure) -> String {
    var translator = Translator(Array(pattern.unicodeScalars))
    return try translator.run()
  }
}

private struct Translator {
  let input: [Unicode.Scalar]
  var place = 0
  var output = ""

  /// White_Space, but not U+180E, which PCRE2 has among its spaces.
  static let space =
    #"\x{9}-\x{D}\x{20}\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}"#
  static let notSpace =
    #"\x{0}-\x{8}\x{E}-\x{1F}\x{21}-\x{84}\x{86}-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}"#
    + #"\x{200B}-\x{2027}\x{202A}-\x{202E}\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{10FFFF}"#
  static let digit = #"\p{Nd}"# + ranges(CharacterTables.newerNd)
  /// Letters, marks, digits, connectors, six numbers of Latin-1, and the circled letters.
  static let word =
    #"\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{B2}\x{B3}\x{B9}\x{BC}-\x{BE}\x{24B6}-\x{24E9}\x{1F130}-\x{1F149}\x{1F150}-\x{1F169}\x{1F170}-\x{1F189}"#
    + ranges(CharacterTables.newerL) + ranges(CharacterTables.newerM)
    + ranges(CharacterTables.newerNd)

  /// All that is assigned and no control, and so not in `\p{C}`.
  static let assigned =
    #"\p{L}\p{M}\p{N}\p{P}\p{S}\p{Z}"# + ranges(CharacterTables.newerL)
    + ranges(CharacterTables.newerM) + ranges(CharacterTables.newerN)
    + ranges(CharacterTables.newerP) + ranges(CharacterTables.newerS)

  /// The categories there are; all other names are taken for scripts.
  static let categories: Set<String> = [
    "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc",
    "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "Cc",
    "Cf", "Co",
  ]

  static let newer: [String: [UInt32]] = [
    "L": CharacterTables.newerL, "M": CharacterTables.newerM,
    "N": CharacterTables.newerN, "P": CharacterTables.newerP, "S": CharacterTables.newerS,
    "Lu": CharacterTables.newerLu, "Ll": CharacterTables.newerLl, "Lm": CharacterTables.newerLm,
    "Lo": CharacterTables.newerLo, "Mn": CharacterTables.newerMn, "Mc": CharacterTables.newerMc,
    "Nd": CharacterTables.newerNd, "No": CharacterTables.newerNo, "Po": CharacterTables.newerPo,
    "So": CharacterTables.newerSo, "Cf": CharacterTables.newerCf, "Pd": CharacterTables.newerPd,
    "Sm": CharacterTables.newerSm, "Han": CharacterTables.newerHan,
    "Hiragana": CharacterTables.newerHiragana,
    "Katakana": CharacterTables.newerKatakana, "Latin": CharacterTables.newerLatin,
    "Cyrillic": CharacterTables.newerCyrillic,
    "Arabic": CharacterTables.newerArabic,
  ]

  static func ranges(_ bounds: [UInt32]) -> String {
    var text = ""
    for index in stride(from: 0, to: bounds.count - 1, by: 2) {
      text +=
        "\\x{\(String(bounds[index], radix: 16))}-\\x{\(String(bounds[index + 1], radix: 16))}"
    }
    return text
  }

  init(_ input: [Unicode.Scalar]) { self.input = input }

  func peek(_ ahead: Int = 0) -> Unicode.Scalar? {
    place + ahead < input.count ? input[place + ahead] : nil
  }

  mutating func copy(_ count: Int = 1) {
    for _ in 0..<count where place < input.count {
      output.unicodeScalars.append(input[place])
      place += 1
    }
  }

  mutating func run() throws(PatternTranslation.Failure) -> String {
    while let next = peek() {
      switch next {
      case "\\": try escape(inClass: false)
      case "[": try characterClass()
      case "(": try group()
      case "{": try interval()
      default: copy()
      }
    }
    return output
  }

  /// A group's opening; `m` is Ruby's name for what is `s` elsewhere.
  mutating func group() throws(PatternTranslation.Failure) {
    guard peek(1) == "?" else {
      if peek(1) == "*" { throw PatternTranslation.Failure(words: "'(*' is not supported") }
      copy()
      return
    }
    switch peek(2) {
    case ":", "=", "!", ">": copy(3)
    case "#":
      while let next = peek(), next != ")" { copy(next == "\\" ? 2 : 1) }
    case "<": copy(3)
    default:
      let start = place
      copy(2)
      while let next = peek(), next == "i" || next == "m" || next == "x" || next == "-" {
        output.unicodeScalars.append(next == "m" ? "s" : next)
        place += 1
      }
      switch peek() {
      case ":": copy()
      case ")" where start == 0: copy()
      default:
        throw PatternTranslation.Failure(
          words: "the group at character \(start) is of a kind that is not supported")
      }
    }
  }

  /// `{n,m}`; Ruby reads `{,m}` as well, and has no possessive form of it.
  mutating func interval() throws(PatternTranslation.Failure) {
    var end = place + 1
    while end < input.count, input[end] == "," || ("0"..."9").contains(input[end]) { end += 1 }
    guard end < input.count, input[end] == "}", end > place + 1 else {
      output += "\\{"
      place += 1
      return
    }
    if peek(1) == "," {
      output += "{0"
      place += 1
    }
    copy(end + 1 - place)
    if peek() == "+" {
      throw PatternTranslation.Failure(words: "'+' after an interval is not supported")
    }
  }

  mutating func characterClass() throws(PatternTranslation.Failure) {
    let start = place
    copy()
    if peek() == "^" { copy() }
    if peek() == "]" {
      output += "\\]"
      place += 1
    }
    while let next = peek() {
      switch next {
      case "]":
        copy()
        return
      case "\\": try escape(inClass: true)
      case "[" where peek(1) == ":":
        throw PatternTranslation.Failure(words: "'[:' in a class is not supported")
      case "[": throw PatternTranslation.Failure(words: "a class inside a class is not supported")
      case "&" where peek(1) == "&":
        throw PatternTranslation.Failure(words: "'&&' in a class is not supported")
      default: copy()
      }
    }
    throw PatternTranslation.Failure(words: "the class at character \(start) has no end")
  }

  mutating func set(_ members: String, inClass: Bool) {
    output += inClass ? members : "[" + members + "]"
    place += 2
  }

  mutating func escape(inClass: Bool) throws(PatternTranslation.Failure) {
    guard let letter = peek(1) else {
      throw PatternTranslation.Failure(words: "it ends in a backslash")
    }
    switch letter {
    case "s": set(Self.space, inClass: inClass)
    case "S": set(Self.notSpace, inClass: inClass)
    case "d": set(Self.digit, inClass: inClass)
    case "w": set(Self.word, inClass: inClass)
    case "h": set("0-9A-Fa-f", inClass: inClass)
    case "v": set(#"\x{B}"#, inClass: inClass)
    case "D" where !inClass: set("^" + Self.digit, inClass: false)
    case "W" where !inClass: set("^" + Self.word, inClass: false)
    case "H" where !inClass: set("^0-9A-Fa-f", inClass: false)
    case "b" where !inClass:
      let word = "[" + Self.word + "]"
      output += "(?:(?<=\(word))(?!\(word))|(?<!\(word))(?=\(word)))"
      place += 2
    case "B" where !inClass:
      let word = "[" + Self.word + "]"
      output += "(?:(?<=\(word))(?=\(word))|(?<!\(word))(?!\(word)))"
      place += 2
    case "A", "z", "Z", "k", "1"..."9":
      if inClass { throw refused(letter) }
      copy(2)
    case "t", "n", "r", "f", "a", "e", "0": copy(2)
    case "x": try hexadecimal()
    case "u": try codePoint()
    case "p", "P": try property(inClass: inClass)
    default:
      let isLetter = ("a"..."z").contains(letter) || ("A"..."Z").contains(letter)
      if isLetter { throw refused(letter) }
      copy(2)
    }
  }

  static func isHexadecimal(_ scalar: Unicode.Scalar) -> Bool {
    ("0"..."9").contains(scalar) || ("a"..."f").contains(scalar)
      || ("A"..."F").contains(scalar)
  }

  func refused(_ letter: Unicode.Scalar) -> PatternTranslation.Failure {
    PatternTranslation.Failure(words: "'\\\(letter)' at character \(place) is not supported here")
  }

  /// `\xHH` and `\x{H…}`; two digits above 7F would be a byte, not a character.
  mutating func hexadecimal() throws(PatternTranslation.Failure) {
    if peek(2) == "{" {
      copy(3)
      return
    }
    var digits = ""
    while digits.count < 2, let digit = peek(2 + digits.count), Self.isHexadecimal(digit) {
      digits.unicodeScalars.append(digit)
    }
    guard let value = UInt32(digits, radix: 16), value < 0x80 else { throw refused("x") }
    output += "\\x{\(digits)}"
    place += 2 + digits.count
  }

  mutating func codePoint() throws(PatternTranslation.Failure) {
    var digits = ""
    for ahead in 2..<6 {
      guard let digit = peek(ahead), Self.isHexadecimal(digit) else { throw refused("u") }
      digits.unicodeScalars.append(digit)
    }
    output += "\\x{\(digits)}"
    place += 6
  }

  /// `\p{…}`, `\p{^…}` and `\P{…}`.
  mutating func property(inClass: Bool) throws(PatternTranslation.Failure) {
    guard let letter = peek(1), peek(2) == "{" else { throw refused(peek(1) ?? "p") }
    var isNegated = letter == "P"
    var end = place + 3
    if end < input.count, input[end] == "^" {
      isNegated.toggle()
      end += 1
    }
    var name = ""
    while end < input.count, input[end] != "}" {
      name.unicodeScalars.append(input[end])
      end += 1
    }
    guard end < input.count else { throw refused(letter) }
    let short = name == "Letter" ? "L" : name
    place = end + 1
    if short == "C" {
      if isNegated {
        output += inClass ? Self.assigned : "[\(Self.assigned)]"
      } else {
        if inClass {
          throw PatternTranslation.Failure(words: "'\\p{C}' in a class is not supported")
        }
        output += "[^\(Self.assigned)]"
      }
      return
    }
    // The reference asks for the script alone, PCRE2 for its extensions unless told otherwise.
    let property = Self.categories.contains(short) ? short : "sc:" + short
    let added = Self.ranges(Self.newer[short] ?? [])
    if !isNegated {
      output += inClass ? "\\p{\(property)}\(added)" : "[\\p{\(property)}\(added)]"
    } else if !inClass {
      output += "[^\\p{\(property)}\(added)]"
    } else if added.isEmpty {
      output += "\\P{\(property)}"
    } else {
      throw PatternTranslation.Failure(words: "'\\P{\(name)}' in a class is not supported")
    }
  }
}
