import Storage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a program that was run has printed, and how it ended.
public struct ProgramResult: Sendable {
  /// The exit code; nil where a signal ended the program.
  public let code: Int32?
  /// What it printed to standard output.
  public let output: String
  /// What it printed to standard error.
  public let errors: String
}

/// Runs the built tool as a process of its own.
public struct Program: Sendable {
  /// The folder with the built products.
  public static var productsFolder: String {
    // The test bundle lies beside them: …/debug/unlearn-patchPackageTests.xctest.
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return Paths.parent(of: bundle)
  }

  /// Whether calls can be made to fail: not in a build with sanitizers, which stand in for the same calls.
  public static var canInjectFaults: Bool { unsafe getenv("SANITIZED") == nil }

  /// The path of the program.
  public let path: String

  /// Names a product.
  public init(_ name: String) { path = Paths.join(Self.productsFolder, name) }

  /// Runs the program in a folder and waits.
  public func run(
    _ arguments: [String], in folder: String, environment: [String: String] = [:]
  ) throws -> ProgramResult {
    let tag = String(UInt64.random(in: .min ... .max), radix: 36)
    let outputs = ["out", "err"].map { Paths.join("/tmp", "unlearn-run-\(tag).\($0)") }
    defer { for output in outputs { unlink(output) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    for (descriptor, output) in zip([Int32(1), 2], outputs) {
      posix_spawn_file_actions_addopen(
        &actions, descriptor, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    }
    var variables = environment
    // What sanitizers are told holds for the program as for the tests.
    let inherited = ["PATH", "HOME", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS"]
    for name in inherited where variables[name] == nil { variables[name] = Environment[name] }
    // The shell changes the folder and is replaced by the program.
    let words = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder, path]
    let argv = (words + arguments).map { strdup($0) } + [nil]
    let envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var process = pid_t()
    let code = posix_spawn(&process, words[0], &actions, nil, argv, envp)
    guard code == 0 else { throw StorageError(.notRegular, path: "\(path): \(code)") }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    return ProgramResult(
      code: status & 0x7F == 0 ? (status >> 8) & 0xFF : nil,
      output: String(decoding: try Folder.read(outputs[0], limit: 1 << 26), as: UTF8.self),
      errors: String(decoding: try Folder.read(outputs[1], limit: 1 << 26), as: UTF8.self))
  }
}
