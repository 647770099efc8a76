import Testing

@testable import Compute

@Suite struct MatrixPoolTests {
  private let size = MatrixPool.smallest

  @Test func aBlockThatWasGivenBackIsUsedAgain() {
    let pool = MatrixPool()
    let first = pool.take(size)
    let address = first.address
    pool.give(first)
    let second = pool.take(size - 100)
    #expect(second.address == address)
    #expect(pool.heldBytes == size)
    pool.give(second)
  }

  @Test func muchLargerBlocksAreNotWastedOnSmallOnes() {
    let pool = MatrixPool()
    let large = pool.take(4 * size)
    let address = large.address
    pool.give(large)
    let small = pool.take(size)
    #expect(small.address != address)
    pool.give(small)
  }

  @Test func notMuchMoreIsHeldThanWasNeededAtOnce() {
    let pool = MatrixPool()
    pool.give(pool.take(8 * size))
    // None of these fits the idle block: it has to go.
    for factor in 1...6 { pool.give(pool.take(factor * size)) }
    #expect(pool.heldBytes <= 10 * size)
    let blocks = (1...6).map { _ in pool.take(size) }
    #expect(pool.heldBytes <= 10 * size)
    for block in blocks { pool.give(block) }
  }

  @Test func copiesOfAPooledMatrixAreTheirOwn() {
    let workers = Workers(count: 2)
    var first: Matrix<Float> = workers.zeros(rows: 300, columns: 300)
    let second = first
    first[7, 7] = 3
    #expect(second[7, 7] == 0)
    #expect(first[7, 7] == 3)
    #expect(workers.pool.heldBytes >= 2 * 300 * 300 * 4)
  }

  @Test func zerosAreZerosInABlockThatHeldOtherNumbers() {
    let workers = Workers(count: 1)
    do {
      var first: Matrix<Float> = workers.zeros(rows: 200, columns: 200)
      for row in 0..<200 { first[row, row] = 1 }
    }
    let second: Matrix<Float> = workers.zeros(rows: 200, columns: 200)
    #expect(second.array.allSatisfy { $0 == 0 })
  }
}
