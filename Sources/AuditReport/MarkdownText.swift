import Storage

/// Text from outside in a Markdown document.
enum MarkdownText {
  /// The text as a code span, in which nothing is markup, neither of Markdown nor of HTML.
  ///
  /// What could end the span or a table's cell, or be taken for HTML by a reader that knows no Markdown, and what can't be
  /// seen, stands as `\u` and four hexadecimal digits; so does a space at either end, which a code span may lose.
  static func code(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    if scalars.isEmpty { return "(empty)" }
    var shown = ""
    for (place, scalar) in scalars.enumerated() {
      let isInner = place > 0 && place < scalars.count - 1
      if isPlain(scalar) && (isInner || scalar != " ") {
        shown.unicodeScalars.append(scalar)
      } else {
        shown += escape(scalar)
      }
    }
    return "`" + shown + "`"
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == " " { return true }
    if "`\\|<>&".unicodeScalars.contains(scalar) { return false }
    return switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator, .spaceSeparator:
      false
    default: true
    }
  }

  /// UTF-16 code units in hexadecimal, as JSON has it.
  private static func escape(_ scalar: Unicode.Scalar) -> String {
    String(scalar).utf16.map { unit in
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
  }
}
