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
