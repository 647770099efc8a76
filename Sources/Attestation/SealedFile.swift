import Storage

/// The format of a sealed file: a header of 24 bytes, then chunks of AES-256-GCM.
///
/// Header: `UPSEAL1\n`, the chunk size (u64, little-endian), the count of plain bytes (u64). Each chunk is
/// sealed under the number of the chunk, a mark on the last one, and the header, so that chunks can't be
/// cut off, moved or taken from another file (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
/// Vizár, 2015). A key seals one file only. See `docs/formats/sealed.md`.
enum SealFormat {
  static let magic = Array("UPSEAL1\n".utf8)
  static let headerByteCount = 24
  static let chunkByteCount = 1 << 16

  static func header(plaintextByteCount: Int) -> [UInt8] {
    magic + littleEndian(chunkByteCount) + littleEndian(plaintextByteCount)
  }

  static func littleEndian(_ value: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: UInt64(value) >> UInt64($0 * 8)) }
  }

  static func nonce(chunk: Int, isLast: Bool) -> [UInt8] {
    [isLast ? 1 : 0, 0, 0, 0] + littleEndian(chunk)
  }

  static func chunkCount(plaintextByteCount: Int) -> Int {
    max(
      1,
      plaintextByteCount / chunkByteCount
        + (plaintextByteCount.isMultiple(of: chunkByteCount) ? 0 : 1))
  }
}

/// Writes a sealed file, which appears whole or not at all.
public struct SealedFileWriter: ~Copyable {
  private var file: AtomicFile
  private let key: [UInt8]
  private let header: [UInt8]
  private let plaintextByteCount: Int
  private var pending: [UInt8] = []
  private var chunk = 0
  private var taken = 0

  /// Starts a file.
  ///
  /// - Parameters:
  ///   - key: 32 random bytes that seal nothing else.
  ///   - plaintextByteCount: How many bytes will be appended.
  public init(path: String, key: [UInt8], plaintextByteCount: Int) throws(AttestationError) {
    try self.init(path: path, key: key, plaintextByteCount: plaintextByteCount, head: [])
  }

  /// Starts a file with something before the sealed part.
  init(path: String, key: [UInt8], plaintextByteCount: Int, head: [UInt8]) throws(AttestationError)
  {
    guard key.count == 32 else { throw AttestationError(.badKey("a seal's key has 32 bytes")) }
    let header = SealFormat.header(plaintextByteCount: plaintextByteCount)
    let file = try storing { () throws(StorageError) in
      var file = try AtomicFile(path: path, mode: 0o600)
      try file.append(head.rawSpan)
      try file.append(header.rawSpan)
      return file
    }
    self.file = file
    self.key = key
    self.header = header
    self.plaintextByteCount = plaintextByteCount
  }

  /// Appends plain bytes.
  public mutating func append(_ bytes: RawSpan) throws(AttestationError) {
    taken += bytes.byteCount
    var offset = 0
    while offset < bytes.byteCount {
      let count = min(bytes.byteCount - offset, SealFormat.chunkByteCount - pending.count)
      pending += bytes.extracting(offset..<offset + count).copied()
      offset += count
      // The last chunk waits for `commit`, which alone knows that it is the last.
      if pending.count == SealFormat.chunkByteCount,
        taken - (bytes.byteCount - offset)
          < plaintextByteCount
      {
        try writeChunk(isLast: false)
      }
    }
  }

  private mutating func writeChunk(isLast: Bool) throws(AttestationError) {
    let sealed = SealCipher.seal(
      pending.rawSpan, key: key, nonce: SealFormat.nonce(chunk: chunk, isLast: isLast),
      bound: header)
    do throws(StorageError) { try file.append(sealed.rawSpan) } catch {
      throw AttestationError(storage: error)
    }
    chunk += 1
    pending.removeAll(keepingCapacity: true)
  }

  /// Seals the last chunk and gives the file its name, durably.
  public consuming func commit() throws(AttestationError) {
    guard taken == plaintextByteCount else {
      throw AttestationError(
        .brokenSeal("\(plaintextByteCount) bytes were announced, \(taken) came"), path: file.path)
    }
    try writeChunk(isLast: true)
    do throws(StorageError) { try file.commit() } catch { throw AttestationError(storage: error) }
  }
}

/// A sealed file, opened with its key.
public struct SealedFile: ~Copyable {
  private let file: Descriptor
  private let key: [UInt8]
  private let header: [UInt8]
  /// Where the sealed part begins.
  private let start: Int
  /// How many plain bytes there are.
  public let plaintextByteCount: Int

  /// Opens a file and checks its size; chunks are checked as they are read.
  public init(path: String, key: [UInt8]) throws(AttestationError) {
    try self.init(path: path, key: key, offset: 0)
  }

  /// Opens the sealed part of a file from an offset on to its end.
  init(path: String, key: [UInt8], offset: Int) throws(AttestationError) {
    let file = try storing { () throws(StorageError) in try Descriptor(path, .read) }
    let status = try storing { () throws(StorageError) in try file.status() }
    var header = [UInt8](repeating: 0, count: SealFormat.headerByteCount)
    try storing { () throws(StorageError) in
      try file.readExactly(into: &header, count: header.count, at: offset)
    }
    var declared: UInt64 = 0
    for index in 0..<8 { declared |= UInt64(header[16 + index]) << UInt64(index * 8) }
    guard let count = Int(exactly: declared), count <= status.byteCount,
      header == SealFormat.header(plaintextByteCount: count),
      status.byteCount == offset + SealFormat.headerByteCount + count + SealFormat.chunkCount(
        plaintextByteCount: count) * SealCipher.tagByteCount
    else { throw AttestationError(.brokenSeal("not a sealed file, or cut short"), path: path) }
    self.file = file
    self.header = header
    self.key = key
    start = offset
    plaintextByteCount = count
  }

  /// Writes the plain bytes to a new file that only its owner may read.
  ///
  /// - Throws: `brokenSeal` at the first chunk that is not authentic; the new file is removed then.
  public func unseal(to path: String) throws(AttestationError) {
    var output: AtomicFile
    do throws(StorageError) { output = try AtomicFile(path: path, mode: 0o600) } catch {
      throw AttestationError(storage: error)
    }
    let chunkCount = SealFormat.chunkCount(plaintextByteCount: plaintextByteCount)
    var offset = start + SealFormat.headerByteCount
    for chunk in 0..<chunkCount {
      let isLast = chunk == chunkCount - 1
      let plainCount =
        isLast
        ? plaintextByteCount - chunk * SealFormat.chunkByteCount : SealFormat.chunkByteCount
      var sealed = [UInt8](repeating: 0, count: plainCount + SealCipher.tagByteCount)
      try storing { () throws(StorageError) in
        try file.readExactly(into: &sealed, count: sealed.count, at: offset)
      }
      guard
        let plain = SealCipher.open(
          sealed, key: key, nonce: SealFormat.nonce(chunk: chunk, isLast: isLast), bound: header)
      else {
        throw AttestationError(
          .brokenSeal("chunk \(chunk) at byte \(offset) is not what was sealed with this key"),
          path: file.path)
      }
      do throws(StorageError) { try output.append(plain.rawSpan) } catch {
        throw AttestationError(storage: error)
      }
      offset += sealed.count
    }
    do throws(StorageError) { try output.commit() } catch {
      throw AttestationError(storage: error)
    }
  }
}
