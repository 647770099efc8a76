/// How far two vectors are apart, such as the weights of a model and of its oracle.
public struct VectorDistance: Hashable, Sendable {
  /// `‖a − b‖₂`, at least 0.
  public let l2: Double
  /// `‖b‖₂` of the vector that is measured against.
  public let referenceNorm: Double

  /// Measures a vector against a reference; for the tensors of a model, add up with ``init(_:)``.
  public init(_ values: Span<Float>, reference: Span<Float>) throws(Undefined) {
    try checkCounts(values.count, reference.count, "elements")
    self = try Self.measured(values.count, { Double(values[$0]) }, { Double(reference[$0]) })
  }

  /// Measures a vector against a reference.
  public init(_ values: Span<Double>, reference: Span<Double>) throws(Undefined) {
    try checkCounts(values.count, reference.count, "elements")
    self = try Self.measured(values.count, { values[$0] }, { reference[$0] })
  }

  /// The distance of concatenated vectors, from those of the parts.
  public init(_ parts: [VectorDistance]) throws(Undefined) {
    guard !parts.isEmpty else { throw Undefined(.empty, in: "distances") }
    l2 = Self.norm(parts.map(\.l2))
    referenceNorm = Self.norm(parts.map(\.referenceNorm))
  }

  private init(l2: Double, referenceNorm: Double) {
    (self.l2, self.referenceNorm) = (l2, referenceNorm)
  }

  /// `‖a − b‖₂ / ‖b‖₂`.
  public func relative() throws(Undefined) -> Double {
    guard referenceNorm > 0 else { throw Undefined(.zeroDenominator, in: "reference") }
    return l2 / referenceNorm
  }

  /// The root of the sum of squares, scaled by the largest so that it does not overflow.
  private static func norm(_ values: [Double]) -> Double {
    let largest = values.reduce(0) { max($0, abs($1)) }
    guard largest > 0 else { return 0 }
    return largest * values.map { $0 / largest }.squaresAround(0).squareRoot()
  }

  private static func measured(
    _ count: Int, _ value: (Int) -> Double, _ reference: (Int) -> Double
  ) throws(Undefined) -> VectorDistance {
    guard count > 0 else { throw Undefined(.empty, in: "elements") }
    var (apart, whole) = (CompensatedSum(), CompensatedSum())
    for index in 0..<count {
      let (a, b) = (value(index), reference(index))
      guard a.isFinite, b.isFinite else {
        throw Undefined(
          a.isNaN || b.isNaN ? .notANumber(index: index) : .infinite(index: index), in: "elements")
      }
      apart.add((a - b) * (a - b))
      whole.add(b * b)
    }
    guard apart.value.isFinite, whole.value.isFinite else {
      throw Undefined(.outOfRange(.infinity), in: "sum of squares")
    }
    return VectorDistance(
      l2: apart.value.squareRoot(), referenceNorm: whole.value.squareRoot())
  }
}
