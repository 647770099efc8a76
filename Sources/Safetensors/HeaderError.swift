public import Storage
public import StrictJSON

/// Why a header was refused, in which tensor and at which byte of the file.
public struct HeaderError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The rule that was broken: one case for each rule of the reference reader, in its order of checks.
  public enum Reason: Error, Hashable, Sendable {
    /// The file has fewer than the eight bytes of the length.
    case headerTooSmall(found: Int)
    /// The length is over 100,000,000.
    case headerTooLarge(UInt64)
    /// The header would end after the file.
    case invalidHeaderLength(UInt64, fileByteCount: Int)
    /// The header is not UTF-8.
    case notUTF8
    /// The header is not the JSON that the format asks for.
    case json(JSONError.Reason)
    /// A member is missing, given twice or of the wrong kind.
    case entry(String)
    /// The tensor does not begin where the one before it ends, or ends before it begins.
    case invalidOffset(expectedBegin: UInt64, begin: UInt64, end: UInt64)
    /// The size overflows 64 bits.
    case sizeOverflow
    /// The tensor does not end on a byte.
    case partialByte(bits: UInt64)
    /// The range is not as long as type and shape ask for.
    case sizeMismatch(expected: UInt64, found: UInt64)
    /// Bytes are missing, or follow the last tensor.
    case dataNotCovered(expectedFileByteCount: UInt64?, found: Int)
    /// Strict mode: a name is given twice.
    case duplicateName
    /// Strict mode: an entry or type in a form that other readers do not know.
    case unusualForm(String)
  }

  /// The rule that was broken.
  public var reason: Reason
  /// The tensor, where there is one; an overlong name is cut short.
  public var tensor: ByteString?
  /// The offset in the file of the first byte that is wrong.
  public var byteOffset: Int
  /// What the file seems to be instead, where that can be told.
  public var foreignKind: ForeignFile?

  init(_ reason: Reason, tensor: ByteString? = nil, at byteOffset: Int) {
    self.reason = reason
    self.tensor = tensor
    self.byteOffset = byteOffset
  }

  init(_ error: JSONError) { self.init(.json(error.reason), at: error.byteOffset) }

  /// The same about a tensor; of a name that is longer than 1024 bytes the beginning.
  func about(_ name: ByteString) -> HeaderError {
    var named = self
    named.tensor =
      name.bytes.count <= 1024
      ? name : ByteString(ByteString(bytes: Array(name.bytes.prefix(1024))).text + "…")
    return named
  }

  /// A stable name of the rule, for machines.
  public var name: String {
    switch reason {
    case .headerTooSmall: "header-too-small"
    case .headerTooLarge: "header-too-large"
    case .invalidHeaderLength: "invalid-header-length"
    case .notUTF8: "header-not-utf8"
    case .json, .entry: "invalid-header-json"
    case .invalidOffset: "invalid-offset"
    case .sizeOverflow: "size-overflow"
    case .partialByte: "partial-byte"
    case .sizeMismatch: "size-mismatch"
    case .dataNotCovered: "data-not-covered"
    case .duplicateName: "duplicate-name"
    case .unusualForm: "unusual-form"
    }
  }

  /// What, where, expected and found, in one line.
  public var description: String {
    var place = ""
    if let tensor { place += "tensor \"\(tensor)\": " }
    place += "at byte \(byteOffset): "
    let hint = foreignKind.map { "; \($0.text)" } ?? ""
    return place + reason.text + hint
  }
}

extension HeaderError.Reason {
  /// The rule in words, with what was expected and found.
  public var text: String {
    switch self {
    case .headerTooSmall(let found):
      return "a safetensors file begins with 8 bytes of header length, found \(found)"
    case .headerTooLarge(let length):
      return "header length \(length), at most 100000000 is allowed"
    case .invalidHeaderLength(let length, let count):
      return "header length \(length) leads past the end of the file (\(count) bytes)"
    case .notUTF8: return "the header is not UTF-8"
    case .json(let reason): return reason.text
    case .entry(let what): return what
    case .invalidOffset(let expected, let begin, let end):
      return
        "data_offsets [\(begin), \(end)], expected to begin at \(expected) and not to end before"
    case .sizeOverflow: return "the size overflows 64 bits"
    case .partialByte(let bits): return "\(bits) bits do not end on a byte"
    case .sizeMismatch(let expected, let found):
      return "type and shape ask for \(expected) bytes, data_offsets give \(found)"
    case .dataNotCovered(let expected, let found):
      return
        "header and tensors cover \(expected.map(String.init) ?? "over 2^64") bytes, the file has \(found)"
    case .duplicateName: return "the name is given twice"
    case .unusualForm(let what): return what
    }
  }
}
