import Commands

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

exit(UnlearnPatch.main(arguments: Array(CommandLine.arguments.dropFirst())))
