public import Storage
import StrictJSON

/// The canonical layout of a set of tensors: header bytes and where each tensor goes.
///
/// Byte-identical to what the reference writer (0.8.0) makes of the same tensors with no or one metadata
/// key; with more keys the reference's own order is random, and here it is the order of bytes.
public struct Layout: Sendable {
  /// One tensor to be laid out.
  public struct Entry: Hashable, Sendable {
    /// The name.
    public let name: ByteString
    /// The type of its elements.
    public let dtype: DType
    /// The size of each dimension.
    public let shape: [UInt64]

    /// Makes an entry.
    public init(name: ByteString, dtype: DType, shape: [UInt64]) {
      self.name = name
      self.dtype = dtype
      self.shape = shape
    }
  }

  /// The length and the padded header: everything before the data.
  public let headerBytes: [UInt8]
  /// The tensors in the order of their data.
  public let tensors: [TensorInfo]

  /// The size of the file.
  public var fileByteCount: Int { headerBytes.count + (tensors.last?.dataRange.upperBound ?? 0) }

  /// Lays tensors out: wider types first, then by the bytes of their names.
  ///
  /// - Parameter dataAlignment: The data section begins at a multiple of it; a multiple of 8, which is also what
  ///   the reference does. With that of a page, tensors that begin at one can be mapped as they are.
  /// - Throws: ``HeaderError`` where a name is given twice or is `__metadata__`, or a size overflows.
  public init(
    _ entries: [Entry], metadata: [(key: ByteString, value: ByteString)]?, dataAlignment: Int = 8
  ) throws(HeaderError) {
    precondition(dataAlignment > 0 && dataAlignment.isMultiple(of: 8), "\(dataAlignment)")
    let ordered = entries.sorted {
      $0.dtype.position != $1.dtype.position
        ? $0.dtype.position > $1.dtype.position : $0.name < $1.name
    }
    var seen: Set<ByteString> = [Header.metadataKey]
    var tensors: [TensorInfo] = []
    var offset = 0
    for entry in ordered {
      guard seen.insert(entry.name).inserted else {
        throw HeaderError(.duplicateName, tensor: entry.name, at: 0)
      }
      let byteCount: UInt64
      do throws(HeaderError.Reason) {
        byteCount = try TensorInfo.byteCount(dtype: entry.dtype, shape: entry.shape)
      } catch { throw HeaderError(error, tensor: entry.name, at: 0) }
      guard let count = Int(exactly: byteCount),
        case let (end, overflow) =
          offset
          .addingReportingOverflow(count), !overflow
      else { throw HeaderError(.sizeOverflow, tensor: entry.name, at: 0) }
      tensors.append(
        TensorInfo(
          name: entry.name, dtype: entry.dtype, shape: entry.shape, dataRange: offset..<end))
      offset = end
    }
    self.tensors = tensors
    headerBytes = try Self.encode(tensors, metadata, dataAlignment)
  }

  private static func encode(
    _ tensors: [TensorInfo], _ metadata: [(key: ByteString, value: ByteString)]?,
    _ dataAlignment: Int
  ) throws(HeaderError) -> [UInt8] {
    var json: [UInt8] = [UInt8(ascii: "{")]
    if let metadata {
      json += "\"__metadata__\":{".utf8
      for (index, member) in metadata.sorted(by: { $0.key < $1.key }).enumerated() {
        if index > 0 { json.append(UInt8(ascii: ",")) }
        CanonicalJSON.writeString(member.key.bytes, into: &json)
        json.append(UInt8(ascii: ":"))
        CanonicalJSON.writeString(member.value.bytes, into: &json)
      }
      json.append(UInt8(ascii: "}"))
    }
    for tensor in tensors {
      if json.count > 1 { json.append(UInt8(ascii: ",")) }
      CanonicalJSON.writeString(tensor.name.bytes, into: &json)
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let (begin, end) = (tensor.dataRange.lowerBound, tensor.dataRange.upperBound)
      json += ":{\"dtype\":\"\(tensor.dtype.rawValue)\",\"shape\":[\(shape)],".utf8
      json += "\"data_offsets\":[\(begin),\(end)]}".utf8
    }
    json.append(UInt8(ascii: "}"))
    while !(json.count + 8).isMultiple(of: dataAlignment) { json.append(0x20) }
    guard UInt64(json.count) <= Header.byteLimit else {
      throw HeaderError(.headerTooLarge(UInt64(json.count)), at: 0)
    }
    let length = UInt64(json.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64($0 * 8)) } + json
  }
}
