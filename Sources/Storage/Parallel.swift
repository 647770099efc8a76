private import Dispatch
private import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Independent pieces of reading and hashing, spread over the cores.
public enum Parallel {
  /// How many cores the machine offers.
  public static var coreCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  fileprivate struct Progress<Value: Sendable, Failure: Error>: Sendable {
    var next = 0
    var values: [Value?]
    var failure: (task: Int, error: Failure)?
  }

  /// Computes one value for each task, several at once, and gives them in the order of the tasks.
  ///
  /// Tasks begin in their order, so put the large ones first. After a failure no further task begins; of several
  /// failures the one of the first task is thrown, so that the message is the same from run to run.
  public static func map<Value: Sendable, Failure: Error>(
    _ count: Int, threads: Int = coreCount, _ body: @Sendable (Int) throws(Failure) -> Value
  ) throws(Failure) -> [Value] {
    if count <= 1 || threads <= 1 {
      var values: [Value] = []
      for task in 0..<count { values.append(try body(task)) }
      return values
    }
    let progress = Mutex(Progress<Value, Failure>(values: Array(repeating: nil, count: count)))
    withoutActuallyEscaping(body) { body in
      DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
        while let task = progress.withLock({ $0.take() }) {
          let result = Result { () throws(Failure) in try body(task) }
          progress.withLock { $0.finish(task, result) }
        }
      }
    }
    let ended = progress.withLock { $0 }
    if let failure = ended.failure { throw failure.error }
    return ended.values.compactMap { $0 }
  }
}

extension Parallel.Progress {
  /// The next task; nil where none is left or one has failed.
  fileprivate mutating func take() -> Int? {
    guard next < values.count, failure == nil else { return nil }
    next += 1
    return next - 1
  }

  fileprivate mutating func finish(_ task: Int, _ result: Result<Value, Failure>) {
    switch result {
    case .success(let value): values[task] = value
    case .failure(let error):
      if failure.map({ task < $0.task }) ?? true { failure = (task, error) }
    }
  }
}
