import Attestation
import Storage
import TestSupport
import Testing

@testable import Ledger

/// Reads a tiles folder by the words of C2SP tlog-tiles, without any of the writer's code but the hashes.
private struct TileReader {
  let folder: String
  let head: LogCheckpoint
  private(set) var entries: [[UInt8]] = []

  init(_ folder: String, key: VerifierKey) throws {
    self.folder = folder
    let note = try SignedNote(
      parsing: Folder.read(Paths.join(folder, "checkpoint"), limit: SignedNote.byteLimit))
    head = try LogCheckpoint(note, signedBy: key)
    for number in 0..<((head.treeSize + 255) / 256) {
      let count = min(256, head.treeSize - number * 256)
      let bytes = try read("tile/entries", number, count)
      var rest = bytes[...]
      var found = 0
      while rest.count >= 2 {
        let length = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst())
        entries.append(Array(rest.prefix(length)))
        rest = rest.dropFirst(length)
        found += 1
      }
      #expect(rest.isEmpty && found == count)
    }
  }

  private func read(_ kind: String, _ number: Int, _ count: Int) throws -> [UInt8] {
    var name = ""
    var rest = number
    repeat {
      let digits = String(rest % 1000 + 1000).dropFirst()
      name = name.isEmpty ? String(digits) : "x\(digits)/\(name)"
      rest /= 1000
    } while rest > 0
    let suffix = count == 256 ? "" : ".p/\(count)"
    return try Folder.read(Paths.join(folder, "\(kind)/\(name)\(suffix)"), limit: 1 << 25)
  }

  /// Every hash of every level, held against the level below; the last level's are those of the root.
  func root() throws -> Digest {
    var below = entries.map { MerkleTree.leafHash($0) }
    var level = 0
    var roots: [Digest] = []
    while true {
      var hashes: [Digest] = []
      for number in 0..<((below.count + 255) / 256) {
        let part = below[number * 256..<min(below.count, number * 256 + 256)]
        let bytes = try read("tile/\(level)", number, part.count)
        #expect(bytes == part.flatMap(\.bytes))
        if part.count == 256 { hashes.append(Self.fold(Array(part))) }
      }
      // What is right of the full tiles of this level.
      let rest = Array(below.suffix(below.count % 256))
      if !rest.isEmpty { roots.append(Self.fold(rest)) }
      if hashes.isEmpty { break }
      below = hashes
      level += 1
    }
    return roots.dropFirst().reduce(roots[0]) { MerkleTree.nodeHash($1, $0) }
  }

  /// The root over hashes (RFC 6962 section 2.1).
  private static func fold(_ hashes: [Digest]) -> Digest {
    if hashes.count == 1 { return hashes[0] }
    var split = 1
    while split * 2 < hashes.count { split *= 2 }
    return MerkleTree.nodeHash(
      fold(Array(hashes[..<split])), fold(Array(hashes[split...])))
  }
}

@Suite("Tiles") struct TileTests {
  /// The examples of the specification.
  @Test func `paths and widths are those of the specification`() {
    let tile = Tile(level: 0, number: 1_234_067, count: 256)
    #expect(tile.path == "tile/0/x001/x234/067")
    let part = Tile(level: nil, number: 1_234_067, count: 7)
    #expect(part.path == "tile/entries/x001/x234/067.p/7")
    let tiles = Tile.all(treeSize: 70_000)
    #expect(tiles.filter { $0.level == 0 && $0.count == 256 }.count == 273)
    #expect(tiles.filter { $0.level == nil }.count == 274)
    #expect(
      Set(tiles.filter { $0.count < 256 }.map(\.path)) == [
        "tile/0/273.p/112", "tile/entries/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1",
      ])
    #expect(
      Tile.all(treeSize: 256).map(\.path) == ["tile/0/000", "tile/entries/000", "tile/1/000.p/1"])
    #expect(Tile.all(treeSize: 0).isEmpty)
  }

  @Test func `tiles give the log again, whole and grown bit by bit`() throws {
    let bench = try LogBench(leaves: 1)
    let grown = bench.folder.file("grown")
    var last = 0
    for size in [1, 2, 255, 256, 257, 512, 700] {
      try bench.grow(to: size)
      for folder in [bench.folder.file("whole-\(size)"), grown] {
        let export = try bench.store.exportTiles(to: folder, cosigned: bench.cosigned)
        #expect(export.treeSize == size)
        let reader = try TileReader(folder, key: bench.verifierKey)
        #expect(reader.head.treeSize == size)
        #expect(reader.entries == (try bench.store.leaves()).map(\.bytes))
        #expect(try reader.root() == reader.head.root)
        if folder == grown {
          // Full tiles that were there are not written again.
          #expect(export.kept >= last / 256 * 2)
          let again = try bench.store.exportTiles(to: folder, cosigned: bench.cosigned)
          #expect(again.written == 0)
        }
      }
      last = size
    }
    let names = Set(try Folder.files(below: grown).map(\.name))
    #expect(
      names.isSuperset(of: [
        "checkpoint", "tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2",
        "tile/entries/000", "tile/entries/002.p/188", "tile/0/000.p/255",
      ]))
  }

  @Test func `the head is published with its cosignatures`() throws {
    let bench = try LogBench(leaves: 3)
    let cosigned = try bench.witness.cosign(bench.store.newestHead().note)
    try bench.cosigned.keep(cosigned)
    let folder = bench.folder.file("tiles")
    _ = try bench.store.exportTiles(to: folder, cosigned: bench.cosigned)
    #expect(
      try Folder.read(Paths.join(folder, "checkpoint"), limit: 1 << 16)
        == Array(cosigned.encoded.utf8))
  }

  @Test func `a folder of another log, or of this one further on, is left alone`() throws {
    let bench = try LogBench(leaves: 3)
    let folder = bench.folder.file("tiles")
    _ = try LogBench(leaves: 4).store.exportTiles(to: folder, cosigned: bench.cosigned)
    let before = try TemporaryFolder.contents(folder)
    #expect(throws: LedgerError.self) {
      try bench.store.exportTiles(to: folder, cosigned: bench.cosigned)
    }
    #expect(try TemporaryFolder.contents(folder) == before)
    let ahead = bench.folder.file("ahead")
    for (size, root) in [(9, MerkleTree.emptyRoot), (2, MerkleTree.emptyRoot)] {
      try Folder.create(ahead)
      let head = LogCheckpoint(origin: bench.verifierKey.name, treeSize: size, root: root)
      let bytes = Array(try bench.sign(head).encoded.utf8)
      try TemporaryFolder.write(bytes, to: Paths.join(ahead, "checkpoint"))
      #expect(throws: LedgerError.self) {
        try bench.store.exportTiles(to: ahead, cosigned: bench.cosigned)
      }
      #expect(try Folder.files(below: ahead).count == 1)
    }
  }

  @Test func `a leaf that was changed is not published`() throws {
    let bench = try LogBench(leaves: 3)
    try bench.attack("UPDATE leaves SET bytes = CAST('{}' AS BLOB) WHERE sequence = 1")
    let folder = bench.folder.file("tiles")
    #expect(throws: LedgerError.self) {
      try bench.store.exportTiles(to: folder, cosigned: bench.cosigned)
    }
    #expect(try FileStatus.ifExists(Paths.join(folder, "checkpoint")) == nil)
  }
}
