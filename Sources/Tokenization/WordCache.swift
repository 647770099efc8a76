import Synchronization

/// The tokens of words that were seen, as most of a text is made of few words.
///
/// Holds a bounded number of short words and starts anew when it is full.
struct WordCache {
  private static let entryLimit = 1 << 15
  private static let byteLimit = 1 << 20
  /// Longer words seldom come again.
  static let wordLimit = 128

  private var arena: [UInt8] = []
  private var tokens: [PieceToken] = []
  private var entries: [(byteStart: Int32, byteEnd: Int32, tokenStart: Int32, tokenEnd: Int32)] = []
  private var slots: [Int32]
  private let seed = Hashing.seed()

  init() { slots = [Int32](repeating: -1, count: Self.entryLimit * 2) }

  private func slot(of bytes: [UInt8], _ range: Range<Int>) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: Hashing.hash(bytes, range, seed)) & mask
    while slots[slot] >= 0 {
      let entry = entries[Int(slots[slot])]
      if Int(entry.byteEnd - entry.byteStart) == range.count {
        var index = 0
        while index < range.count,
          arena[Int(entry.byteStart) + index] == bytes[range.lowerBound + index]
        {
          index += 1
        }
        if index == range.count { return slot }
      }
      slot = (slot + 1) & mask
    }
    return slot
  }

  /// Appends the tokens of a word, and says whether it was known.
  func find(_ bytes: [UInt8], _ range: Range<Int>, into found: inout [PieceToken]) -> Bool {
    let slot = slots[slot(of: bytes, range)]
    guard slot >= 0 else { return false }
    let entry = entries[Int(slot)]
    for index in Int(entry.tokenStart)..<Int(entry.tokenEnd) { found.append(tokens[index]) }
    return true
  }

  /// Keeps the tokens of a word.
  mutating func insert(_ bytes: [UInt8], _ range: Range<Int>, _ added: ArraySlice<PieceToken>) {
    if entries.count >= Self.entryLimit || arena.count + range.count > Self.byteLimit {
      arena.removeAll(keepingCapacity: true)
      tokens.removeAll(keepingCapacity: true)
      entries.removeAll(keepingCapacity: true)
      for index in slots.indices { slots[index] = -1 }
    }
    let slot = slot(of: bytes, range)
    guard slots[slot] < 0 else { return }
    slots[slot] = Int32(entries.count)
    let start = (Int32(arena.count), Int32(tokens.count))
    arena += bytes[range]
    tokens += added
    entries.append((start.0, Int32(arena.count), start.1, Int32(tokens.count)))
  }
}

/// The caches of one tokenizer: each call takes one out and puts it back, so that no call waits for another.
final class WordCachePool: Sendable {
  private static let limit = 8
  private let caches = Mutex<[WordCache]>([])

  func take() -> WordCache {
    caches.withLock { $0.popLast() } ?? WordCache()
  }

  func giveBack(_ cache: consuming WordCache) {
    let cache = cache
    caches.withLock { if $0.count < Self.limit { $0.append(cache) } }
  }
}
