#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How the learning rate goes over the steps of a run.
public struct Schedule: Sendable, Hashable {
  /// What follows the warm-up.
  public enum Shape: String, Sendable, Hashable, CaseIterable {
    /// The same rate to the end.
    case constant
    /// Straight down to zero.
    case linear
    /// Down to zero along half a cosine.
    case cosine
  }

  /// The highest rate.
  public var rate: Double
  /// What follows the warm-up.
  public var shape: Shape
  /// How many steps the rate rises to its height.
  public var warmup: Int
  /// How many steps there are in all.
  public var steps: Int

  /// Describes a schedule.
  public init(rate: Double, shape: Shape = .constant, warmup: Int = 0, steps: Int) {
    self.rate = rate
    self.shape = shape
    self.warmup = warmup
    self.steps = steps
  }

  /// The rate of a step, counted from 0.
  public func rate(at step: Int) -> Double {
    if step < warmup { return rate * Double(step + 1) / Double(warmup) }
    let done = Double(step - warmup) / Double(max(1, steps - warmup))
    return switch shape {
    case .constant: rate
    case .linear: rate * max(0, 1 - done)
    case .cosine: rate * 0.5 * (1 + cos(.pi * min(1, done)))
    }
  }
}
