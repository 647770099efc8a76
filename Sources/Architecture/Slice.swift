public import Storage

/// The part of one tensor that a unit owns.
public struct Slice: Hashable, Sendable {
  /// How a tensor is cut.
  public enum Axis: Hashable, Sendable {
    /// Along axis 0 of a matrix.
    case rows
    /// Along axis 1 of a matrix.
    case columns
    /// Along a vector.
    case elements
  }

  /// Which side of the unit the slice is.
  public enum Role: Hashable, Sendable {
    /// Makes the unit's activation: query, key, value; gate and up.
    case input
    /// Carries the unit's activation on: the columns of the output or down projection.
    case output
  }

  /// The tensor.
  public let tensor: ByteString
  /// How it is cut.
  public let axis: Axis
  /// Which rows, columns or elements, in ascending order and without overlap.
  public let ranges: [Range<Int>]
  /// Which side of the unit it is.
  public let role: Role

  /// How many rows, columns or elements the slice has.
  public var count: Int { ranges.reduce(0) { $0 + $1.count } }
}
