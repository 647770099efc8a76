import Storage
import StrictJSON

// Days, words of closed lists and truth values in leaves and rows.

extension LeafFields {
  /// A day.
  func date(_ key: StaticString) throws(LeafRefusal) -> CivilDate {
    guard let date = CivilDate(try text(key)) else { throw refuse("\(key) is no day") }
    return date
  }

  /// A word of a closed list.
  func term<Term: RawRepresentable<String> & CaseIterable>(_ key: StaticString) throws(LeafRefusal)
    -> Term
  {
    let text = try text(key)
    guard let term = Term(rawValue: text) else {
      let known = Term.allCases.map(\.rawValue).joined(separator: ", ")
      throw refuse("\(key) is \"\(text)\", expected one of \(known)")
    }
    return term
  }

  /// A word of a closed list, where it is given.
  func termIfPresent<Term: RawRepresentable<String> & CaseIterable>(_ key: StaticString)
    throws(LeafRefusal) -> Term?
  {
    guard try textIfPresent(key) != nil else { return nil }
    return try term(key)
  }

  /// A truth value that is false where it is left out.
  func flag(_ key: StaticString) throws(LeafRefusal) -> Bool {
    try readIfPresent(key) { field throws(JSONFieldError) in try field.bool() } ?? false
  }
}

extension JSONField {
  /// A word of a closed list.
  func term<Term: RawRepresentable<String>>() throws(JSONFieldError) -> Term {
    guard let term = Term(rawValue: try text()) else {
      throw JSONFieldError(path, expected: "a known word")
    }
    return term
  }
}
