public import Storage
import StrictJSON

/// A parsed header: what a safetensors file says that it holds.
public struct Header: Hashable, Sendable {
  /// How the rules are read.
  public enum Mode: Hashable, Sendable {
    /// The verdict of the reference reader on every input: the last of equal names counts, an entry may be an
    /// array and a type a map.
    case conformance
    /// Refuses besides what readers disagree on: equal names, of tensors or in the metadata, after escapes are
    /// undone; entries that are arrays, types that are maps.
    ///
    /// Accepts, as files in the wild have it: no, null or empty metadata, white space anywhere, headers and
    /// tensors at any alignment, unknown fields.
    case strict
  }

  /// The largest header that is read, as in the reference.
  public static let byteLimit: UInt64 = 100_000_000

  /// The key of the metadata, which no tensor can have.
  static let metadataKey: ByteString = "__metadata__"

  /// The bytes before the data section: the length, and the header with its padding.
  public let dataOffset: Int
  /// The metadata in the order of the file; nil where there is none or `null`.
  public let metadata: HeaderMetadata?
  /// The tensors in the order of their data.
  public let tensors: TensorTable

  /// The tensor of a name; nil where there is none.
  public subscript(name: ByteString) -> TensorInfo? {
    tensors.position(of: name).map { tensors[$0] }
  }

  /// Hashes the tensors.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(dataOffset)
    hasher.combine(tensors)
  }
}

extension Header {
  /// Where a tensor lies in the file.
  public func fileRange(of tensor: TensorInfo) -> Range<Int> {
    dataOffset + tensor.dataRange.lowerBound..<dataOffset + tensor.dataRange.upperBound
  }
}

extension Header {
  /// Parses a file and checks it.
  ///
  /// - Parameters:
  ///   - bytes: The whole file, of which only the header is touched.
  ///   - mode: How the rules are read.
  /// - Complexity: O(n) in the header's bytes, and O(n log n) in the number of tensors where their entries are
  ///   not in the order of their data. Memory stays below three times the header's size, whatever it holds.
  public init(parsing bytes: RawSpan, mode: Mode = .conformance) throws(HeaderError) {
    try self.init(parsingStart: bytes, fileByteCount: bytes.byteCount, mode: mode)
  }

  /// Parses the start of a file and checks it against the file's size.
  ///
  /// - Parameters:
  ///   - start: The file at least as far as its header goes, where the file is long enough.
  ///   - fileByteCount: The size of the file.
  public init(parsingStart start: RawSpan, fileByteCount: Int, mode: Mode = .conformance)
    throws(HeaderError)
  {
    do throws(HeaderError) {
      let range = try Self.range(start, fileByteCount: fileByteCount)
      var parser = HeaderParser(start, range: range, mode: mode)
      try parser.parse()
      let layout = LayoutCheck(
        table: parser.table, dataOffset: range.upperBound, fileByteCount: fileByteCount)
      try layout.run { (fault) throws(HeaderError) in throw fault }
      dataOffset = range.upperBound
      metadata = parser.metadata
      tensors = parser.table
    } catch {
      var named = error
      named.foreignKind = ForeignFile.sniff(start)
      throw named
    }
  }

  /// All faults of a file of which at least the header is given; none where it is accepted.
  public static func faults(
    inStart start: RawSpan, fileByteCount: Int, mode: Mode = .conformance
  ) -> HeaderFaults {
    do throws(HeaderError) {
      let range = try range(start, fileByteCount: fileByteCount)
      var parser = HeaderParser(start, range: range, mode: mode, collects: true)
      do throws(HeaderError) { try parser.parse() } catch {
        var faults = parser.faults
        faults.add(error)
        return faults
      }
      var faults = parser.faults
      let layout = LayoutCheck(
        table: parser.table, dataOffset: range.upperBound, fileByteCount: fileByteCount)
      layout.collect(into: &faults, isWhole: faults.count == 0)
      return faults
    } catch {
      var faults = HeaderFaults()
      var named = error
      named.foreignKind = ForeignFile.sniff(start)
      faults.add(named)
      return faults
    }
  }

  /// All faults of a file; none where it is accepted.
  public static func faults(in bytes: RawSpan, mode: Mode = .conformance) -> HeaderFaults {
    faults(inStart: bytes, fileByteCount: bytes.byteCount, mode: mode)
  }

  /// Where the header's text lies, which is UTF-8.
  private static func range(_ start: RawSpan, fileByteCount: Int) throws(HeaderError) -> Range<Int>
  {
    guard fileByteCount >= 8, start.byteCount >= 8 else {
      throw HeaderError(.headerTooSmall(found: fileByteCount), at: fileByteCount)
    }
    let length = Self.length(start)
    guard length <= byteLimit else { throw HeaderError(.headerTooLarge(length), at: 0) }
    guard Int(length) <= fileByteCount - 8, Int(length) <= start.byteCount - 8 else {
      throw HeaderError(.invalidHeaderLength(length, fileByteCount: fileByteCount), at: 0)
    }
    let range = 8..<8 + Int(length)
    if let offset = JSONReader.firstNonUTF8(in: start, range: range) {
      throw HeaderError(.notUTF8, at: offset)
    }
    return range
  }

  /// The length of the header's text, from the eight bytes that a file begins with.
  static func length(_ start: RawSpan) -> UInt64 {
    var length: UInt64 = 0
    for index in 0..<8 { length |= UInt64(start.byte(at: index)) << UInt64(index * 8) }
    return length
  }
}
