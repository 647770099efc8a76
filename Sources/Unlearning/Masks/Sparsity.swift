/// The share S of units that stay frozen, as an exact decimal of up to nine places.
///
/// Exact, because (1 − S)·n in binary floating point is off by a unit where it matters: 1 − 0.9 is a little less
/// than 0.1.
public struct Sparsity: Hashable, Sendable, Comparable, CustomStringConvertible {
  private static let one = 1_000_000_000

  /// S in billionths, from 0 to 10⁹.
  public let billionths: Int

  /// Takes billionths; nil unless from 0 to 10⁹.
  public init?(billionths: Int) {
    guard (0...Self.one).contains(billionths) else { return nil }
    self.billionths = billionths
  }

  /// Takes the nearest billionth; nil unless from 0 to 1.
  public init?(_ value: Double) {
    guard value >= 0 && value <= 1 else { return nil }
    billionths = Int((value * Double(Self.one)).rounded())
  }

  /// Reads a decimal such as `0.9` or `1`, with at most nine places; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard parts.count <= 2, parts[0] == "0" || parts[0] == "1",
      parts.dropFirst().allSatisfy({
        (1...9).contains($0.utf8.count) && $0.utf8.allSatisfy { digits.contains($0) }
      })
    else { return nil }
    let places = parts.count == 2 ? String(parts[1]) : ""
    guard
      let fraction = Int(places + String(repeating: "0", count: 9 - places.utf8.count))
    else { return nil }
    self.init(billionths: (parts[0] == "1" ? Self.one : 0) + fraction)
  }

  /// No unit is frozen.
  public static let none = Sparsity(frozen: 0)
  /// Every unit is frozen.
  public static let full = Sparsity(frozen: one)
  /// What the papers use: nine of ten units are frozen.
  public static let published = Sparsity(frozen: 900_000_000)

  private init(frozen: Int) { billionths = frozen }

  /// The largest whole number strictly below (1 − S)·count, as in equation 4; 0 where there is none.
  ///
  /// With S = 0 nothing is asked for, and the number is `count`.
  public func selected(of count: Int) -> Int {
    precondition(count >= 0, "\(count) is no count")
    if billionths == 0 { return count }
    let product = UInt64(count).multipliedFullWidth(by: UInt64(Self.one - billionths))
    if product.high == 0 && product.low == 0 { return 0 }
    let below = (
      high: product.low == 0 ? product.high - 1 : product.high, low: product.low &- 1
    )
    // The quotient is at most `count`, so it fits.
    return Int(UInt64(Self.one).dividingFullWidth(below).quotient)
  }

  /// The decimal, without zeros at its end.
  public var description: String {
    let (whole, fraction) = billionths.quotientAndRemainder(dividingBy: Self.one)
    if fraction == 0 { return "\(whole)" }
    let digits = String(fraction)
    var places = String(repeating: "0", count: 9 - digits.utf8.count) + digits
    while places.last == "0" { places.removeLast() }
    return "\(whole).\(places)"
  }

  /// Orders by share.
  public static func < (left: Self, right: Self) -> Bool { left.billionths < right.billionths }
}
