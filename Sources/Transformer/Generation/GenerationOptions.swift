/// How tokens are chosen, and when to stop.
public struct GenerationOptions: Sendable, Hashable {
  /// How a token is chosen.
  public enum Choice: Sendable, Hashable {
    /// The most probable one; of equals the one with the lowest number.
    case greedy
    /// One drawn from the probabilities at a temperature, after cutting.
    ///
    /// `top` keeps the most probable tokens alone (0 for all), `mass` the fewest most probable ones that
    /// together have this probability (Holtzman et al., 2020; 1 for all); both are taken at the temperature.
    case sampled(temperature: Double = 1, top: Int = 0, mass: Double = 1)
  }

  /// How a token is chosen.
  public var choice: Choice
  /// How many tokens are made at most.
  public var limit: Int
  /// The tokens that end a sequence; they are not part of what is given back.
  public var ends: Set<Int32>

  /// Describes a run.
  public init(_ choice: Choice = .greedy, limit: Int, ends: Set<Int32> = []) {
    self.choice = choice
    self.limit = limit
    self.ends = ends
  }
}

/// What was generated for one prompt.
public struct Generated: Sendable, Hashable {
  /// The new tokens, without the one that ended them.
  public internal(set) var tokens: [Int32] = []
  /// The log-probability of each, under the model itself whatever the temperature.
  public internal(set) var logProbabilities: [Double] = []
  /// Whether a token of ``GenerationOptions/ends`` came; else the limit was met.
  public internal(set) var hasEnded = false
}
