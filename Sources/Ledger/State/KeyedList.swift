/// Values in the order in which they came, each found by its key without a search.
public struct KeyedList<Key: Hashable & Sendable, Element: Sendable>: RandomAccessCollection,
  Sendable
{
  /// The values, which are changed in place.
  var elements: [Element] = []
  private var places: [Key: Int] = [:]

  /// The place of the first value.
  public var startIndex: Int { 0 }
  /// The place after the last value.
  public var endIndex: Int { elements.count }
  /// The value at a place.
  public subscript(place: Int) -> Element { elements[place] }

  /// Where the value of a key is; nil where there is none.
  func place(_ key: Key) -> Int? { places[key] }

  /// The value of a key; nil where there is none.
  func value(_ key: Key) -> Element? { places[key].map { elements[$0] } }

  /// Adds a value whose key is new.
  ///
  /// - Returns: Its place.
  @discardableResult
  mutating func append(_ element: Element, key: Key) -> Int {
    places[key] = elements.count
    elements.append(element)
    return elements.count - 1
  }
}
