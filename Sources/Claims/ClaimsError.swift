/// Why a file of claims or a policy of thresholds was refused.
public struct ClaimsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The line of a file of claims, from 1; nil where the whole is meant.
  public var line: Int?
  /// What is wrong.
  public var what: String

  /// Makes an error.
  public init(_ what: String, line: Int? = nil) {
    self.line = line
    self.what = what
  }

  /// Where and what, in one line.
  public var description: String { (line.map { "line \($0): " } ?? "") + what }
}
