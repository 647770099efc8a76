import Storage
import StrictJSON

/// Byte-pair encoding: neighbours are merged, the pair that was learned first before all others.
struct BytePairModel: Sendable {
  let vocabulary: Vocabulary
  /// The rank of each pair that is merged.
  private let ranks: PairTable
  /// What the pair of each rank becomes.
  private let results: [Int32]
  private let unknownToken: [UInt8]?
  private let prefix: [UInt8]
  private let suffix: [UInt8]
  private let fusesUnknown: Bool
  private let takesWholeWords: Bool
  /// The tokens of single bytes; nil where there is no falling back to them.
  private let byteTokens: [Int32]?
  /// The tokens of code points below U+0800, which is all that byte-level texts have; empty where words are marked.
  private let shortTokens: [Int32]

  init(_ section: Section) throws(TokenizerError) {
    if let dropout = section["dropout"].optional, try dropout.number() != 0 {
      throw TokenizerError(.unsupported("dropout"), at: dropout.path)
    }
    let vocabulary = try Vocabulary(section["vocab"])
    self.vocabulary = vocabulary
    unknownToken = try section["unk_token"].optional?.bytes()
    prefix = try section["continuing_subword_prefix"].optional?.bytes() ?? []
    suffix = try section["end_of_word_suffix"].optional?.bytes() ?? []
    fusesUnknown = try section["fuse_unk"].bool(or: false)
    takesWholeWords = try section["ignore_merges"].bool(or: false)
    byteTokens =
      try section["byte_fallback"].bool(or: false) ? Model.byteTokens(of: vocabulary) : nil
    (ranks, results) = try Self.readMerges(section["merges"], vocabulary, prefix)
    let isPlain = prefix.isEmpty && suffix.isEmpty
    shortTokens =
      isPlain
      ? (UInt32(0)..<0x800).map { scalar in
        var bytes: [UInt8] = []
        UTF8Reading.append(scalar, to: &bytes)
        return vocabulary.id(of: bytes) ?? -1
      } : []
  }

