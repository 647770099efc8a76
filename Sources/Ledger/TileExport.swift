import Attestation
import GRDB
import Storage

/// One file of a C2SP tlog-tiles folder: 1 to 256 hashes of a level, or as many entries.
struct Tile: Hashable, Sendable {
  /// How many hashes or entries a full tile has.
  static let width = 256

  /// 0 for the hashes of leaves, 1 for those of full tiles of them, and so on; nil for entries.
  let level: Int?
  /// Counted from the left.
  let number: Int
  /// How many hashes or entries it has.
  let count: Int

  /// The path below the log's prefix: `tile/0/x001/x234/067`, for one that is not full with `.p/COUNT`.
  var path: String {
    var groups: [String] = []
    var rest = number
    repeat {
      let digits = String(rest % 1000)
      groups.insert(String(repeating: "0", count: 3 - digits.count) + digits, at: 0)
      rest /= 1000
    } while rest > 0
    let name = groups.dropLast().map { "x\($0)/" }.joined() + groups[groups.count - 1]
    return "tile/\(level.map { String($0) } ?? "entries")/\(name)"
      + (count < Self.width ? ".p/\(count)" : "")
  }

  /// All tiles of a log, those of one level after another.
  static func all(treeSize: Int) -> [Tile] {
    var tiles: [Tile] = []
    var hashes = treeSize
    var level = 0
    while hashes > 0 {
      for number in 0..<(hashes / width) {
        tiles.append(Tile(level: level, number: number, count: width))
        if level == 0 { tiles.append(Tile(level: nil, number: number, count: width)) }
      }
      let rest = hashes % width
      if rest > 0 {
        tiles.append(Tile(level: level, number: hashes / width, count: rest))
        if level == 0 { tiles.append(Tile(level: nil, number: hashes / width, count: rest)) }
      }
      hashes /= width
      level += 1
    }
    return tiles
  }
}

/// What an export of tiles has done.
public struct TileExport: Hashable, Sendable {
  /// How many leaves the folder now has.
  public var treeSize: Int
  /// How many files were written, the head apart.
  public var written: Int
  /// How many were there already.
  public var kept: Int
}

extension LedgerStore {
  /// Writes the log as static files (C2SP tlog-tiles), which any web server serves; the head comes last.
  ///
  /// Only tiles that are not there are written: a tile never changes. Partial tiles of former heads stay.
  ///
  /// - Throws: `inconsistent` where the folder has a head that this log does not continue, or a leaf is not what
  ///   the tree says.
  public func exportTiles(to folder: String, cosigned: WitnessStore) throws(LedgerError)
    -> TileExport
  {
    let (size, note) = try newestHead(cosigned: cosigned)
    try checkExportedHead(in: folder, size: size)
    var export = TileExport(treeSize: size, written: 0, kept: 0)
    for tile in Tile.all(treeSize: size) {
      let path = Paths.join(folder, tile.path)
      if try storing({ () throws(StorageError) in try FileStatus.ifExists(path) }) != nil {
        export.kept += 1
        continue
      }
      let bytes = try contents(of: tile)
      try write(bytes, to: path)
      export.written += 1
    }
    try write(Array(note.encoded.utf8), to: Paths.join(folder, "checkpoint"))
    return export
  }

  private func write(_ bytes: [UInt8], to path: String) throws(LedgerError) {
    try storing { () throws(StorageError) in
      try Folder.create(Paths.parent(of: path))
      try AtomicFile.write(bytes.rawSpan, to: path, replacing: true)
    }
  }

  private func storing<Value>(_ body: () throws(StorageError) -> Value) throws(LedgerError) -> Value
  {
    do throws(StorageError) { return try body() } catch { throw LedgerError(.storage(error)) }
  }

  private func checkExportedHead(in folder: String, size: Int) throws(LedgerError) {
    let path = Paths.join(folder, "checkpoint")
    let bytes = try storing { () throws(StorageError) -> [UInt8]? in
      guard try FileStatus.ifExists(path) != nil else { return nil }
      return try Folder.read(path, limit: SignedNote.byteLimit)
    }
    guard let bytes else { return }
    let keys = try keys()
    let head: LogCheckpoint
    do throws(AttestationError) {
      head = try keys.head(SignedNote(parsing: bytes))
    } catch { throw LedgerError(.attestation(error), path: path) }
    guard head.treeSize <= size, try root(ofFirst: head.treeSize) == head.root else {
      throw LedgerError(
        .inconsistent(
          "the folder has a head of \(head.treeSize) leaves, which this log of \(size) does not continue"
        ),
        path: path)
    }
  }

  private func contents(of tile: Tile) throws(LedgerError) -> [UInt8] {
    let first = tile.number * Tile.width
    return try read { database in
      guard let level = tile.level else {
        return try Self.entries(first..<first + tile.count, database)
      }
      return try (first..<first + tile.count).flatMap {
        try Self.node(MerkleTree.NodeID(level: 8 * level, position: $0), database).bytes
      }
    }
  }

  /// Entries with their lengths before them, each held against its hash in the tree.
  private static func entries(_ range: Range<Int>, _ database: Database) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for sequence in range {
      let rows = try RawRows(
        database, sql: "SELECT bytes FROM leaves WHERE sequence = ?", [sequence])
      let leaf = try rows.next() ? rows.bytes(0) ?? [] : []
      let hash = try node(MerkleTree.NodeID(level: 0, position: sequence), database)
      guard MerkleTree.leafHash(leaf) == hash, let length = UInt16(exactly: leaf.count) else {
        throw LedgerError(
          .inconsistent(
            "leaf \(sequence) has been changed: it is not what its hash in the tree says"))
      }
      bytes += [UInt8(length >> 8), UInt8(truncatingIfNeeded: length)] + leaf
    }
    return bytes
  }
}
