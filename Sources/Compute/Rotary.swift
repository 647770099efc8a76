#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Cosines and sines for rotary positions (Su et al., 2021), features i and i + half turned together.
public struct RotaryTable<Element: Scalar>: Sendable {
  /// Half the number of features that are turned.
  public let half: Int
  /// How many positions the table has.
  public let positions: Int
  let cosine: Matrix<Element>
  let sine: Matrix<Element>

  /// Makes a table for positions from 0 from the angle that each pair turns by in one step, in radians.
  public init(positions: Int, frequencies: [Double]) {
    half = frequencies.count
    self.positions = positions
    var cosine = [Element]()
    var sine = [Element]()
    cosine.reserveCapacity(positions * half)
    sine.reserveCapacity(positions * half)
    for position in 0..<positions {
      for frequency in frequencies {
        // The product is rounded as the reference implementations do, in binary32.
        let angle = Double(Float(position) * Float(frequency))
        cosine.append(Element(cos(angle)))
        sine.append(Element(sin(angle)))
      }
    }
    self.cosine = Matrix(rows: positions, columns: half, cosine)
    self.sine = Matrix(rows: positions, columns: half, sine)
  }
}

extension Workers {
  /// Turns the first `2 · half` features of each head; `backward` turns them back, as gradients need.
  public func rotate<Element>(
    _ x: inout Matrix<Element>, _ runs: HeadRuns, heads: Int, _ table: RotaryTable<Element>,
    positions: [Int32], backward: Bool = false
  ) {
    let columns = x.columns
    precondition(positions.count == x.rows)
    precondition(positions.allSatisfy { $0 >= 0 && Int($0) < table.positions })
    precondition(runs.start + (heads - 1) * runs.stride + 2 * table.half <= columns)
    let target = unsafe x.mutablePointer()
    split(x.rows, cost: heads * table.half * 2) { rows in
      let kernels = unsafe Element.kernels
      unsafe positions.withUnsafeBufferPointer { positions in
        guard let base = positions.baseAddress else { return }
        for head in 0..<heads {
          unsafe kernels.rotate(
            target + rows.lowerBound * columns + runs.start + head * runs.stride, columns,
            table.cosine.pointer, table.sine.pointer, base + rows.lowerBound, backward ? -1 : 1,
            rows.count, table.half)
        }
      }
    }
  }

  /// Normalises the features of each head by their root mean square, in place.
  ///
  /// Gives the input's inverse roots, one column for each head.
  public func normalizeHeads<Element>(
    _ x: inout Matrix<Element>, _ runs: HeadRuns, heads: Int, weight: Matrix<Element>,
    offset: Double, epsilon: Double
  ) -> Matrix<Element> {
    let (columns, width, rows) = (x.columns, weight.count, x.rows)
    precondition(runs.start + (heads - 1) * runs.stride + width <= columns)
    var inverse: Matrix<Element> = blank(rows: heads, columns: rows)
    let target = unsafe x.mutablePointer()
    let out = unsafe inverse.mutablePointer()
    let scale = unsafe weight.pointer
    run(tasks: heads) { head in
      let at = unsafe target + runs.start + head * runs.stride
      unsafe Element.kernels.rmsNorm(
        UnsafePointer(at), columns, scale, Element(offset), Element(epsilon), at, columns,
        out + head * rows, rows, width)
    }
    return inverse
  }

  /// Turns the gradient of ``normalizeHeads(_:_:heads:weight:offset:epsilon:)``'s output into that of its
  /// input, in place; the weight's is added to what is given.
  public func normalizeHeadsBackward<Element>(
    input x: Matrix<Element>, _ runs: HeadRuns, heads: Int, weight: Matrix<Element>,
    offset: Double, inverse: Matrix<Element>, gradient: inout Matrix<Element>,
    weightGradient: inout Matrix<Element>?
  ) {
    let (columns, width, rows) = (x.columns, weight.count, x.rows)
    precondition(gradient.rows == rows && gradient.columns == columns)
    let target = unsafe gradient.mutablePointer()
    let dWeight = unsafe weightGradient?.mutablePointer()
    for head in 0..<heads {
      let at = runs.start + head * runs.stride
      unsafe Element.kernels.rmsNormBackward(
        x.pointer + at, columns, weight.pointer, Element(offset), inverse.pointer + head * rows,
        UnsafePointer(target + at), columns, target + at, columns, dWeight, rows, width)
    }
  }
}
