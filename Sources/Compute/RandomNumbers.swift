#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Reproducible random numbers: xoshiro256++ (Blackman & Vigna, 2019), seeded through SplitMix64.
///
/// A value: a copy goes on with the same numbers. Not for secrets.
public struct RandomNumbers: RandomNumberGenerator, Hashable, Sendable {
  /// All there is to know of where it stands; enough to go on later.
  public private(set) var state: [UInt64]

  /// Starts from a seed.
  public init(seed: UInt64) {
    var mix = seed
    state = (0..<4).map { _ in
      mix &+= 0x9E37_79B9_7F4A_7C15
      var z = mix
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  /// Goes on from a kept state; nil unless it is four numbers that are not all zero.
  public init?(state: [UInt64]) {
    guard state.count == 4, state.contains(where: { $0 != 0 }) else { return nil }
    self.state = state
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    func rotated(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
    let result = rotated(state[0] &+ state[3], 23) &+ state[0]
    let t = state[1] << 17
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= t
    state[3] = rotated(state[3], 45)
    return result
  }

  /// A number from 0 up to 1, with 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number from 0 up to `bound`; the standard library's way may change, this one not.
  public mutating func index(below bound: Int) -> Int {
    precondition(bound > 0)
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// The numbers from 0 up to `count` in random order (Fisher & Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for place in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(place, index(below: place + 1))
    }
    return order
  }

  /// A number of the standard normal distribution (Box & Muller, 1958).
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }
}

extension Matrix {
  /// Makes a matrix of normal random numbers with mean 0.
  public static func normal(
    rows: Int, columns: Int, deviation: Double, _ random: inout RandomNumbers
  ) -> Matrix {
    Matrix(
      rows: rows, columns: columns,
      (0..<rows * columns).map { _ in Element(random.normal() * deviation) })
  }
}
