import Compute

// Loops over elements that no kernel of the engine has; compiled for both precisions.

@specialized(where Element == Float)
@specialized(where Element == Double)
func sumOfMagnitudes<Element: Scalar>(_ x: Matrix<Element>) -> Double {
  x.withElements { x in
    var sum = 0.0
    for index in 0..<x.count { sum += Double(abs(x[index])) }
    return sum
  }
}

@specialized(where Element == Float)
@specialized(where Element == Double)
func sumOfElements<Element: Scalar>(_ x: Matrix<Element>) -> Double {
  x.withElements { x in
    var sum = 0.0
    for index in 0..<x.count { sum += Double(x[index]) }
    return sum
  }
}

/// Σ x² of each run of `width` elements: of each row, or of each element of a vector.
@specialized(where Element == Float)
@specialized(where Element == Double)
func squareSums<Element: Scalar>(of x: Matrix<Element>, width: Int) -> [Double] {
  x.withElements { x in
    var sums = [Double](repeating: 0, count: width > 0 ? x.count / width : 0)
    for row in sums.indices {
      var sum = 0.0
      for index in row * width..<(row + 1) * width { sum += Double(x[index]) * Double(x[index]) }
      sums[row] = sum
    }
    return sums
  }
}

/// (θ − factor · r) · f, element by element.
@specialized(where Element == Float)
@specialized(where Element == Double)
func attributions<Element: Scalar>(
  of theta: Matrix<Element>, _ forget: Matrix<Element>, _ retain: Matrix<Element>,
  factor: Double
) -> Matrix<Element> {
  precondition(theta.count == forget.count && theta.count == retain.count)
  var scores = forget
  scores.withMutableElements { scores in
    theta.withElements { theta in
      retain.withElements { retain in
        for index in 0..<theta.count {
          let moved = Double(theta[index]) - factor * Double(retain[index])
          scores[index] = Element(moved * Double(scores[index]))
        }
      }
    }
  }
  return scores
}

/// factor · sign x, with sign 0 = 0.
@specialized(where Element == Float)
@specialized(where Element == Double)
func signs<Element: Scalar>(of x: Matrix<Element>, times factor: Element) -> Matrix<Element> {
  var y = x
  y.withMutableElements { y in
    for index in 0..<y.count {
      let value = y[index]
      y[index] = value > 0 ? factor : value < 0 ? -factor : 0
    }
  }
  return y
}

/// Divides a gradient by `squares · scale + damping`, limits it, and gives how many elements met the limit.
@specialized(where Element == Float)
@specialized(where Element == Double)
func divide<Element: Scalar>(
  _ gradient: inout Matrix<Element>, by squares: Matrix<Element>, scale: Double, damping: Double,
  limit: Double
) -> Int {
  precondition(gradient.count == squares.count)
  var limited = 0
  gradient.withMutableElements { gradient in
    squares.withElements { squares in
      for index in 0..<squares.count {
        // Rounding of a difference of sums can leave less than nothing.
        let curvature = max(0, Double(squares[index]) * scale) + damping
        let step = Double(gradient[index]) / curvature
        if abs(step) > limit { limited += 1 }
        gradient[index] = Element(step > limit ? limit : step < -limit ? -limit : step)
      }
    }
  }
  return limited
}

/// SSD: where f > α d, θ · min(λ d / f, 1), for the means f and d of `forget / ratio` and `all`.
@specialized(where Element == Float)
@specialized(where Element == Double)
func dampen<Element: Scalar>(
  _ theta: inout Matrix<Element>, _ forget: Matrix<Element>, _ all: Matrix<Element>, ratio: Double,
  selection: Double, dampening: Double
) -> Int {
  precondition(theta.count == forget.count && theta.count == all.count)
  var count = 0
  theta.withMutableElements { theta in
    forget.withElements { forget in
      all.withElements { all in
        for index in 0..<forget.count {
          let (f, d) = (Double(forget[index]) / ratio, Double(all[index]))
          guard f > selection * d else { continue }
          let factor = dampening * d / f
          guard factor < 1 else { continue }
          theta[index] = Element(Double(theta[index]) * factor)
          count += 1
        }
      }
    }
  }
  return count
}

