#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A read-only file mapped into memory for as long as this value lives.
///
/// Copying is not possible, so there is exactly one owner and one `munmap`. Should another process
/// shorten the file meanwhile, reading the lost part is a bus error; SECURITY.md says so.
@safe
public struct MappedFile: ~Copyable, @unchecked Sendable {
  // Unchecked: the mapping is read-only and has one owner.
  private let base: UnsafeMutableRawPointer?
  /// The size of the file when it was mapped.
  public let byteCount: Int
  /// The path that was mapped.
  public let path: String
  /// What the file system said of the file when it was mapped.
  public let status: FileStatus

  /// Maps the whole of a regular file.
  public init(path: String) throws(StorageError) {
    let descriptor = try Descriptor(path, .read)
    try self.init(descriptor)
  }

  /// Maps the whole of a regular file that is open, whatever has become of its name.
  public init(_ descriptor: borrowing Descriptor) throws(StorageError) {
    let status = try descriptor.status()
    guard status.kind == .regular else {
      throw StorageError(.notRegular, path: descriptor.path)
    }
    let address = unsafe try descriptor.mapped(byteCount: status.byteCount)
    unsafe base = address
    self.status = status
    path = descriptor.path
    byteCount = status.byteCount
  }

  deinit { if let base = unsafe base { unsafe munmap(base, byteCount) } }

  /// The bytes of the file; the span cannot outlive the mapping.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // `base` is a mapping of `byteCount` bytes that lives as long as `self`; nil only for 0 bytes.
      let buffer = unsafe UnsafeRawBufferPointer(start: base, count: byteCount)
      return unsafe _overrideLifetime(RawSpan(_unsafeBytes: buffer), borrowing: self)
    }
  }

  /// At most so much is mapped at once, from a multiple of it on, where one page is read: Linux maps the whole large
  /// folio that holds it.
  public static let folioByteCount = 1 << 21

  /// Tells the kernel that a range will not be read again soon, which keeps resident memory flat.
  ///
  /// The folio that the range ends in stays, so that small ranges one after the other don't have the same pages brought
  /// in again and again, unless it is the last of them. Whoever reads what is gone has it read from the file again.
  public func releasePages(_ range: Range<Int>, isLast: Bool = false) {
    guard let base = unsafe base, !range.isEmpty else { return }
    let start = max(0, range.lowerBound) / Self.folioByteCount * Self.folioByteCount
    let last = min(byteCount, range.upperBound)
    let end = isLast ? last : last / Self.folioByteCount * Self.folioByteCount
    // Whole pages of the mapping; they are clean, so dropping them loses nothing.
    if start < end { unsafe madvise(base + start, end - start, MADV_DONTNEED) }
  }
}
