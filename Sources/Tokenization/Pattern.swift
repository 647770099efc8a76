private import CPCRE2

/// A compiled regular expression, or a text to be found as it is.
///
/// Matching gives what the reference's Oniguruma gives; ``PatternTranslation`` says where the two languages differ.
/// Steps, depth and memory are limited, so that a hostile pattern ends in an error.
@safe
final class Pattern: @unchecked Sendable {
  // Unchecked: compiled code is never written to again, and PCRE2 lets any thread use it.
  private let code: OpaquePointer

  /// About a second of work at the most.
  private static let matchLimit: UInt32 = 5_000_000
  private static let depthLimit: UInt32 = 100_000
  private static let heapKibibytes: UInt32 = 65_536
  /// Longer patterns are refused unread.
  static let byteLimit = 65_536

  /// Compiles a regular expression in the reference's language.
  convenience init(regex: String, at place: String) throws(TokenizerError) {
    guard regex.utf8.count <= Self.byteLimit else {
      throw TokenizerError(.pattern("it is longer than \(Self.byteLimit) bytes"), at: place)
    }
    let translated: String
    do throws(PatternTranslation.Failure) {
      translated = try PatternTranslation.translate(regex)
    } catch { throw TokenizerError(.pattern(error.words), at: place) }
    try self.init(
      Array(translated.utf8),
      options: UInt32(cpcre2_utf) | UInt32(cpcre2_ucp) | UInt32(cpcre2_multiline)
        | UInt32(cpcre2_never_backslash_c), at: place)
  }

  /// Compiles a text that is to be found as it is.
  convenience init(literal: [UInt8], at place: String) throws(TokenizerError) {
    guard literal.count <= Self.byteLimit else {
      throw TokenizerError(.pattern("it is longer than \(Self.byteLimit) bytes"), at: place)
    }
    try self.init(literal, options: UInt32(cpcre2_utf) | UInt32(cpcre2_literal), at: place)
  }

  private init(_ pattern: [UInt8], options: UInt32, at place: String) throws(TokenizerError) {
    var number: Int32 = 0
    var offset = 0
    guard
      let code = unsafe cpcre2_compile(pattern, pattern.count, options, &number, &offset)
    else { throw TokenizerError(.pattern(Self.words(of: number)), at: place) }
    unsafe self.code = code
  }

  deinit { unsafe cpcre2_free(code) }

  private static func words(of number: Int32) -> String {
    var buffer = [UInt8](repeating: 0, count: 256)
    unsafe cpcre2_message(number, &buffer, buffer.count)
    return String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// A part of a text that matched, or that lies between two matches.
  struct Span {
    var range: Range<Int>
    var isMatch: Bool
  }

  /// Calls a function for each match in a part of a text that is UTF-8, as if the part were all there is.
  ///
  /// An empty match is left out where the match before it ended.
  @inline(__always)
  func forEachMatch(
    in bytes: [UInt8], range: Range<Int>, _ body: (Range<Int>) -> Void
  ) throws(TokenizerError) {
    if range.isEmpty { return }
    let matcher = unsafe cpcre2_matcher_create(
      Self.matchLimit, Self.depthLimit, Self.heapKibibytes)
    guard unsafe matcher.data != nil else { throw TokenizerError(.patternTooCostly, at: "text") }
    defer { unsafe cpcre2_matcher_free(matcher) }
    var start = 0
    var lastEnd = -1
    while start <= range.count {
      var lower = 0
      var upper = 0
      // The pointer is to the whole array and does not leave the closure; the range is one of its ranges.
      let result = unsafe bytes.withUnsafeBufferPointer { buffer in
        unsafe cpcre2_next(
          code, matcher, buffer.baseAddress.map { unsafe $0 + range.lowerBound }, range.count,
          start, &lower, &upper)
      }
      if result == 0 { return }
      guard result > 0, lower <= upper, upper <= range.count else {
        throw TokenizerError(.patternTooCostly, at: "text")
      }
      if lower == upper && lower == lastEnd {
        if start >= range.count { return }
        start += UTF8Reading.length(leadBy: bytes[range.lowerBound + start])
        continue
      }
      start = upper
      lastEnd = upper
      body(range.lowerBound + lower..<range.lowerBound + upper)
    }
  }

  /// All of a part of a text, as matches and what lies between them.
  func spans(in bytes: [UInt8], range: Range<Int>) throws(TokenizerError) -> [Span] {
    if range.isEmpty { return [Span(range: range, isMatch: false)] }
    var spans: [Span] = []
    var covered = range.lowerBound
    try forEachMatch(in: bytes, range: range) { match in
      if covered < match.lowerBound {
        spans.append(Span(range: covered..<match.lowerBound, isMatch: false))
      }
      spans.append(Span(range: match, isMatch: true))
      covered = match.upperBound
    }
    if covered < range.upperBound {
      spans.append(Span(range: covered..<range.upperBound, isMatch: false))
    }
    return spans
  }
}
