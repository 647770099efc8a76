import SampleModels
import Storage
import TestSupport
import Testing

@Suite("Compressed patches, through the program") struct CompactTests {
  /// A bench whose `edited` differs from `model` here and there, and the signed patch between the two.
  private func bench(_ encoding: String) throws -> Bench {
    let bench = try Bench(.llama(), shardCount: 2)
    try TemporaryFolder.copyTree(bench.folder.file("model"), bench.folder.file("edited"))
    for name in try Folder.names(in: bench.folder.file("edited"))
    where name.hasSuffix(".safetensors") {
      let path = bench.folder.file("edited/\(name)")
      var bytes = try Folder.read(path, limit: 1 << 24)
      for offset in stride(from: bytes.count - 1, to: bytes.count / 2, by: -14) {
        bytes[offset] &+= 3
      }
      try AtomicFile.write(bytes.rawSpan, to: path, replacing: true)
    }
    try bench.succeed(
      "diff", "model", "edited", "--encoding", encoding, "-o", "p.patch.safetensors")
    try bench.succeed("sign", "p.patch.safetensors", "--key", "officer.key.pem")
    return bench
  }

  private static let apply = ["apply", "model", "p.patch.safetensors"]

  @Test(
    "made, signed, shown, applied, verified and taken back",
    arguments: ["compact", "replace-compressed"])
  func wholeWay(_ encoding: String) throws {
    let bench = try bench(encoding)
    let (base, edited) = (try bench.contents("model"), try bench.contents("edited"))
    let shown = try bench.succeed("inspect", "p.patch.safetensors")
    #expect(shown.contains(encoding) && shown.contains("blocks"), "\(shown)")
    try bench.succeed("verify", "p.patch.safetensors")
    try bench.succeed("apply", "model", "p.patch.safetensors", "--dry-run")
    try bench.succeed("apply", "model", "p.patch.safetensors", "--output", "copy")
    #expect(try bench.contents("copy") == edited)
    #expect(try bench.contents("model") == base)
    try bench.succeed("apply", "model", "p.patch.safetensors")
    #expect(try bench.contents("model") == edited)
    try bench.succeed("verify", "model")
    try bench.refuse(Self.apply, code: 6, saying: "applied already", "leaf")
    try bench.refuse(Self.apply + ["--verify", "touched"], code: 6, saying: "applied already")
    try bench.succeed("rollback", "model", "p.patch.safetensors")
    #expect(try bench.contents("model") == base)
    try bench.succeed("verify", "model")
    try bench.succeed("apply", "model", "p.patch.safetensors", "--verify", "touched")
    #expect(try bench.contents("model") == edited)
    let left = try Folder.names(in: bench.folder.file(".unlearn"))
    #expect(!left.contains { $0.hasSuffix(".partial") }, "\(left)")
    #expect(try Folder.names(in: bench.folder.path).allSatisfy { !$0.hasSuffix(".partial") })
  }

  @Test func `a wrong base is refused with expected and found`() throws {
    let bench = try bench("compact")
    for name in try Folder.names(in: bench.folder.file("model"))
    where name.hasSuffix(".safetensors") {
      let path = bench.folder.file("model/\(name)")
      let size = try Folder.read(path, limit: 1 << 24).count
      try TemporaryFolder.flip(path, at: size - 1)
    }
    try bench.refuse(Self.apply, code: 6, saying: "not the base", "expected sha256", "found")
    try bench.refuse(
      Self.apply + ["--verify", "touched"], code: 6, saying: "not the base", "tensor")
  }

  @Test func `erased units compress to nearly nothing, and come out as zeros`() throws {
    let bench = try Bench()
    for encoding in ["replace", "replace-compressed"] {
      try bench.succeed(
        "create", "--model", "model", "--method", "ablate", "--units", "L0.H1,L1.F3",
        "--encoding", encoding, "-o", "\(encoding).patch.safetensors")
      try bench.succeed("sign", "\(encoding).patch.safetensors", "--key", "officer.key.pem")
      try bench.succeed(
        "apply", "model", "\(encoding).patch.safetensors", "--output", encoding)
    }
    #expect(try bench.contents("replace") == bench.contents("replace-compressed"))
  }

  @Test func `an encoding that there is not is a usage error`() throws {
    let bench = try Bench()
    let result = try bench.run([
      "diff", "model", "base", "--encoding", "zip", "-o", "z.patch.safetensors",
    ])
    #expect(result.code == 2)
  }
}
