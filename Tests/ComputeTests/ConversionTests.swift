import Compute
import Testing

struct ConversionTests {
  /// Makes the value of every 16-bit pattern from the definition of its format.
  private func value(_ pattern: UInt16, exponentBits: Int) -> Float {
    let fractionBits = 15 - exponentBits
    let bias = 1 << (exponentBits - 1) - 1
    let exponent = Int(pattern >> UInt16(fractionBits)) & ((1 << exponentBits) - 1)
    let fraction = Float(pattern & ((1 << UInt16(fractionBits)) - 1))
    let sign: Float = pattern >> 15 == 1 ? -1 : 1
    if exponent == (1 << exponentBits) - 1 { return fraction == 0 ? sign * .infinity : .nan }
    let unit = Float(sign: .plus, exponent: max(exponent, 1) - bias - fractionBits, significand: 1)
    let whole = exponent == 0 ? fraction : fraction + Float(1 << fractionBits)
    return sign * whole * unit
  }

  @Test(arguments: [(StoredFloat.bf16, 8), (.f16, 5)])
  func `every 16-bit pattern widens to its value and narrows back to itself`(
    stored: StoredFloat, exponentBits: Int
  ) {
    let patterns = (0...UInt16.max).map { $0 }
    let bytes = patterns.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    let wide = Matrix<Float>(rows: 256, columns: 256, bytes.span.bytes, as: stored).array
    let back = Matrix<Float>(rows: 1, columns: wide.count, wide).bytes(as: stored)
    for (index, pattern) in patterns.enumerated() {
      let expected = value(pattern, exponentBits: exponentBits)
      if expected.isNaN {
        #expect(wide[index].isNaN)
      } else {
        #expect(wide[index].bitPattern == expected.bitPattern)
        #expect(back[2 * index] == bytes[2 * index] && back[2 * index + 1] == bytes[2 * index + 1])
      }
    }
  }

  /// Between two neighbours the nearer one, and at the middle the even one.
  @Test(arguments: [(StoredFloat.bf16, UInt32(16)), (.f16, 13)])
  func `narrowing rounds to nearest, ties to even`(stored: StoredFloat, dropped: UInt32) {
    let low = Float(1).bitPattern
    let step = UInt32(1) << dropped
    let half = step >> 1
    let patterns = [low + half - 1, low + half, low + half + 1, low + step + half]
    let narrow = Matrix<Float>(rows: 1, columns: 4, patterns.map { Float(bitPattern: $0) })
      .bytes(as: stored)
    let again = Matrix<Float>(rows: 1, columns: 4, narrow.span.bytes, as: stored).array
    #expect(again.map(\.bitPattern) == [low, low, low + step, low + 2 * step])
  }

  @Test func `what is too large becomes infinite, and too small a subnormal or zero`() {
    let values: [Float] = [65504, 65519, 65520, -1e30, 6e-8, 2e-8, -1e-10]
    let bytes = Matrix<Float>(rows: 1, columns: 7, values).bytes(as: .f16)
    let again = Matrix<Float>(rows: 1, columns: 7, bytes.span.bytes, as: .f16).array
    #expect(again == [65504, 65504, .infinity, -.infinity, 0x1p-24, 0, 0])
    #expect(again[6].sign == .minus)
  }

  @Test(arguments: [StoredFloat.f32, .f64]) func `wide floats pass through`(stored: StoredFloat) {
    let values: [Float] = [1.5, -0.0, .infinity, 0x1p-140]
    let bytes = Matrix<Float>(rows: 1, columns: 4, values).bytes(as: stored)
    #expect(bytes.count == 4 * stored.byteWidth)
    let again = Matrix<Float>(rows: 1, columns: 4, bytes.span.bytes, as: stored)
    #expect(again == Matrix(rows: 1, columns: 4, values))
    // One byte into a buffer: tensors in files are often misaligned.
    let shifted = [0] + bytes
    #expect(
      Matrix<Float>(
        rows: 1, columns: 4, shifted.span.bytes.extracting(1..<shifted.count), as: stored)
        == again)
  }
}
