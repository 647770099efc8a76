public import Storage

/// A safetensors file, mapped: its header, and its tensors as borrowed bytes.
///
/// For files on local disks that nobody shortens meanwhile, where many parts are read, or the same ones again:
/// nothing is copied, and the page cache is shared. A file cut short underneath is a bus error; where that can
/// happen, or on network disks, ``TensorReader`` is right.
public struct TensorFile: ~Copyable, Sendable {
  private let file: MappedFile
  /// What the file says that it holds.
  public let header: Header

  /// Maps and checks a file.
  public init(path: String, mode: Header.Mode = .conformance) throws(TensorFileError) {
    let descriptor: Descriptor
    do throws(StorageError) { descriptor = try Descriptor(path, .read) } catch {
      throw .storage(error)
    }
    try self.init(descriptor, mode: mode)
  }

  /// Maps and checks a file that is open, whatever has become of its name.
  public init(_ descriptor: borrowing Descriptor, mode: Header.Mode = .conformance)
    throws(TensorFileError)
  {
    let file: MappedFile
    do throws(StorageError) { file = try MappedFile(descriptor) } catch { throw .storage(error) }
    let header: Header
    do throws(HeaderError) { header = try Self.header(of: file, mode) } catch {
      throw .header(error, path: descriptor.path)
    }
    self.file = file
    self.header = header
  }

  // Its own function: an initialiser cannot both consume a value and borrow from it.
  private static func header(of file: borrowing MappedFile, _ mode: Header.Mode)
    throws(HeaderError) -> Header
  {
    try Header(parsing: file.bytes, mode: mode)
  }

  /// The path of the file.
  public var path: String { file.path }
  /// What the file system said of the file when it was mapped.
  public var status: FileStatus { file.status }
  /// The whole file.
  public var bytes: RawSpan {
    @_lifetime(borrow self) get { file.bytes }
  }

  /// The bytes of a tensor of this file's header.
  @_lifetime(borrow self)
  public func bytes(of tensor: TensorInfo) -> RawSpan {
    file.bytes.extracting(fileRange(of: tensor))
  }

  /// Calls `body` with the bytes of a tensor; for owners that can't lend a span of their own.
  public func withBytes<Value, Failure: Error>(
    of tensor: TensorInfo, _ body: (RawSpan) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try body(bytes(of: tensor))
  }

  /// Where a tensor lies in the file.
  public func fileRange(of tensor: TensorInfo) -> Range<Int> {
    header.fileRange(of: tensor)
  }

  /// Reads a range of the file once from end to end, keeping one window of it in memory.
  public func forEachWindow<Failure: Error>(
    of range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    let windowByteCount = 1 << 20
    for lower in stride(from: range.lowerBound, to: range.upperBound, by: windowByteCount) {
      let window = lower..<min(range.upperBound, lower + windowByteCount)
      try body(file.bytes.extracting(window))
      releasePages(window, isLast: window.upperBound == range.upperBound)
    }
  }

  /// Lets go of the pages of a range that will not be read again.
  ///
  /// - Parameter isLast: Whether no range that follows it is released later.
  public func releasePages(_ range: Range<Int>, isLast: Bool = false) {
    file.releasePages(range, isLast: isLast)
  }
}
