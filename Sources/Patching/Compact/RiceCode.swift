import Storage

/// Ascending positions as Rice-coded gaps, the best simple code where positions are scattered at random.
///
/// A gap g counts what lies between a position and the one before. It is written as g >> k zero bits, a one, and
/// the k lowest bits of g; bits fill bytes from the lowest on, and the last byte is filled up with zeros.
enum RiceCode {
  /// The largest parameter.
  static let parameterLimit = 20

  /// The parameter that makes the fewest bits.
  static func parameter(for positions: [Int]) -> Int {
    guard let last = positions.last else { return 0 }
    let mean = (last + 1 - positions.count) / positions.count
    let guess = min(parameterLimit, max(0, Int.bitWidth - 1 - (mean | 1).leadingZeroBitCount))
    let tried = max(0, guess - 2)...min(parameterLimit, guess + 1)
    return tried.min { bitCount(positions, $0) < bitCount(positions, $1) } ?? guess
  }

  private static func bitCount(_ positions: [Int], _ parameter: Int) -> Int {
    var (count, next) = (positions.count * (parameter + 1), 0)
    for position in positions {
      count += (position - next) >> parameter
      next = position + 1
    }
    return count
  }

  /// The largest size of so many positions below a limit.
  static func byteLimit(count: Int, below limit: Int, parameter: Int) -> Int {
    (count * (parameter + 1) + limit >> parameter + 7) / 8
  }

  /// Codes ascending positions.
  static func encode(_ positions: [Int], parameter: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity((bitCount(positions, parameter) + 7) / 8)
    var (pending, filled) = (UInt64(0), 0)
    func flush() {
      while filled >= 8 {
        bytes.append(UInt8(truncatingIfNeeded: pending))
        pending >>= 8
        filled -= 8
      }
    }
    var next = 0
    for position in positions {
      let gap = position - next
      next = position + 1
      var zeros = gap >> parameter
      while zeros > 0 {
        filled += min(zeros, 32)
        zeros -= min(zeros, 32)
        flush()
      }
      let lowest = UInt64(gap) & (1 << UInt64(parameter) - 1)
      pending |= (1 | lowest << 1) << UInt64(filled)
      filled += parameter + 1
      flush()
    }
    if filled > 0 { bytes.append(UInt8(truncatingIfNeeded: pending)) }
    return bytes
  }

  /// Reads so many positions, each below a limit.
  static func decode(_ bytes: [UInt8], count: Int, below limit: Int, parameter: Int)
    throws(CompactFault) -> [Int]
  {
    var positions: [Int] = []
    positions.reserveCapacity(count)
    var (pending, filled, offset, next) = (UInt64(0), 0, 0, 0)
    func refill() {
      while filled <= 56, offset < bytes.count {
        pending |= UInt64(bytes[offset]) << UInt64(filled)
        filled += 8
        offset += 1
      }
    }
    for _ in 0..<count {
      var quotient = 0
      refill()
      while pending == 0 {
        quotient += filled
        filled = 0
        guard offset < bytes.count else { throw CompactFault("positions end early") }
        refill()
      }
      let zeros = pending.trailingZeroBitCount
      quotient += zeros
      pending = (pending >> UInt64(zeros)) >> 1
      filled -= zeros + 1
      refill()
      guard filled >= parameter else { throw CompactFault("positions end early") }
      let lowest = Int(pending & (1 << UInt64(parameter) - 1))
      pending >>= UInt64(parameter)
      filled -= parameter
      guard quotient <= limit >> parameter,
        case let position = next + quotient << parameter + lowest,
        position < limit
      else { throw CompactFault("a position lies behind the end") }
      positions.append(position)
      next = position + 1
    }
    guard offset == bytes.count, filled < 8, pending == 0 else {
      throw CompactFault("bits follow the last position")
    }
    return positions
  }
}
