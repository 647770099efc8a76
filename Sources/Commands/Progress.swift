import Storage
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A line on the terminal with rate and time left, shown once work lasts over a second.
final class Progress: Sendable {
  private struct State {
    var what = ""
    var done = 0
    var started = 0.0
    var shown = 0.0
    var isVisible = false
  }

  private let state = Mutex(State())
  private let isOn: Bool

  init(isOn: Bool) { self.isOn = isOn }

  private static var clock: Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Counts bytes of a piece of work.
  func advance(_ what: String, _ byteCount: Int, _ total: Int) {
    guard isOn else { return }
    state.withLock { state in
      let now = Self.clock
      if state.what != what {
        state.what = what
        state.done = 0
        state.started = now
      }
      state.done += byteCount
      let elapsed = now - state.started
      guard elapsed > 1, now - state.shown > 0.1 || state.done >= total else { return }
      state.shown = now
      state.isVisible = true
      let share = total > 0 ? min(1, Double(state.done) / Double(total)) : 1
      let rate = Double(state.done) / elapsed
      let left = rate > 0 ? Int(Double(max(0, total - state.done)) / rate) : 0
      let filled = Int(share * 30)
      let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 30 - filled)
      Console.write(
        "\r\(what) [\(bar)] \(Int(share * 100))%, \(Int(rate / 1e6)) MB/s, \(left) s left\u{1B}[K")
    }
  }

  /// Tells of one of many steps, with what is worth knowing of it.
  ///
  /// - Parameter start: The step from which this run began.
  func count(_ what: String, _ done: Int, _ total: Int, since start: Int, detail: String) {
    guard isOn else { return }
    state.withLock { state in
      let now = Self.clock
      if state.what != what {
        state.what = what
        state.started = now
      }
      let elapsed = now - state.started
      guard elapsed > 1, now - state.shown > 0.1 || done >= total else { return }
      state.shown = now
      state.isVisible = true
      let rate = Double(done - start) / elapsed
      let left = rate > 0 ? Int(Double(total - done) / rate) : 0
      Console.write("\r\(what) \(done)/\(total), \(detail), \(left) s left\u{1B}[K")
    }
  }

  /// Clears the line.
  func end() {
    state.withLock { state in
      if state.isVisible { Console.write("\r\u{1B}[K") }
      state.isVisible = false
    }
  }
}
