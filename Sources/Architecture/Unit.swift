/// An attention head or an FFN filter: the smallest part of a Transformer that is unlearned on its own.
///
/// Written `L3.H5` (layer 3, head 5) or `L3.F127` (filter 127), both from 0. With grouped-query attention a
/// head unit is a key-value group with all its query heads.
public struct Unit: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The two kinds of unit.
  public enum Kind: Hashable, Sendable, Comparable, CaseIterable {
    /// An attention head, or a key-value group.
    case head
    /// One intermediate neuron of the feed-forward network.
    case filter
  }

  /// The layer, from 0.
  public let layer: Int
  /// The kind of unit.
  public let kind: Kind
  /// The number within the layer and kind, from 0.
  public let index: Int

  /// Makes a unit's address.
  public init(layer: Int, kind: Kind, index: Int) {
    self.layer = layer
    self.kind = kind
    self.index = index
  }

  /// Reads `L3.H5` or `L3.F127`; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].first == "L", let layer = Self.number(parts[0].dropFirst()),
      let index = Self.number(parts[1].dropFirst())
    else { return nil }
    switch parts[1].first {
    case "H": self.init(layer: layer, kind: .head, index: index)
    case "F": self.init(layer: layer, kind: .filter, index: index)
    default: return nil
    }
  }

  private static func number(_ text: Substring) -> Int? {
    guard (1...9).contains(text.utf8.count),
      text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      text == "0" || text.first != "0"
    else { return nil }
    return Int(text)
  }

  /// The address as text.
  public var description: String { "L\(layer).\(kind == .head ? "H" : "F")\(index)" }

  /// Orders by layer, heads before filters, then by number.
  public static func < (left: Self, right: Self) -> Bool {
    (left.layer, left.kind, left.index) < (right.layer, right.kind, right.index)
  }
}