  /// Reads merges, each a text with one space or an array of two; both, and what they make, must be tokens.
  private static func readMerges(
    _ section: Section, _ vocabulary: Vocabulary, _ prefix: [UInt8]
  ) throws(TokenizerError) -> (PairTable, [Int32]) {
    let values = try section.values()
    var ranks = PairTable(capacity: values.count)
    var results: [Int32] = []
    results.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      let left: [UInt8]
      let right: [UInt8]
      switch value {
      case .string(let text):
        // What older files begin with.
        if text.bytes.starts(with: "#version".utf8) { continue }
        let parts = text.bytes.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
          throw section.element(index, value).error(expected: "two tokens with one space between")
        }
        left = Array(parts[0])
        right = Array(parts[1])
      case .array(let pair):
        guard pair.count == 2, case .string(let first) = pair[0], case .string(let second) = pair[1]
        else { throw section.element(index, value).error(expected: "an array of two tokens") }
        left = first.bytes
        right = second.bytes
      default: throw section.element(index, value).error(expected: "two tokens")
      }
      func id(_ token: [UInt8]) throws(TokenizerError) -> Int32 {
        if let id = vocabulary.id(of: token) { return id }
        throw TokenizerError(
          .notInVocabulary(ByteString(bytes: token)), at: section.element(index, value).path)
      }
      let first = try id(left)
      let second = try id(right)
      guard right.count >= prefix.count else {
        throw section.element(index, value).error(
          expected: "a second token with the prefix of continuing ones")
      }
      let result = try id(left + right.dropFirst(prefix.count))
      ranks.set(
        UInt32(bitPattern: first), UInt32(bitPattern: second), to: UInt32(results.count))
      results.append(result)
    }
    return (ranks, results)
  }

  /// Memory that one call after another uses.
  struct Scratch {
    fileprivate var symbols: [Symbol] = []
    fileprivate var heap = MergeHeap()
    fileprivate var marked: [UInt8] = []
  }

  /// A token in a word, in a list that loses members without moving the others.
  fileprivate struct Symbol {
    var id: Int32
    var previous: Int32
    var next: Int32
    /// How many bytes of the word it covers; 0 once it was merged into the one before.
    var length: Int32
  }

  func tokenize(
    _ bytes: [UInt8], _ range: Range<Int>, into tokens: inout [PieceToken], scratch: inout Scratch
  ) throws(TokenizerError) {
    if takesWholeWords, let id = vocabulary.id(of: bytes, range) {
      tokens.append(PieceToken(id: id, start: 0, end: Int32(range.count)))
      return
    }
    try makeSymbols(bytes, range, &scratch)
    merge(&scratch)
    var start: Int32 = 0
    for symbol in scratch.symbols where symbol.length != 0 {
      tokens.append(PieceToken(id: symbol.id, start: start, end: start + symbol.length))
      start += symbol.length
    }
  }

  private func unknownID() throws(TokenizerError) -> Int32? {
    guard let unknownToken else { return nil }
    if let id = vocabulary.id(of: unknownToken) { return id }
    throw TokenizerError(
      .notInVocabulary(ByteString(bytes: unknownToken)), at: "$.model.unk_token")
  }

  /// Makes a symbol of each code point, or what stands for the unknown.
  private func makeSymbols(
    _ bytes: [UInt8], _ range: Range<Int>, _ scratch: inout Scratch
  ) throws(TokenizerError) {
    scratch.symbols.removeAll(keepingCapacity: true)
    func add(_ id: Int32, _ length: Int, _ symbols: inout [Symbol]) {
      let count = Int32(symbols.count)
      if count > 0 { symbols[Int(count) - 1].next = count }
      symbols.append(Symbol(id: id, previous: count - 1, next: -1, length: Int32(length)))
    }
    var unknown: (id: Int32, length: Int)?
    var offset = range.lowerBound
    while offset < range.upperBound {
      let (scalar, length) = UTF8Reading.scalar(in: bytes, at: offset)
      let end = offset + length
      defer { offset = end }
      let id: Int32?
      if scalar < 0x800 && !shortTokens.isEmpty {
        let short = shortTokens[Int(scalar)]
        id = short < 0 ? nil : short
      } else if shortTokens.isEmpty {
        scratch.marked.removeAll(keepingCapacity: true)
        if offset > range.lowerBound { scratch.marked += prefix }
        scratch.marked += bytes[offset..<end]
        if end == range.upperBound { scratch.marked += suffix }
        id = vocabulary.id(of: scratch.marked)
      } else {
        id = vocabulary.id(of: bytes, offset..<end)
      }
      if let id {
        if let waiting = unknown { add(waiting.id, waiting.length, &scratch.symbols) }
        unknown = nil
        add(id, length, &scratch.symbols)
        continue
      }
      if let byteTokens {
        // What marks the word is spelled as well, as the reference does; an unknown before stays waiting.
        let spelled = shortTokens.isEmpty ? scratch.marked : Array(bytes[offset..<end])
        if spelled.allSatisfy({ byteTokens[Int($0)] >= 0 }) {
          for byte in spelled { add(byteTokens[Int(byte)], 1, &scratch.symbols) }
          continue
        }
      }
      guard let unknownID = try unknownID() else { continue }
      if let waiting = unknown {
        if fusesUnknown {
          unknown = (waiting.id, waiting.length + length)
          continue
        }
        add(waiting.id, waiting.length, &scratch.symbols)
      }
      unknown = (unknownID, length)
    }
    if let waiting = unknown { add(waiting.id, waiting.length, &scratch.symbols) }
  }

  /// Merges pairs, the lowest rank first and from left to right within a rank.
  ///
  /// - Complexity: O(n log n) for a word of n code points.
  private func merge(_ scratch: inout Scratch) {
    let count = scratch.symbols.count
    if count < 2 { return }
    scratch.heap.removeAll()
    for place in 0..<count - 1 {
      push(place, scratch.symbols[place].id, scratch.symbols[place + 1].id, &scratch.heap)
    }
    while let (rank, place) = scratch.heap.pop() {
      let left = scratch.symbols[place]
      // The left one is gone, or nothing follows it any more.
      if left.length == 0 || left.next < 0 { continue }
      let right = scratch.symbols[Int(left.next)]
      // What stands here now must still make the same token.
      let result = results[Int(rank)]
      guard let now = ranks[UInt32(bitPattern: left.id), UInt32(bitPattern: right.id)],
        results[Int(now)] == result
      else { continue }
      scratch.symbols[Int(left.next)].length = 0
      scratch.symbols[place].id = result
      scratch.symbols[place].length = left.length + right.length
      scratch.symbols[place].next = right.next
      if right.next >= 0 {
        scratch.symbols[Int(right.next)].previous = Int32(place)
      }
      if left.previous >= 0 {
        push(
          Int(left.previous), scratch.symbols[Int(left.previous)].id, result, &scratch.heap)
      }
      if right.next >= 0 {
        push(place, result, scratch.symbols[Int(right.next)].id, &scratch.heap)
      }
    }
  }

  @inline(__always)
  private func push(_ place: Int, _ left: Int32, _ right: Int32, _ heap: inout MergeHeap) {
    if let rank = ranks[UInt32(bitPattern: left), UInt32(bitPattern: right)] {
      heap.push(rank, place)
    }
  }
}

/// A binary heap of ranks and places, the lowest rank and then the lowest place on top.
private struct MergeHeap {
  private var items: [UInt64] = []

  mutating func removeAll() { items.removeAll(keepingCapacity: true) }

  mutating func push(_ rank: UInt32, _ place: Int) {
    let item = UInt64(rank) << 32 | UInt64(UInt32(truncatingIfNeeded: place))
    items.append(item)
    var child = items.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if items[parent] <= item { break }
      items[child] = items[parent]
      child = parent
    }
    items[child] = item
  }

  mutating func pop() -> (rank: UInt32, place: Int)? {
    guard let top = items.first else { return nil }
    let last = items.removeLast()
    let count = items.count
    if count > 0 {
      var parent = 0
      while true {
        var child = 2 * parent + 1
        if child >= count { break }
        if child + 1 < count && items[child + 1] < items[child] { child += 1 }
        if last <= items[child] { break }
        items[parent] = items[child]
        parent = child
      }
      items[parent] = last
    }
    return (UInt32(top >> 32), Int(top & 0xFFFF_FFFF))
  }
}
