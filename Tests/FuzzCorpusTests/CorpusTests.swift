import FuzzTargets
import Storage
import Testing

/// What the fuzzer has kept is read again, so that what it found once stays found.
@Suite("Fuzz corpus") struct CorpusTests {
  private static let folder = Paths.join(
    Paths.parent(of: Paths.parent(of: Paths.parent(of: #filePath))), "Fuzz/Corpus")

  @Test("is read without a violation", arguments: FuzzTarget.all)
  func replay(_ target: FuzzTarget) throws {
    let check = try target.prepare()
    let entries = try Folder.files(below: Paths.join(Self.folder, target.name))
    #expect(!entries.isEmpty)
    for entry in entries {
      let path = Paths.join(Paths.join(Self.folder, target.name), entry.name)
      let bytes = try Folder.read(path, limit: 1 << 20)
      do { try check(bytes) } catch { Issue.record("\(path): \(error)") }
    }
  }
}
