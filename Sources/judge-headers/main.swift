// Verdicts on headers in bulk, for comparing with the reference: on standard input files, each after its length as four
// little-endian bytes; on standard output for each a line, `ok` or the name of the rule that it breaks. With `--time
// FILE`, how long it takes to open a file, and the highest resident memory.

import Safetensors
import Storage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

func fail(_ words: String) -> Never {
  print("judge-headers: error: \(words)")
  exit(2)
}

/// Reads exactly so many bytes; nil at the end of the input.
func take(_ count: Int) -> [UInt8]? {
  var bytes = [UInt8](repeating: 0, count: count)
  var done = 0
  while done < count {
    // The slice is in bounds: `done < count`.
    let got = unsafe bytes.withUnsafeMutableBytes { buffer in
      unsafe read(0, buffer.baseAddress?.advanced(by: done), count - done)
    }
    if got <= 0 { return nil }
    done += got
  }
  return bytes
}

func verdict(_ bytes: [UInt8]) -> String {
  do throws(HeaderError) {
    _ = try Header(parsing: bytes.rawSpan)
    return "ok"
  } catch {
    // The search for all faults must agree that there are some.
    return Header.faults(in: bytes.rawSpan).count > 0 ? error.name : "no-fault-found"
  }
}

func peakMemory() -> Int {
  var usage = rusage()
  #if canImport(Glibc)
    guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    return usage.ru_maxrss * 1024
  #else
    return unsafe getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0
  #endif
}

func time(_ path: String) {
  let before = peakMemory()
  let clock = ContinuousClock()
  let start = clock.now
  var answer: String
  do throws(TensorFileError) {
    let reader = try TensorReader(path: path)
    answer = "\(reader.header.tensors.count) tensors"
  } catch { answer = error.description }
  let seconds = (clock.now - start) / .milliseconds(1)
  print("\(seconds) ms, \((peakMemory() - before) / 1_000_000) MB more: \(answer.prefix(200))")
}

let arguments = CommandLine.arguments
if arguments.count == 3, arguments[1] == "--time" {
  time(arguments[2])
  exit(0)
}
guard arguments.count == 1 else { fail("usage: judge-headers [--time FILE] < FILES") }
while let size = take(4) {
  let count = size.reversed().reduce(0) { $0 << 8 | Int($1) }
  guard let bytes = take(count) else { fail("the input ends inside a file") }
  print(verdict(bytes))
  fflush(nil)
}
