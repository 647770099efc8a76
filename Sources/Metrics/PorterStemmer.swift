/// The Porter stemmer (Porter, 1980) with the extensions that NLTK uses by default.
///
/// The extensions: a table of irregular words, `ies` and `ied` of four-letter words, `y` kept after a vowel, `alli`
/// before the other rules of step 2, `bli` in place of `abli`, `fulli` and `logi`, and two-letter stems such as `at`
/// that take an `e`. This is what `rouge_score` calls.
public enum PorterStemmer {
  /// The stem of a word, in lower case.
  ///
  /// - Complexity: O(*n*)
  public static func stem(_ word: String) -> String {
    let lowered = word.lowercasedScalars
    if let fixed = irregular[String(lowered)] { return fixed }
    guard word.unicodeScalars.count > 2 else { return String(lowered) }
    var stem = Stem(lowered)
    stem.removePlural()
    stem.removePast()
    stem.softenY()
    stem.step2()
    stem.step3()
    stem.step4()
    stem.step5()
    return String(stem.letters)
  }

  private static let irregular = [
    "sky": "sky", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "news": "news",
    "innings": "inning", "inning": "inning", "outings": "outing", "outing": "outing",
    "cannings": "canning", "canning": "canning", "howe": "howe", "proceed": "proceed",
    "exceed": "exceed", "succeed": "succeed",
  ]
}

/// A word on its way to the stem, with the questions that the rules ask.
private struct Stem {
  var letters: [Unicode.Scalar]

  init(_ letters: [Unicode.Scalar]) { self.letters = letters }

  /// For each of the first letters whether it is a consonant; `y` is one unless it follows a consonant.
  private func consonants(_ count: Int) -> [Bool] {
    var flags: [Bool] = []
    flags.reserveCapacity(count)
    for letter in letters.prefix(count) {
      switch letter {
      case "a", "e", "i", "o", "u": flags.append(false)
      case "y": flags.append(!(flags.last ?? false))
      default: flags.append(true)
      }
    }
    return flags
  }

  /// Porter's m: how often a vowel is followed by a consonant within the first letters.
  private func measure(_ count: Int) -> Int {
    let flags = consonants(count)
    return zip(flags, flags.dropFirst()).count { !$0 && $1 }
  }

  /// Whether the first letters end consonant, vowel, consonant other than w, x and y; or are vowel, consonant.
  private func endsShort(_ count: Int) -> Bool {
    let flags = consonants(count)
    if count == 2 { return !flags[0] && flags[1] }
    guard count >= 3, flags[count - 3], !flags[count - 2], flags[count - 1] else { return false }
    return !["w", "x", "y"].contains(letters[count - 1])
  }

  /// How many letters are left without an ending, or nil where the word does not end so.
  private func rest(_ ending: String) -> Int? {
    let ending = ending.unicodeScalars
    let count = letters.count - ending.count
    return count >= 0 && letters[count...].elementsEqual(ending) ? count : nil
  }

  private mutating func replace(from count: Int, by ending: String) {
    letters.replaceSubrange(count..., with: ending.unicodeScalars)
  }

  /// Applies the first rule whose ending fits, if what is left measures more than a bound.
  private mutating func apply(_ rules: [(ending: String, by: String)], above bound: Int) {
    for rule in rules {
      if let count = rest(rule.ending) {
        if measure(count) > bound { replace(from: count, by: rule.by) }
        return
      }
    }
  }

  /// Step 1a.
  mutating func removePlural() {
    if let count = rest("ies") {
      replace(from: count, by: count == 1 ? "ie" : "i")
    } else if let count = rest("sses") {
      replace(from: count, by: "ss")
    } else if rest("ss") == nil, let count = rest("s") {
      replace(from: count, by: "")
    }
  }

  /// Step 1b.
  mutating func removePast() {
    if let count = rest("ied") { return replace(from: count, by: count == 1 ? "ie" : "i") }
    if let count = rest("eed") {
      if measure(count) > 0 { replace(from: count, by: "ee") }
      return
    }
    guard let count = rest("ed") ?? rest("ing"), consonants(count).contains(false) else { return }
    replace(from: count, by: "")
    if rest("at") != nil || rest("bl") != nil || rest("iz") != nil {
      letters.append("e")
    } else if count >= 2, letters[count - 1] == letters[count - 2], consonants(count)[count - 1] {
      if !["l", "s", "z"].contains(letters[count - 1]) { letters.removeLast() }
    } else if measure(count) == 1, endsShort(count) {
      letters.append("e")
    }
  }

  /// Step 1c.
  mutating func softenY() {
    if let count = rest("y"), count > 1, consonants(count)[count - 1] {
      replace(from: count, by: "i")
    }
  }

  mutating func step2() {
    // First of all, so that `additionally` goes on as `additional`.
    if let count = rest("alli"), measure(count) > 0 { replace(from: count, by: "al") }
    if let count = rest("logi") {
      // The l counts with the stem, so that `geologi` is treated as `archaeologi` is.
      if measure(count + 1) > 0 { replace(from: count, by: "log") }
      return
    }
    apply(Self.second, above: 0)
  }

  mutating func step3() { apply(Self.third, above: 0) }

  mutating func step4() {
    for ending in Self.fourth {
      if let count = rest(ending) {
        let isBarred = ending == "ion" && !["s", "t"].contains(letters[..<count].last)
        if measure(count) > 1, !isBarred { replace(from: count, by: "") }
        return
      }
    }
  }

  mutating func step5() {
    if let count = rest("e") {
      let measure = measure(count)
      if measure > 1 || (measure == 1 && !endsShort(count)) { letters.removeLast() }
    }
    if rest("ll") != nil, measure(letters.count - 1) > 1 { letters.removeLast() }
  }

  private static let second = [
    ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"),
    ("bli", "ble"), ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"),
    ("ization", "ize"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"), ("iveness", "ive"),
    ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"),
    ("fulli", "ful"),
  ].map { (ending: $0.0, by: $0.1) }

  private static let third = [
    ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""),
    ("ness", ""),
  ].map { (ending: $0.0, by: $0.1) }

  private static let fourth = [
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou",
    "ism", "ate", "iti", "ous", "ive", "ize",
  ]
}
