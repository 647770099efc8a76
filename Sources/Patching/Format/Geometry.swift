import Safetensors
import Storage

/// How the bytes of one tensor are cut into rows, columns and elements.
struct Geometry: Hashable, Sendable {
  /// How many rows there are along axis 0; 0 for a scalar.
  let rowCount: Int
  /// How many bytes a row has; 0 where rows do not begin on a byte.
  let rowByteCount: Int
  /// How many columns a matrix has; 0 for anything else.
  let columnCount: Int
  /// How many bytes an element has; 0 where elements share bytes.
  let elementByteCount: Int
  /// How many bytes the tensor has.
  let byteCount: Int

  init(_ info: TensorInfo) {
    byteCount = info.byteCount
    elementByteCount = info.dtype.byteWidth ?? 0
    let hasBytes = info.byteCount > 0
    rowCount = hasBytes ? info.shape.first.flatMap { Int(exactly: $0) } ?? 0 : 0
    rowByteCount =
      rowCount > 0 && info.byteCount.isMultiple(of: rowCount) ? info.byteCount / rowCount : 0
    columnCount =
      hasBytes && info.shape.count == 2 && elementByteCount > 0 ? Int(info.shape[1]) : 0
  }

  /// How many indices of a kind there can be; 0 where the kind does not fit the tensor.
  func limit(_ kind: EditKind) -> Int {
    switch kind {
    case .rows: rowByteCount > 0 ? rowCount : 0
    case .columns: columnCount
    case .elements: elementByteCount > 0 ? byteCount / elementByteCount : 0
    case .whole: 1
    }
  }

  /// How many bytes of values one index brings.
  func valueByteCount(_ kind: EditKind) -> Int {
    switch kind {
    case .rows: rowByteCount
    case .columns: rowCount * elementByteCount
    case .elements: elementByteCount
    case .whole: byteCount
    }
  }

  /// The shape of the values for a count of indices.
  func valueShape(_ kind: EditKind, count: Int, of shape: [UInt64]) -> [UInt64] {
    switch kind {
    case .rows: [UInt64(count)] + shape.dropFirst()
    case .columns: [UInt64(rowCount), UInt64(count)]
    case .elements: [UInt64(count)]
    case .whole: shape
    }
  }
}
