import Metrics
import Storage
import StrictJSON
import Testing

/// What SciPy, scikit-learn, rouge-score, NLTK and zlib say; made by `make-fixtures.py`.
enum Fixture {
  /// The rows of a table, each a list of columns.
  static func rows(_ name: String) throws -> [[JSONField]] {
    try metrics.get()[name].elements().map { try $0.elements() }
  }

  /// The numbers of single examples that TOFU's authors published.
  static func tofuLog(_ model: String) throws -> JSONField { try tofu.get()[model] }

  private static let metrics = Result { try file("metrics.json") }
  private static let tofu = Result { try file("tofu-logs.json") }

  private static func file(_ name: String) throws -> JSONField {
    let path = Paths.join(Paths.join(Paths.parent(of: #filePath), "Fixtures"), name)
    let bytes = try Folder.read(path, limit: 1 << 19)
    return JSONField(try JSONValue(parsing: bytes, byteLimit: 1 << 19))
  }
}

extension JSONField {
  func numbers() throws -> [Double] { try elements().map { try $0.number() } }
  func integers() throws -> [Int] { try elements().map { try $0.integer() } }
  func texts() throws -> [String] { try elements().map { try $0.text() } }
}

/// The largest difference from a reference that was seen: relative above 1, absolute below.
struct Deviation {
  private var largest = 0.0
  private var worst = (actual: 0.0, expected: 0.0)
  private var count = 0

  mutating func add(_ actual: Double, _ expected: Double, isRelative: Bool = false) {
    let scale = isRelative ? abs(expected) : max(1, abs(expected))
    let difference = actual == expected ? 0 : abs(actual - expected) / scale
    count += 1
    if !(difference <= largest) { (largest, worst) = (difference, (actual, expected)) }
  }

  func check(within bound: Double, _ what: String, _ at: SourceLocation = #_sourceLocation) {
    #expect(count > 0 && largest <= bound, "\(what): \(largest) at \(worst)", sourceLocation: at)
  }
}

/// A number as a table prints it, and what rounds to it.
struct Printed: ExpressibleByStringLiteral, CustomTestStringConvertible {
  let testDescription: String
  private let value: Double
  private let half: Double

  init(stringLiteral text: String) {
    testDescription = text
    let parts = text.split(separator: "e")
    let decimals = parts[0].split(separator: ".").dropFirst().first?.count ?? 0
    let exponent = parts.dropFirst().first.flatMap { Int($0) } ?? 0
    value = Double(text) ?? .nan
    half = Double("0.5e\(exponent - decimals)") ?? .nan
  }

  /// Whether a number is nearest to this one among those with as many digits.
  func rounds(_ number: Double) -> Bool { abs(number - value) <= half * (1 + 1e-9) }
}

/// A small generator whose numbers a failing test can be repeated with.
struct Dice: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Values on a coarse grid, so that ties are common.
  mutating func values(_ count: Int, grid: Int = 8, shift: Double = 0) -> [Double] {
    (0..<count).map { _ in Double(Int.random(in: 0..<grid, using: &self)) / Double(grid) + shift }
  }
}

/// Checks that a computation is refused with a reason.
func expectUndefined(
  _ name: String, _ at: SourceLocation = #_sourceLocation, _ body: () throws(Undefined) -> Any
) {
  do throws(Undefined) {
    let value = try body()
    Issue.record("gave \(value)", sourceLocation: at)
  } catch { #expect(error.reason.name == name, "\(error)", sourceLocation: at) }
}
