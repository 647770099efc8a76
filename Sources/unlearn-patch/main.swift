import CBLASThreads
import Commands

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

blas_threads_stop()
exit(UnlearnPatch.main(arguments: Array(CommandLine.arguments.dropFirst())))
