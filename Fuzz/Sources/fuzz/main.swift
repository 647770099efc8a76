import CFuzzer
import FuzzTargets

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

// libFuzzer calls a C function, which can't capture; and it starts itself again with the same arguments to
// merge, so that the target's name is in the environment.
enum Chosen {
  nonisolated(unsafe) static var check: FuzzTarget.Check = { _ in }
}

let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
  for target in FuzzTarget.all { print(target.name) }
  exit(name.isEmpty ? 0 : 2)
}
Chosen.check = try target.prepare()

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(
  LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
    do {
      try Chosen.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
    } catch { fatalError("\(error)") }
    return 0
  })
