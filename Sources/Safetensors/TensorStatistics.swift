/// What the numbers of a tensor are like.
///
/// Minimum, maximum and mean are those of the finite numbers, as binary64; an element of `C64` is two numbers.
public struct TensorStatistics: Hashable, Sendable {
  /// How many numbers were seen.
  public private(set) var count = 0
  /// How many are zero, of either sign.
  public private(set) var zeros = 0
  /// How many are not a number.
  public private(set) var nans = 0
  /// How many are infinite, of either sign.
  public private(set) var infinities = 0
  private var least = Double.infinity
  private var greatest = -Double.infinity
  private var sumOfMagnitudes = 0.0

  /// Nothing seen yet.
  public init() {}

  private var finiteCount: Int { count - nans - infinities }

  /// The least number; nil where none is finite.
  public var minimum: Double? { finiteCount > 0 ? least : nil }
  /// The greatest number; nil where none is finite.
  public var maximum: Double? { finiteCount > 0 ? greatest : nil }
  /// The mean of the absolute values; nil where no number is finite, or their sum is not.
  public var meanMagnitude: Double? {
    finiteCount > 0 && sumOfMagnitudes.isFinite ? sumOfMagnitudes / Double(finiteCount) : nil
  }

  /// Adds what was seen of other numbers.
  public mutating func merge(_ other: TensorStatistics) {
    count += other.count
    zeros += other.zeros
    nans += other.nans
    infinities += other.infinities
    least = min(least, other.least)
    greatest = max(greatest, other.greatest)
    sumOfMagnitudes += other.sumOfMagnitudes
  }

  /// Whether the elements of a type can be seen: those that share bytes with others can't.
  public static func covers(_ dtype: DType) -> Bool { dtype.byteWidth != nil }

  /// Adds elements of a type that ``covers(_:)`` names; bytes after the last whole one are left out.
  public mutating func add(_ bytes: RawSpan, of dtype: DType) {
    switch dtype {
    case .f4, .f6E2M3, .f6E3M2: break
    case .bool, .u8: add(ElementView<UInt8>(bytes))
    case .i8: add(ElementView<Int8>(bytes))
    case .f8E5M2: add(ElementView<Float8E5M2Element>(bytes))
    case .f8E4M3: add(ElementView<Float8E4M3Element>(bytes))
    case .f8E8M0: add(ElementView<Float8E8M0Element>(bytes))
    case .f8E4M3FNUZ: add(ElementView<Float8E4M3FNUZElement>(bytes))
    case .f8E5M2FNUZ: add(ElementView<Float8E5M2FNUZElement>(bytes))
    case .i16: add(ElementView<Int16>(bytes))
    case .u16: add(ElementView<UInt16>(bytes))
    case .f16: add(ElementView<Float16Element>(bytes))
    case .bf16: add(ElementView<BFloat16Element>(bytes))
    case .i32: add(ElementView<Int32>(bytes))
    case .u32: add(ElementView<UInt32>(bytes))
    // A complex number is stored as two binary32.
    case .f32, .c64: add(ElementView<Float>(bytes))
    case .f64: add(ElementView<Double>(bytes))
    case .i64: add(ElementView<Int64>(bytes))
    case .u64: add(ElementView<UInt64>(bytes))
    }
  }

  private mutating func add<Element: RealElement>(_ elements: ElementView<Element>) {
    // Locals, which stay in registers.
    var (least, greatest, sum) = (self.least, self.greatest, 0.0)
    var (zeros, nans, infinities) = (0, 0, 0)
    for index in elements.indices {
      let value = elements[index].double
      let magnitude = value.magnitude
      guard magnitude < .infinity else {
        if value.isNaN { nans += 1 } else { infinities += 1 }
        continue
      }
      if magnitude == 0 { zeros += 1 }
      if value < least { least = value }
      if value > greatest { greatest = value }
      sum += magnitude
    }
    self.least = least
    self.greatest = greatest
    sumOfMagnitudes += sum
    count += elements.count
    self.zeros += zeros
    self.nans += nans
    self.infinities += infinities
  }
}
