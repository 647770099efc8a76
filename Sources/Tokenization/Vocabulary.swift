import Storage
import StrictJSON

/// The tokens of a model by their bytes and by their numbers.
///
/// Tokens are UTF-8 bytes and compared as such: texts that Unicode calls equivalent are different tokens.
struct Vocabulary: Sendable {
  /// Token numbers are below this.
  static let idLimit = 1 << 24
  /// No token is longer than this, so that looking for the longest takes bounded time at each place.
  static let tokenByteLimit = 4096

  private var arena: [UInt8] = []
  /// Where each entry's bytes begin in the arena; one more than there are entries.
  private var starts: [UInt32] = [0]
  private var ids: [Int32] = []
  private var slots: [Int32]
  private var mask: Int
  private let seed = Hashing.seed()
  /// The entry of each number; -1 where there is none.
  private var entries: [Int32] = []

  /// Makes an empty vocabulary with room for a number of tokens.
  init(capacity: Int) {
    var count = 16
    while count < capacity * 2 { count *= 2 }
    slots = [Int32](repeating: -1, count: count)
    mask = count - 1
  }

  /// How many tokens there are.
  var count: Int { ids.count }

  /// The tokens with their numbers, in the order in which they were added.
  func forEach(_ body: (_ token: [UInt8], _ id: Int32) throws(TokenizerError) -> Void)
    throws(TokenizerError)
  {
    for entry in ids.indices { try body(bytes(ofEntry: entry), ids[entry]) }
  }

  private func bytes(ofEntry entry: Int) -> [UInt8] {
    Array(arena[Int(starts[entry])..<Int(starts[entry + 1])])
  }

  private func slot(of bytes: [UInt8], _ range: Range<Int>) -> Int {
    var slot = Int(truncatingIfNeeded: Hashing.hash(bytes, range, seed)) & mask
    while slots[slot] >= 0 {
      let entry = Int(slots[slot])
      let start = Int(starts[entry])
      if Int(starts[entry + 1]) - start == range.count {
        var index = 0
        while index < range.count, arena[start + index] == bytes[range.lowerBound + index] {
          index += 1
        }
        if index == range.count { return slot }
      }
      slot = (slot + 1) & mask
    }
    return slot
  }

  /// The number of a token that is a part of some bytes.
  func id(of bytes: [UInt8], _ range: Range<Int>) -> Int32? {
    let entry = slots[slot(of: bytes, range)]
    return entry < 0 ? nil : ids[Int(entry)]
  }

  /// The number of a token.
  func id(of token: [UInt8]) -> Int32? { id(of: token, 0..<token.count) }

  /// The bytes of a token.
  func token(_ id: Int32) -> [UInt8]? {
    guard id >= 0, Int(id) < entries.count, entries[Int(id)] >= 0 else { return nil }
    return bytes(ofEntry: Int(entries[Int(id)]))
  }

  /// Adds a token, or says why it cannot be one.
  mutating func add(_ token: [UInt8], id: Int32) -> TokenizerError.Reason? {
    guard token.count <= Self.tokenByteLimit else {
      return .unexpected(
        found: "one of \(token.count) bytes",
        expected: "tokens of at most \(Self.tokenByteLimit) bytes")
    }
    if (count + 1) * 2 > slots.count { grow() }
    let slot = slot(of: token, 0..<token.count)
    if slots[slot] >= 0 { return .duplicate("the token \"\(ByteString(bytes: token))\"") }
    while entries.count <= Int(id) { entries.append(-1) }
    if entries[Int(id)] >= 0 { return .duplicate("the number \(id)") }
    slots[slot] = Int32(count)
    entries[Int(id)] = Int32(count)
    arena += token
    starts.append(UInt32(arena.count))
    ids.append(id)
    return nil
  }

  private mutating func grow() {
    mask = slots.count * 2 - 1
    slots = [Int32](repeating: -1, count: mask + 1)
    for entry in ids.indices {
      let bytes = bytes(ofEntry: entry)
      slots[slot(of: bytes, 0..<bytes.count)] = Int32(entry)
    }
  }
}

extension Vocabulary {
  /// Reads an object of tokens and their numbers.
  init(_ section: Section) throws(TokenizerError) {
    let members = try section.object().members
    self.init(capacity: members.count)
    for (token, value) in members {
      let member = section.member(token, value)
      if let reason = add(token.bytes, id: try member.tokenID()) {
        throw TokenizerError(reason, at: member.path)
      }
    }
  }
}
