import Safetensors
import Storage

/// The four forms in which a patch gives new values of a tensor.
public enum EditKind: String, CaseIterable, Hashable, Sendable {
  /// Whole rows along axis 0.
  case rows
  /// Whole columns of a matrix.
  case columns
  /// Single elements by flat index.
  case elements
  /// All of the tensor.
  case whole

  /// The name of the entry that holds the indices, or the values of a whole tensor.
  func entryName(_ tensor: ByteString) -> ByteString {
    ByteString(bytes: tensor.bytes + Array("#\(rawValue)".utf8))
  }

  /// The name of the entry that holds the values.
  func valueName(_ tensor: ByteString) -> ByteString {
    self == .whole
      ? entryName(tensor) : ByteString(bytes: tensor.bytes + Array("#\(rawValue).value".utf8))
  }

  /// The type of the indices; nil for a whole tensor, which has none.
  var indexType: DType? {
    switch self {
    case .rows, .columns: .u32
    case .elements: .u64
    case .whole: nil
    }
  }

  /// Takes an entry's name apart; nil where it is none of a patch.
  static func split(_ name: ByteString) -> (tensor: ByteString, kind: EditKind, isValue: Bool)? {
    for kind in allCases {
      for (suffix, isValue) in [
        ("#\(kind.rawValue)", kind == .whole), ("#\(kind.rawValue).value", true),
      ]
      where name.bytes.count > suffix.utf8.count
        && name.bytes.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
        && !(kind == .whole && suffix.hasSuffix(".value"))
      {
        return (
          ByteString(bytes: Array(name.bytes.dropLast(suffix.utf8.count))), kind, isValue
        )
      }
    }
    return nil
  }
}
