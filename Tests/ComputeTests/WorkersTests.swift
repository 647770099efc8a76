import Compute
import Testing

struct WorkersTests {
  @Test(arguments: [1, 2, 3, 8]) func `values come in the order of their tasks`(count: Int) {
    let workers = Workers(count: count)
    #expect(workers.map(tasks: 100) { "\($0 * $0)" } == (0..<100).map { "\($0 * $0)" })
    #expect(workers.map(tasks: 0) { $0 }.isEmpty)
    #expect(workers.map(tasks: 1) { [$0] } == [[0]])
  }

  @Test func `elements are lent to be read and written`() {
    var matrix = Matrix<Float>(rows: 2, columns: 3, [1, 2, 3, 4, 5, 6])
    let copy = matrix
    let sum = matrix.withElements { elements in
      elements.indices.reduce(Float(0)) { $0 + elements[$1] }
    }
    #expect(sum == 21)
    let count = matrix.withMutableElements { elements in
      for index in elements.indices { elements[index] *= 2 }
      return elements.count
    }
    #expect(count == 6 && matrix.array == [2, 4, 6, 8, 10, 12])
    #expect(copy.array == [1, 2, 3, 4, 5, 6])
    #expect(Matrix<Double>(rows: 0, columns: 4).withElements { $0.count } == 0)
  }
}
