public import Storage

/// One reading of files from end to end, in windows and over the cores, that gives the statistics of every tensor.
///
/// The result does not depend on how many cores there are: windows are the same, and are added in their order.
public struct StatisticsPass: Sendable {
  /// A file whose header is known.
  public struct Source: Sendable {
    /// The path of the file.
    public let path: String
    /// What it says that it holds.
    public let header: Header
    /// What the file system said of it when the header was read.
    public let status: FileStatus

    /// Names a file.
    public init(path: String, header: Header, status: FileStatus) {
      self.path = path
      self.header = header
      self.status = status
    }
  }

  /// What one core reads at a time: parts of consecutive tensors of a file.
  private struct Piece: Sendable {
    let source: Int
    var parts: [(tensor: Int, range: Range<Int>)] = []
    var byteCount = 0
  }

  private static let pieceByteCount = 32 << 20
  private static let windowByteCount = 1 << 20

  private let sources: [Source]
  private let pieces: [Piece]

  /// Plans to read files.
  public init(_ sources: [Source]) {
    self.sources = sources
    var pieces: [Piece] = []
    for (index, source) in sources.enumerated() {
      var piece = Piece(source: index)
      for tensor in source.header.tensors.indices {
        let (dtype, range) = source.header.tensors.placement(at: tensor)
        guard TensorStatistics.covers(dtype) else { continue }
        var begin = range.lowerBound
        while begin < range.upperBound {
          let end = min(range.upperBound, begin + Self.pieceByteCount)
          piece.parts.append((tensor, begin..<end))
          piece.byteCount += end - begin
          begin = end
          if piece.byteCount >= Self.pieceByteCount {
            pieces.append(piece)
            piece = Piece(source: index)
          }
        }
      }
      if !piece.parts.isEmpty { pieces.append(piece) }
    }
    self.pieces = pieces
  }

  /// How many bytes are read.
  public var byteCount: Int { pieces.reduce(0) { $0 + $1.byteCount } }

  /// Reads; gives the statistics of each file's tensors in the order of its header, nil for a type whose elements
  /// share bytes.
  ///
  /// - Parameter advance: Told of the bytes read since the last call, from any thread.
  /// - Throws: ``TensorFileError`` where a file can't be read or is not the one whose header is known.
  public func run(
    threads: Int = Parallel.coreCount, advance: @Sendable (Int) -> Void = { _ in }
  ) throws(TensorFileError) -> [[TensorStatistics?]] {
    let found: [[TensorStatistics]]
    do throws(StorageError) {
      found = try Parallel.map(pieces.count, threads: threads) { index throws(StorageError) in
        try read(pieces[index], advance)
      }
    } catch { throw .storage(error) }
    var statistics = sources.map { source in
      source.header.tensors.indices.map { tensor -> TensorStatistics? in
        TensorStatistics.covers(source.header.tensors.placement(at: tensor).dtype)
          ? TensorStatistics() : nil
      }
    }
    for (piece, found) in zip(pieces, found) {
      for (part, more) in zip(piece.parts, found) {
        statistics[piece.source][part.tensor]?.merge(more)
      }
    }
    return statistics
  }

  private func read(_ piece: Piece, _ advance: @Sendable (Int) -> Void) throws(StorageError)
    -> [TensorStatistics]
  {
    let source = sources[piece.source]
    let file = try Descriptor(source.path, .read)
    try source.check(file)
    var buffer = [UInt8](repeating: 0, count: min(Self.windowByteCount, piece.byteCount))
    var statistics: [TensorStatistics] = []
    for (tensor, range) in piece.parts {
      let dtype = source.header.tensors.placement(at: tensor).dtype
      var found = TensorStatistics()
      var begin = range.lowerBound
      while begin < range.upperBound {
        // A part begins at a multiple of every width within its tensor, and so does each window of it.
        let count = min(Self.windowByteCount, range.upperBound - begin)
        try file.readExactly(into: &buffer, count: count, at: source.header.dataOffset + begin)
        found.add(buffer.rawSpan.extracting(first: count), of: dtype)
        advance(count)
        begin += count
      }
      statistics.append(found)
    }
    try source.check(file)
    return statistics
  }
}

extension StatisticsPass.Source {
  /// Throws where a file is not as it was when its header was read.
  fileprivate func check(_ file: borrowing Descriptor) throws(StorageError) {
    let now = try file.status()
    guard now.kind == .regular, now.byteCount == status.byteCount, now.modified == status.modified,
      now.inode == status.inode, now.device == status.device
    else { throw StorageError(.changedUnderneath, path: path) }
  }
}
