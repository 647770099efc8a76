#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a piece of work cost.
struct Cost {
  /// Seconds of computing.
  var seconds: Double
  /// The most memory that was resident at once, beyond what was before; nil where the system does not tell.
  var bytes: Double?

  /// Both as numbers of a record.
  func numbers(_ name: String) -> Numbers {
    var numbers: Numbers = [(name + "_seconds", seconds)]
    if let bytes { numbers.append((name + "_bytes", bytes)) }
    return numbers
  }

  /// Does the work and measures it.
  ///
  /// Rows share a process, so the process's own peak says nothing of one. Linux lets a process begin its peak anew;
  /// before that the allocator gives back what it holds, so that the work pays for what it takes. The work must bring
  /// workers of its own as well, whose matrices would else come from what an earlier row left.
  static func of<Value>(_ work: () throws -> Value) throws -> (value: Value, cost: Cost) {
    giveBack()
    let isBegun = beginPeak()
    let before = status("VmRSS:")
    let begin = computingSeconds()
    let value = try work()
    let seconds = computingSeconds() - begin
    guard isBegun, let before, let peak = status("VmHWM:") else {
      return (value, Cost(seconds: seconds))
    }
    return (value, Cost(seconds: seconds, bytes: max(0, peak - before)))
  }

  /// Returns free memory to the system, where the C library can.
  private static func giveBack() {
    guard let symbol = dlsym(nil, "malloc_trim") else { return }
    typealias Trim = @convention(c) (Int) -> CInt
    _ = unsafeBitCast(symbol, to: Trim.self)(0)
  }

  /// Begins the process's peak anew; whether that worked.
  private static func beginPeak() -> Bool {
    let descriptor = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return write(descriptor, "5", 1) == 1
  }

  /// A size of the process's status, in bytes.
  private static func status(_ name: String) -> Double? {
    let descriptor = open("/proc/self/status", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 14)
    let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    guard count > 0 else { return nil }
    for line in String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n") {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      if words.count > 1, words[0] == name { return Double(words[1]).map { $0 * 1024 } }
    }
    return nil
  }
}
