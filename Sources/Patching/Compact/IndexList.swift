import Storage

/// A list of ascending indices that parts of a patch share, as runs of neighbours.
///
/// LEB128: how many indices. Then pieces to the end of the entry: LEB128 the plain size of the piece, 1 to 65536,
/// and the piece as a packed plane. A piece holds whole runs, each of two LEB128: how many indices are left out
/// since the run before, less one where there is a run before; how many neighbours follow the first index.
enum IndexList {
  private static let pieceByteLimit = 1 << 16
  /// Two LEB128 of at most nine bytes.
  private static let runByteLimit = 18

  /// Codes ascending indices.
  static func encode(count: Int, indexAt: (Int) -> Int) -> [UInt8] {
    var zstd = ZstdCompressor()
    var bytes: [UInt8] = []
    bytes.appendLEB128(count)
    var piece: [UInt8] = []
    func flush(_ bytes: inout [UInt8], _ zstd: inout ZstdCompressor) {
      bytes.appendLEB128(piece.count)
      PackedPlane.append(piece.rawSpan, to: &bytes, &zstd)
      piece.removeAll(keepingCapacity: true)
    }
    var (place, next) = (0, 0)
    while place < count {
      let first = indexAt(place)
      var length = 1
      while place + length < count, indexAt(place + length) == first + length { length += 1 }
      piece.appendLEB128(place == 0 ? first : first - next - 1)
      piece.appendLEB128(length - 1)
      (place, next) = (place + length, first + length)
      if piece.count > pieceByteLimit - runByteLimit { flush(&bytes, &zstd) }
    }
    if !piece.isEmpty { flush(&bytes, &zstd) }
    return bytes
  }

  /// How many indices a list declares; at most `limit`.
  static func count(of bytes: RawSpan, atMost limit: Int) throws(CompactFault) -> Int {
    var cursor = ByteCursor(bytes)
    let count = try cursor.leb128(atMost: limit)
    guard count > 0 else { throw CompactFault("is empty") }
    return count
  }

  /// Calls `body` with each run: all of them have as many indices as the list declares, below a limit.
  static func forEachRun<Failure: Error>(
    of bytes: RawSpan, below limit: Int, wrap: (CompactFault) -> Failure,
    _ body: (Range<Int>) throws(Failure) -> Void
  ) throws(Failure) {
    var zstd = ZstdDecompressor()
    var cursor = ByteCursor(bytes)
    var (left, next) = (0, 0)
    do throws(CompactFault) { left = try cursor.leb128(atMost: limit) } catch { throw wrap(error) }
    while left > 0 {
      let piece: [UInt8]
      do throws(CompactFault) { piece = try Self.piece(&cursor, &zstd) } catch { throw wrap(error) }
      var runs = ByteCursor(piece.rawSpan)
      while runs.left > 0 {
        let run: Range<Int>
        do throws(CompactFault) {
          run = try Self.run(&runs, after: next, limit: limit, atMost: left)
        } catch { throw wrap(error) }
        try body(run)
        next = run.upperBound
        left -= run.count
      }
    }
    do throws(CompactFault) { try cursor.finish() } catch { throw wrap(error) }
  }

  @_lifetime(cursor: copy cursor)
  private static func piece(_ cursor: inout ByteCursor, _ zstd: inout ZstdDecompressor)
    throws(CompactFault) -> [UInt8]
  {
    let byteCount = try cursor.leb128(atMost: pieceByteLimit)
    guard byteCount > 0 else { throw CompactFault("has an empty piece") }
    return try PackedPlane.read(&cursor, byteCount: byteCount, &zstd)
      ?? [UInt8](repeating: 0, count: byteCount)
  }

  @_lifetime(runs: copy runs)
  private static func run(
    _ runs: inout ByteCursor, after next: Int, limit: Int, atMost left: Int
  ) throws(CompactFault) -> Range<Int> {
    guard left > 0 else { throw CompactFault("holds more indices than it declares") }
    let isFirst = next == 0
    let gap = try runs.leb128(atMost: limit)
    let start = next + gap + (isFirst ? 0 : 1)
    let length = try runs.leb128(atMost: left - 1) + 1
    guard start < limit, length <= limit - start else {
      throw CompactFault("holds an index behind the last of \(limit)")
    }
    return start..<start + length
  }
}
