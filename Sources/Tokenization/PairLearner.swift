import Storage

/// Finds the pairs of neighbours that occur most often, one after another.
struct PairLearner {
  struct Merge {
    var left: Int32
    var right: Int32
  }

  private(set) var merges: [Merge] = []
  /// What each number is written as: what it started with, then what was learned.
  private(set) var tokens: [[UInt8]]
  private var ids: [ByteString: Int32] = [:]
  /// How many numbers belong to tokens that no merge may make.
  private let reservedCount: Int32
  private var words: [[Int32]]
  private let counts: [Int]
  private var pairCounts: [UInt64: Int] = [:]
  /// The words that a pair was seen in; some may have lost it since.
  private var places: [UInt64: Set<Int>] = [:]
  private var heap: [Candidate] = []

  /// A pair with the count that it had when it was put on the heap.
  private struct Candidate {
    var count: Int
    var pair: UInt64

    /// Whether this one is merged before another: more often, then smaller numbers.
    func precedes(_ other: Self) -> Bool {
      count != other.count ? count > other.count : pair < other.pair
    }
  }

  /// Starts with tokens that no merge may make, the letters of the 256 bytes, and words with their counts.
  init(reserved: [[UInt8]], words: [(word: [UInt8], count: Int)]) {
    tokens = reserved + (0...255).map { ByteAlphabet.spell([UInt8($0)]) }
    reservedCount = Int32(reserved.count)
    for (id, token) in tokens.enumerated() { ids[ByteString(bytes: token)] = Int32(id) }
    let first = reservedCount
    self.words = words.map { $0.word.map { Int32($0) + first } }
    counts = words.map(\.count)
  }

  private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// Learns until there are so many tokens, or no pair occurs often enough.
  ///
  /// - Complexity: O(bytes of all words · log(pairs)), and what each merge changes.
  mutating func learn(tokenCount: Int, leastFrequency: Int) {
    for word in words.indices {
      for (left, right) in zip(words[word], words[word].dropFirst()) {
        pairCounts[Self.pair(left, right), default: 0] += counts[word]
        places[Self.pair(left, right), default: []].insert(word)
      }
    }
    for (pair, count) in pairCounts { push(Candidate(count: count, pair: pair)) }
    while tokens.count < tokenCount, let top = pop() {
      let count = pairCounts[top.pair] ?? 0
      if count != top.count {
        // The count changed since; the pair waits for its turn with what it has now.
        if count > 0 { push(Candidate(count: count, pair: top.pair)) }
        continue
      }
      if count < leastFrequency { return }
      merge(top.pair)
    }
  }

  private mutating func merge(_ pair: UInt64) {
    let left = Int32(bitPattern: UInt32(pair >> 32))
    let right = Int32(bitPattern: UInt32(pair & 0xFFFF_FFFF))
    let spelled = tokens[Int(left)] + tokens[Int(right)]
    let new: Int32
    if let known = ids[ByteString(bytes: spelled)] {
      // Another pair made it before; or it is reserved, and this pair stays apart.
      if known < reservedCount {
        pairCounts[pair] = nil
        return
      }
      new = known
    } else {
      new = Int32(tokens.count)
      tokens.append(spelled)
      ids[ByteString(bytes: spelled)] = new
    }
    merges.append(Merge(left: left, right: right))
    var gained: Set<UInt64> = []
    for word in places.removeValue(forKey: pair) ?? [] {
      let old = words[word]
      var changed: [Int32] = []
      changed.reserveCapacity(old.count)
      var index = 0
      while index < old.count {
        if index + 1 < old.count, old[index] == left, old[index + 1] == right {
          changed.append(new)
          index += 2
        } else {
          changed.append(old[index])
          index += 1
        }
      }
      guard changed.count < old.count else { continue }
      for (first, second) in zip(old, old.dropFirst()) {
        pairCounts[Self.pair(first, second), default: 0] -= counts[word]
      }
      for (first, second) in zip(changed, changed.dropFirst()) {
        let pair = Self.pair(first, second)
        pairCounts[pair, default: 0] += counts[word]
        if first == new || second == new {
          places[pair, default: []].insert(word)
          gained.insert(pair)
        }
      }
      words[word] = changed
    }
    pairCounts[pair] = nil
    for pair in gained { push(Candidate(count: pairCounts[pair] ?? 0, pair: pair)) }
  }

  private mutating func push(_ candidate: Candidate) {
    heap.append(candidate)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard candidate.precedes(heap[parent]) else { break }
      heap[child] = heap[parent]
      child = parent
    }
    heap[child] = candidate
  }

  private mutating func pop() -> Candidate? {
    guard let top = heap.first else { return nil }
    let last = heap.removeLast()
    if heap.isEmpty { return top }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      if child >= heap.count { break }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(last) else { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = last
    return top
  }
}
