private import Dispatch
private import Synchronization

/// Adds up the time and the work of matrix products: what part of a run they are, and how fast.
///
/// Products inside attention are not counted; they are too short to be timed one by one.
public final class ProductMeter: Sendable {
  private let sums = Mutex((seconds: 0.0, operations: 0.0))

  /// Begins at zero.
  public init() {}

  /// Seconds spent in products, by the wall clock.
  public var seconds: Double { sums.withLock { $0.seconds } }
  /// Floating-point operations: two for each term of each sum.
  public var operations: Double { sums.withLock { $0.operations } }

  /// Begins anew.
  public func reset() { sums.withLock { $0 = (0, 0) } }

  func time(operations: Double, _ body: () -> Void) {
    let start = DispatchTime.now().uptimeNanoseconds
    body()
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    sums.withLock {
      $0.seconds += seconds
      $0.operations += operations
    }
  }
}
