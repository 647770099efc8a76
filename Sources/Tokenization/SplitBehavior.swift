/// What becomes of a delimiter.
enum SplitBehavior: Sendable {
  case removed
  case isolated
  case mergedWithPrevious
  case mergedWithNext
  case contiguous

  /// Calls a function for each part that is kept, in order.
  func forEachPart(of spans: [Pattern.Span], _ body: (Range<Int>) -> Void) {
    switch self {
    case .removed: for span in spans where !span.isMatch { body(span.range) }
    case .isolated: for span in spans { body(span.range) }
    case .contiguous:
      var parts: [Range<Int>] = []
      var followsMatch = false
      for span in spans {
        if span.isMatch == followsMatch, let last = parts.last {
          parts[parts.count - 1] = last.lowerBound..<span.range.upperBound
        } else {
          parts.append(span.range)
        }
        followsMatch = span.isMatch
      }
      for part in parts { body(part) }
    case .mergedWithPrevious:
      var parts: [Range<Int>] = []
      var followsMatch = false
      for span in spans {
        if span.isMatch, !followsMatch, let last = parts.last {
          parts[parts.count - 1] = last.lowerBound..<span.range.upperBound
        } else {
          parts.append(span.range)
        }
        followsMatch = span.isMatch
      }
      for part in parts { body(part) }
    case .mergedWithNext:
      var parts: [Range<Int>] = []
      var precedesMatch = false
      for span in spans.reversed() {
        if span.isMatch, !precedesMatch, let last = parts.last {
          parts[parts.count - 1] = span.range.lowerBound..<last.upperBound
        } else {
          parts.append(span.range)
        }
        precedesMatch = span.isMatch
      }
      for part in parts.reversed() { body(part) }
    }
  }
}

extension SplitBehavior {
  /// Reads a behaviour's name.
  init(_ section: Section) throws(TokenizerError) {
    switch try section.text() {
    case "Removed": self = .removed
    case "Isolated": self = .isolated
    case "MergedWithPrevious": self = .mergedWithPrevious
    case "MergedWithNext": self = .mergedWithNext
    case "Contiguous": self = .contiguous
    default:
      throw section.error(
        expected: "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous")
    }
  }
}
