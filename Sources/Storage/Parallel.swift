private import Dispatch

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Independent tasks over the cores.
public enum Parallel {
  /// How many tasks run at once: one a core, and few enough that what each holds in memory stays small.
  public static var laneCount: Int {
    min(8, max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
  }

  /// Runs every task, several at once, and gives their values in order.
  ///
  /// - Throws: The error of the first task, in order, that failed; the others have run as well.
  public static func map<Value: Sendable, Failure: Error>(
    _ tasks: Range<Int>, lanes: Int = laneCount,
    _ body: @Sendable (Int) throws(Failure) -> Value
  ) throws(Failure) -> [Value] {
    let lanes = min(lanes, tasks.count)
    if lanes <= 1 {
      var values: [Value] = []
      for task in tasks { values.append(try body(task)) }
      return values
    }
    let results: [Result<Value, Failure>] = unsafe Array(unsafeUninitializedCapacity: tasks.count) {
      buffer, count in
      guard let base = buffer.baseAddress else { return }
      // Each task begins the one element that is its own, and all have ended when this returns.
      nonisolated(unsafe) let slots = unsafe base
      withoutActuallyEscaping(body) { body in
        DispatchQueue.concurrentPerform(iterations: lanes) { lane in
          for task in stride(from: lane, to: tasks.count, by: lanes) {
            let result: Result<Value, Failure>
            do throws(Failure) {
              result = .success(try body(tasks.lowerBound + task))
            } catch { result = .failure(error) }
            unsafe (slots + task).initialize(to: result)
          }
        }
      }
      count = tasks.count
    }
    var values: [Value] = []
    for result in results { values.append(try result.get()) }
    return values
  }
}
