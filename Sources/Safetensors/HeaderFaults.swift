/// All that is wrong with a header, as far as it can be told apart.
///
/// Text that is no JSON ends the search; after an entry of the wrong form it goes on with the next. Holes and
/// overlaps are looked for only where every entry could be read, as a missing one would leave a false hole.
public struct HeaderFaults: Hashable, Sendable {
  /// How many are kept.
  public static let limit = 1000

  /// The first ones: those of the text in its order, then those of the data in its order.
  public private(set) var first: [HeaderError] = []
  /// How many there are.
  public private(set) var count = 0

  init() {}

  mutating func add(_ fault: HeaderError) {
    count += 1
    if first.count < Self.limit { first.append(fault) }
  }

  mutating func add(_ others: HeaderFaults) {
    count += others.count
    first += others.first.prefix(Self.limit - first.count)
  }
}