@specialized(where Element == Float)
@specialized(where Element == Double)
func gathered<Element: Scalar>(_ x: Matrix<Element>, _ elements: [Int32]) -> Matrix<Element> {
  var y = Matrix<Element>(rows: 1, columns: elements.count)
  y.withMutableElements { y in
    x.withElements { x in
      for index in 0..<elements.count { y[index] = x[Int(elements[index])] }
    }
  }
  return y
}

@specialized(where Element == Float)
@specialized(where Element == Double)
func scatter<Element: Scalar>(
  _ y: Matrix<Element>, _ elements: [Int32], to x: inout Matrix<Element>
) {
  x.withMutableElements { x in
    y.withElements { y in
      for index in 0..<elements.count { x[Int(elements[index])] = y[index] }
    }
  }
}

/// Adds how often each key comes, of the keys whose upper half is `upper`; of upper halves where that is nil.
///
/// Gives whether all numbers are finite. A key is the bit pattern of a magnitude in binary32, whose order it has.
@specialized(where Element == Float)
@specialized(where Element == Double)
private func countKeys<Element: Scalar>(
  of x: Matrix<Element>, upper: UInt32?, into counts: inout [Int]
) -> Bool {
  x.withElements { x in
    var isFinite = true
    for index in 0..<x.count {
      let key = Float(abs(x[index])).bitPattern
      if key >= Float.infinity.bitPattern { isFinite = false }
      if let upper {
        if key >> 16 == upper { counts[Int(key & 0xFFFF)] += 1 }
      } else {
        counts[Int(key >> 16)] += 1
      }
    }
    return isFinite
  }
}

/// Where the `count` largest magnitudes end.
struct MagnitudeThreshold {
  /// The least key that is selected.
  var key: UInt32
  /// How many of the elements with just that key are.
  var ties: Int

  /// Nil where a number is infinite or none.
  init?<Element: Scalar>(count: Int, of matrices: [Matrix<Element>]) {
    var counts = [Int](repeating: 0, count: 1 << 16)
    for matrix in matrices {
      guard countKeys(of: matrix, upper: nil, into: &counts) else { return nil }
    }
    var left = count
    func last(_ counts: [Int]) -> Int {
      for place in counts.indices.reversed() {
        if counts[place] >= left { return place }
        left -= counts[place]
      }
      return 0
    }
    let upper = UInt32(last(counts))
    counts = Array(repeating: 0, count: 1 << 16)
    for matrix in matrices { _ = countKeys(of: matrix, upper: upper, into: &counts) }
    key = upper << 16 | UInt32(last(counts))
    ties = left
  }
}

/// The bits of the elements above a threshold, and of the first with just its key.
@specialized(where Element == Float)
@specialized(where Element == Double)
func selectedWords<Element: Scalar>(of x: Matrix<Element>, above key: UInt32, ties: inout Int)
  -> [UInt64]
{
  var words = [UInt64](repeating: 0, count: (x.count + 63) / 64)
  var left = ties
  x.withElements { x in
    for index in 0..<x.count {
      let own = Float(abs(x[index])).bitPattern
      guard own >= key else { continue }
      if own == key {
        guard left > 0 else { continue }
        left -= 1
      }
      words[index / 64] |= 1 << UInt64(index % 64)
    }
  }
  ties = left
  return words
}

/// Copies all elements of a matrix into one row of another.
@specialized(where Element == Float)
@specialized(where Element == Double)
func copy<Element: Scalar>(
  _ x: Matrix<Element>, toRow row: Int, of y: inout Matrix<Element>
) {
  precondition(y.columns == x.count && (0..<y.rows).contains(row))
  let start = row * y.columns
  y.withMutableElements { y in
    x.withElements { x in
      for index in 0..<x.count { y[start + index] = x[index] }
    }
  }
}

/// Copies all elements of a matrix into another of as many.
@specialized(where Element == Float)
@specialized(where Element == Double)
func copy<Element: Scalar>(_ x: Matrix<Element>, toWhole y: inout Matrix<Element>) {
  precondition(y.count == x.count)
  y.withMutableElements { y in
    x.withElements { x in
      for index in 0..<x.count { y[index] = x[index] }
    }
  }
}
