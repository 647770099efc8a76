public import Storage
import StrictJSON

/// A parsed header: what a safetensors file says that it holds.
public struct Header: Hashable, Sendable {
  /// How the rules are read.
  public enum Mode: Hashable, Sendable {
    /// The verdict of the reference reader on every input.
    case conformance
    /// Refuses besides what readers disagree on: duplicate names, array and map forms.
    case strict
  }

  /// The largest header that is read, as in the reference.
  public static let byteLimit: UInt64 = 100_000_000

  /// The key of the metadata, which no tensor can have.
  static let metadataKey: ByteString = "__metadata__"

  /// The bytes before the data section: the length, and the header with its padding.
  public let dataOffset: Int
  /// The metadata in the order of the file; nil where there is none or `null`.
  public let metadata: [(key: ByteString, value: ByteString)]?
  /// The tensors in the order of their data.
  public let tensors: [TensorInfo]
  private let places: [ByteString: Int]

  /// The tensor of a name; nil where there is none.
  public subscript(name: ByteString) -> TensorInfo? { places[name].map { tensors[$0] } }

  /// Makes a header whose parts are known to agree.
  init(
    dataOffset: Int, metadata: [(key: ByteString, value: ByteString)]?, tensors: [TensorInfo]
  ) {
    self.dataOffset = dataOffset
    self.metadata = metadata
    self.tensors = tensors
    places = Dictionary(
      uniqueKeysWithValues: tensors.enumerated().map { ($0.element.name, $0.offset) })
  }

  /// Two headers are equal when they say the same in the same order at the same place.
  public static func == (left: Self, right: Self) -> Bool {
    left.dataOffset == right.dataOffset && left.tensors == right.tensors
      && (left.metadata == nil) == (right.metadata == nil)
      && (left.metadata ?? []).elementsEqual(right.metadata ?? [], by: ==)
  }

  /// Hashes the tensors.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(dataOffset)
    hasher.combine(tensors)
  }
}

/// One entry as it stands in the header, not yet checked against the others.
struct RawEntry {
  var name: ByteString
  var dtype: DType
  var shape: [UInt64]
  var begin: UInt64
  var end: UInt64
  /// Where the entry stands in the file.
  var byteOffset: Int
}

extension Header {
  /// Parses the start of a file and checks it against the file's size.
  ///
  /// - Parameters:
  ///   - bytes: The whole file, of which only the header is touched.
  ///   - mode: How the rules are read.
  /// - Complexity: O(n log n) in the number of tensors.
  public init(parsing bytes: RawSpan, mode: Mode = .conformance) throws(HeaderError) {
    do throws(HeaderError) {
      let range = try Self.headerRange(bytes)
      if let offset = JSONReader.firstNonUTF8(in: bytes, range: range) {
        throw HeaderError(.notUTF8, at: offset)
      }
      var parser = HeaderParser(bytes, range: range, mode: mode)
      let (entries, metadata) = try parser.parse()
      self = Header(
        dataOffset: range.upperBound, metadata: metadata,
        tensors: try Self.laidOut(
          entries, dataOffset: range.upperBound, fileByteCount: bytes.byteCount)
      )
    } catch {
      var named = error
      named.foreignKind = ForeignFile.sniff(bytes)
      throw named
    }
  }

  private static func headerRange(_ bytes: RawSpan) throws(HeaderError) -> Range<Int> {
    guard bytes.byteCount >= 8 else {
      throw HeaderError(.headerTooSmall(found: bytes.byteCount), at: bytes.byteCount)
    }
    var length: UInt64 = 0
    for index in 0..<8 { length |= UInt64(bytes.byte(at: index)) << UInt64(index * 8) }
    guard length <= byteLimit else { throw HeaderError(.headerTooLarge(length), at: 0) }
    guard Int(length) <= bytes.byteCount - 8 else {
      throw HeaderError(
        .invalidHeaderLength(length, fileByteCount: bytes.byteCount), at: 0)
    }
    return 8..<8 + Int(length)
  }

  /// Orders the entries by their data and checks that they cover the file without hole or overlap.
  private static func laidOut(_ entries: [RawEntry], dataOffset: Int, fileByteCount: Int)
    throws(HeaderError) -> [TensorInfo]
  {
    let ordered = entries.sorted { ($0.begin, $0.end) < ($1.begin, $1.end) }
    var tensors: [TensorInfo] = []
    tensors.reserveCapacity(ordered.count)
    var covered: UInt64 = 0
    let dataByteCount = UInt64(fileByteCount - dataOffset)
    var fits = true
    for entry in ordered {
      func fail(_ reason: HeaderError.Reason) -> HeaderError {
        HeaderError(reason, tensor: entry.name, at: entry.byteOffset)
      }
      guard entry.begin == covered, entry.end >= entry.begin else {
        throw fail(.invalidOffset(expectedBegin: covered, begin: entry.begin, end: entry.end))
      }
      covered = entry.end
      let byteCount: UInt64
      do throws(HeaderError.Reason) {
        byteCount = try TensorInfo.byteCount(dtype: entry.dtype, shape: entry.shape)
      } catch { throw fail(error) }
      guard byteCount == entry.end - entry.begin else {
        throw fail(.sizeMismatch(expected: byteCount, found: entry.end - entry.begin))
      }
      // A range past the file is refused below, once every tensor has been looked at, as in the reference.
      fits = fits && entry.end <= dataByteCount
      if fits {
        tensors.append(
          TensorInfo(
            name: entry.name, dtype: entry.dtype, shape: entry.shape,
            dataRange: Int(entry.begin)..<Int(entry.end)))
      }
    }
    guard covered == dataByteCount else {
      let (expected, overflow) = covered.addingReportingOverflow(UInt64(dataOffset))
      throw HeaderError(
        .dataNotCovered(
          expectedFileByteCount: overflow ? nil : expected, found: fileByteCount),
        tensor: ordered.last?.name,
        at: overflow ? fileByteCount : Int(min(expected, UInt64(fileByteCount))))
    }
    return tensors
  }
}
