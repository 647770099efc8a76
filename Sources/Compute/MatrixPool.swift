private import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Blocks of memory that the matrices of a run take turns with.
///
/// Every step makes matrices of the sizes that the step before gave back. An allocator either returns such blocks to the
/// system, and each step pays for their pages again, or keeps them between others and grows. The pool holds
/// blocks back by size, and in all never holds more than a quarter above what the run has needed at once: without that
/// quarter sizes that come at different times of a step would push each other out.
///
/// Only blocks from ``smallest`` bytes come from here, each a mapping of its own; smaller ones are the allocator's.
@safe
final class MatrixPool: Sendable {
  /// From how many bytes on a block is worth a mapping of its own.
  static let smallest = 1 << 16

  /// A mapping that belongs to whoever holds the value: the pool, or one matrix.
  @safe
  struct Block: @unchecked Sendable {
    let address: UnsafeMutableRawPointer
    let byteCount: Int
  }

  private struct State {
    /// Blocks that nobody uses, the one given back last at the end.
    var idle: [Block] = []
    var idleBytes = 0
    var usedBytes = 0
    var mostUsedBytes = 0

    /// The smallest idle block that fits without much waste; of equal ones the last used, which is warm.
    mutating func takeIdle(_ byteCount: Int) -> Block? {
      var best: Int?
      for index in idle.indices.reversed() {
        let size = idle[index].byteCount
        guard size >= byteCount, size <= byteCount + byteCount / 4 + 4096 else { continue }
        if let other = best, idle[other].byteCount <= size { continue }
        best = index
      }
      guard let best else { return nil }
      let block = idle.remove(at: best)
      idleBytes -= block.byteCount
      usedBytes += block.byteCount
      mostUsedBytes = max(mostUsedBytes, usedBytes)
      return block
    }
  }

  private let state = Mutex(State())

  deinit {
    state.withLock { state in
      for block in state.idle { Self.unmap(block) }
    }
  }

  /// A block of at least so many bytes, of which nothing is known; at most a quarter larger.
  func take(_ byteCount: Int) -> Block {
    state.withLock { state in
      if let block = state.takeIdle(byteCount) { return block }
      let pageSize = 1 << 12
      let rounded = (byteCount + pageSize - 1) / pageSize * pageSize
      state.usedBytes += rounded
      state.mostUsedBytes = max(state.mostUsedBytes, state.usedBytes)
      while state.usedBytes + state.idleBytes > state.mostUsedBytes / 4 * 5, !state.idle.isEmpty {
        let block = state.idle.removeFirst()
        state.idleBytes -= block.byteCount
        Self.unmap(block)
      }
      return Self.map(rounded)
    }
  }

  /// Takes a block back, of which no pointer is left.
  func give(_ block: Block) {
    state.withLock { state in
      state.usedBytes -= block.byteCount
      state.idleBytes += block.byteCount
      state.idle.append(block)
    }
  }

  /// Bytes that are held, in use or not.
  var heldBytes: Int { state.withLock { $0.usedBytes + $0.idleBytes } }

  private static func map(_ byteCount: Int) -> Block {
    let address = unsafe mmap(
      nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      fatalError("out of memory: \(byteCount) bytes for a matrix")
    }
    return unsafe Block(address: address, byteCount: byteCount)
  }

  private static func unmap(_ block: Block) {
    let result = unsafe munmap(block.address, block.byteCount)
    precondition(result == 0, "a block was not the pool's")
  }
}
