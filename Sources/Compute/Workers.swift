private import COpenBLAS
private import Dispatch

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The threads of one run: who owns the cores is decided here and nowhere else.
///
/// OpenBLAS is told to use one thread, and every product or kernel that is worth it is cut into as many parts
/// as there are workers. Which part does what depends on the count alone, so results are the same from run
/// to run on one machine.
public struct Workers: Sendable {
  /// How many threads work at once.
  public let count: Int

  /// What times the large products; nil in ordinary runs.
  let meter: ProductMeter?

  /// The memory of the matrices that a pass makes and leaves.
  let pool = MatrixPool()

  /// Takes a number of threads; at least one.
  public init(count: Int, meter: ProductMeter? = nil) {
    self.count = max(1, count)
    self.meter = meter
    openblas_set_num_threads(1)
  }

  /// How many cores the machine offers.
  public static var availableCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// The name of the core that OpenBLAS chose its products for; part of a run's record.
  public static var blasCore: String { unsafe String(cString: openblas_get_corename()) }
  /// OpenBLAS's version and build options; part of a run's record.
  public static var blasBuild: String { unsafe String(cString: openblas_get_config()) }

  /// A matrix whose every element the caller writes before it is read.
  func blank<Element>(rows: Int, columns: Int) -> Matrix<Element> {
    Matrix(uninitializedRows: rows, columns: columns, pool: pool)
  }

  /// A matrix of zeros, for as long as a pass needs it.
  public func zeros<Element>(rows: Int, columns: Int) -> Matrix<Element> {
    var matrix: Matrix<Element> = blank(rows: rows, columns: columns)
    matrix.clear()
    return matrix
  }

  /// Runs every task, several at once.
  ///
  /// A task writes only what no other task touches.
  func run(tasks: Int, _ body: (Int) -> Void) {
    if count == 1 || tasks <= 1 {
      for task in 0..<tasks { body(task) }
    } else {
      let lanes = min(count, tasks)
      // Tasks go to lanes in turn, so that at most `count` threads are busy.
      withoutActuallyEscaping(body) { body in
        // Shared by the lanes while this call waits for them; tasks write disjoint memory.
        nonisolated(unsafe) let body = body
        DispatchQueue.concurrentPerform(iterations: lanes) { lane in
          var task = lane
          while task < tasks {
            unsafe body(task)
            task += lanes
          }
        }
      }
    }
  }

  /// Cuts a range into one part for each worker, where the work is worth it.
  ///
  /// `cost` is about the number of elements touched for each index.
  func split(_ count: Int, cost: Int, _ body: (Range<Int>) -> Void) {
    let parts = count &* cost < 1 << 15 ? 1 : min(self.count, count)
    guard parts > 1 else {
      if count > 0 { body(0..<count) }
      return
    }
    run(tasks: parts) { part in body(count * part / parts..<count * (part + 1) / parts) }
  }
}
