public import Storage

/// A safetensors file that is read, not mapped: its header, and its tensors into buffers of the caller.
///
/// For network disks, where a page at a time is slow, and for files that others may write: one that is cut short
/// or written meanwhile is an error, where a mapping would be a bus error or a mixture. Opening reads the header
/// alone.
public struct TensorReader: ~Copyable, Sendable {
  private let file: Descriptor
  /// What the file says that it holds.
  public let header: Header
  /// What the file system said of the file when it was opened.
  public let status: FileStatus

  /// Opens and checks a file.
  public init(path: String, mode: Header.Mode = .conformance) throws(TensorFileError) {
    let file: Descriptor
    do throws(StorageError) { file = try Descriptor(path, .read) } catch { throw .storage(error) }
    let (header, status) = try Self.open(file, mode)
    self.file = file
    self.header = header
    self.status = status
  }

  // Its own function: an initialiser cannot both consume a value and borrow from it.
  private static func open(_ file: borrowing Descriptor, _ mode: Header.Mode)
    throws(TensorFileError) -> (Header, FileStatus)
  {
    let status: FileStatus
    let start: [UInt8]
    do throws(StorageError) {
      status = try regularStatus(of: file)
      start = try Self.start(of: file, byteCount: status.byteCount)
      try check(file, against: status)
    } catch { throw .storage(error) }
    do throws(HeaderError) {
      let header = try Header(
        parsingStart: start.rawSpan, fileByteCount: status.byteCount, mode: mode)
      return (header, status)
    } catch { throw .header(error, path: file.path) }
  }

  private static func regularStatus(of file: borrowing Descriptor) throws(StorageError)
    -> FileStatus
  {
    let status = try file.status()
    guard status.kind == .regular else { throw StorageError(.notRegular, path: file.path) }
    return status
  }

  /// The path of the file.
  public var path: String { file.path }

  /// Reads a part of a tensor into the start of a buffer.
  ///
  /// - Parameters:
  ///   - range: Which of the tensor's bytes.
  ///   - buffer: At least as long as the range.
  public func read(_ range: Range<Int>, of tensor: TensorInfo, into buffer: inout [UInt8])
    throws(TensorFileError)
  {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= tensor.byteCount,
      "bytes \(range) of a tensor of \(tensor.byteCount)")
    do throws(StorageError) {
      try file.readExactly(
        into: &buffer, count: range.count,
        at: header.fileRange(of: tensor).lowerBound + range.lowerBound)
    } catch { throw .storage(error) }
  }

  /// Calls `body` with a tensor's bytes, a piece after the other, and checks at the end that the file is still
  /// the one that was opened.
  ///
  /// - Parameter unit: Pieces are multiples of so many bytes, except the last.
  public func forEachPiece(
    of tensor: TensorInfo, unit: Int = 1, _ body: (RawSpan) -> Void
  ) throws(TensorFileError) {
    let size = max(1, (1 << 20) / unit) * unit
    var buffer = [UInt8](repeating: 0, count: min(size, tensor.byteCount))
    var offset = 0
    while offset < tensor.byteCount {
      let next = min(offset + size, tensor.byteCount)
      try read(offset..<next, of: tensor, into: &buffer)
      body(buffer.rawSpan.extracting(first: next - offset))
      offset = next
    }
    try check()
  }

  /// Throws where the file is no longer as it was when it was opened.
  public func check() throws(TensorFileError) {
    do throws(StorageError) { try Self.check(file, against: status) } catch {
      throw .storage(error)
    }
  }

  /// All that is wrong with a file; no faults where it is accepted.
  public static func faults(path: String, mode: Header.Mode = .conformance) throws(TensorFileError)
    -> HeaderFaults
  {
    do throws(StorageError) {
      let file = try Descriptor(path, .read)
      let status = try regularStatus(of: file)
      let start = try start(of: file, byteCount: status.byteCount)
      return Header.faults(
        inStart: start.rawSpan, fileByteCount: status.byteCount, mode: mode)
    } catch { throw .storage(error) }
  }

  /// The file as far as its header goes; where it has none, enough to see what it is instead.
  private static func start(of file: borrowing Descriptor, byteCount: Int) throws(StorageError)
    -> [UInt8]
  {
    var start = [UInt8](repeating: 0, count: min(byteCount, ForeignFile.sniffedByteCount))
    try file.readExactly(into: &start, count: start.count, at: 0)
    guard start.count >= 8 else { return start }
    let length = Header.length(start.rawSpan)
    guard length <= Header.byteLimit, 8 + Int(length) <= byteCount else { return start }
    let count = 8 + Int(length)
    if count <= start.count { return start }
    start = [UInt8](repeating: 0, count: count)
    try file.readExactly(into: &start, count: count, at: 0)
    return start
  }

  private static func check(_ file: borrowing Descriptor, against status: FileStatus)
    throws(StorageError)
  {
    let now = try file.status()
    guard now.byteCount == status.byteCount, now.modified == status.modified else {
      throw StorageError(.changedUnderneath, path: file.path)
    }
  }
}
