import Compute
import Testing

struct ProductTests {
  private func naive(
    _ a: Matrix<Double>, _ aFactor: Factor, _ b: Matrix<Double>, _ bFactor: Factor
  ) -> Matrix<Double> {
    let (m, k) = aFactor == .plain ? (a.rows, a.columns) : (a.columns, a.rows)
    let n = bFactor == .plain ? b.columns : b.rows
    var result = Matrix<Double>(rows: m, columns: n)
    for i in 0..<m {
      for j in 0..<n {
        for l in 0..<k {
          result[i, j] +=
            (aFactor == .plain ? a[i, l] : a[l, i]) * (bFactor == .plain ? b[l, j] : b[j, l])
        }
      }
    }
    return result
  }

  // Up to 8 rows have a kernel of their own where the second factor is transposed; 9 do not.
  @Test(arguments: [
    (1, 1, 1), (3, 5, 7), (33, 17, 40), (64, 130, 9), (130, 64, 200), (2, 300, 65), (1, 700, 300),
    (8, 257, 131), (9, 257, 131),
  ])
  func `equals the sum of products in every arrangement`(m: Int, n: Int, k: Int) {
    for workers in [Workers(count: 1), Workers(count: 3)] {
      for aFactor in [Factor.plain, .transposed] {
        for bFactor in [Factor.plain, .transposed] {
          let a = aFactor == .plain ? random(m, k, seed: 1) : random(k, m, seed: 1)
          let b = bFactor == .plain ? random(k, n, seed: 2) : random(n, k, seed: 2)
          let expected = naive(a, aFactor, b, bFactor)
          #expect(distance(workers.product(a, aFactor, b, bFactor), expected) < 1e-13)
          let single = workers.product(narrowed(a), aFactor, narrowed(b), bFactor)
          #expect(distance(single, expected) < 1e-5)
          var sum = expected
          workers.multiply(a, aFactor, b, bFactor, into: &sum, adding: true)
          var double = expected
          workers.scale(&double, by: 2)
          #expect(distance(sum, double) < 1e-13)
        }
      }
    }
  }

  @Test func `one example's product takes its rows alone`() {
    let workers = Workers(count: 2)
    let (a, b) = (random(12, 5, seed: 3), random(12, 7, seed: 4))
    var sum = Matrix<Double>(rows: 5, columns: 7)
    for range in [0..<4, 4..<4, 4..<12] {
      workers.multiplyTransposed(a, b, rows: range, into: &sum, adding: true)
    }
    #expect(distance(sum, workers.product(a, .transposed, b)) < 1e-14)
  }

  @Test func `an empty inner size gives zeros`() {
    let product = Workers(count: 1).product(
      Matrix<Float>(rows: 2, columns: 0), .plain, Matrix<Float>(rows: 0, columns: 3))
    #expect(product.array == Array(repeating: 0, count: 6))
  }

  @Test func `a matrix is a value and compares by bits`() {
    var a = Matrix<Float>(rows: 1, columns: 2, [.nan, 0])
    let b = a
    #expect(a == b)
    a[0, 1] = -0.0
    #expect(a != b)
    #expect(b[0, 1].sign == .plus)
  }
}
