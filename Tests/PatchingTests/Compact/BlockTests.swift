import SampleModels
import Storage
import Testing

@testable import Patching

@Suite("Blocks of changes") struct BlockTests {
  /// How old bytes become new ones.
  enum Edit: String, CaseIterable {
    case small, wide, anyBits, signFlip, toZero, fromZero, notANumber
  }

  private static let widths = [1, 2, 4, 8]

  /// Random elements of a width, and an edit of about so many in a thousand of them.
  private static func example(
    _ edit: Edit, width: Int, perMille: Int, count: Int = 5003, seed: UInt64 = 7
  ) -> (old: [UInt8], new: [UInt8]) {
    var dice = SeededBits(seed: seed)
    let mask: UInt64 = width == 8 ? .max : 1 << UInt64(width * 8) - 1
    var (old, new): ([UInt8], [UInt8]) = ([], [])
    for _ in 0..<count {
      var before = dice.next() & mask
      // Half an exponent's range, as weights have.
      if width > 1 { before &= ~(3 << UInt64(width * 8 - 3)) }
      let isEdited = Int(dice.next() % 1000) < perMille
      if edit == .fromZero, isEdited { before = 0 }
      var after = before
      if isEdited {
        switch edit {
        case .small: after = (before &+ dice.next() % 5 &- 2) & mask
        case .wide:
          let steps = (0..<4).reduce(UInt64(0)) { sum, _ in sum &+ dice.next() % 16 }
          after = (before &+ steps &- 30) & mask
        case .anyBits, .fromZero: after = dice.next() & mask
        case .signFlip: after = before ^ (1 << UInt64(width * 8 - 1))
        case .toZero: after = 0
        case .notANumber: after = (mask >> 1 &- dice.next() % 3) & mask
        }
      }
      for shift in 0..<width {
        old.append(UInt8(truncatingIfNeeded: before >> UInt64(shift * 8)))
        new.append(UInt8(truncatingIfNeeded: after >> UInt64(shift * 8)))
      }
    }
    return (old, new)
  }

  private static func encode(_ old: [UInt8]?, _ new: [UInt8], _ width: Int) -> [UInt8] {
    var encoder = BlockEncoder()
    return encoder.encode(old: old, new: new.rawSpan, width: width)
  }

  private static func decode(_ block: [UInt8], _ count: Int, _ width: Int, _ old: [UInt8]?)
    throws(CompactFault) -> [UInt8]
  {
    var decoder = BlockDecoder()
    return try decoder.decode(block.rawSpan, count: count, width: width, old: old)
  }

  @Test("every edit of every width comes back bit for bit", arguments: Edit.allCases)
  func roundTrip(_ edit: Edit) throws {
    for width in Self.widths {
      for perMille in [0, 1, 10, 50, 170, 500, 900, 1000] {
        let (old, new) = Self.example(edit, width: width, perMille: perMille)
        for former in [old, nil] {
          let block = Self.encode(former, new, width)
          #expect(
            try Self.decode(block, new.count / width, width, former) == new,
            "\(width) bytes, \(perMille) ‰")
          #expect(block.count <= 1 + new.count)
        }
      }
    }
  }

  @Test func `blocks of any length come back`() throws {
    for count in 1...70 {
      let (old, new) = Self.example(.small, width: 2, perMille: 400, count: count)
      #expect(try Self.decode(Self.encode(old, new, 2), count, 2, old) == new)
    }
  }

  @Test func `each form is chosen where it is the smallest`() {
    func form(_ edit: Edit, _ perMille: Int, width: Int = 2) -> BlockForm? {
      let (old, new) = Self.example(edit, width: width, perMille: perMille, count: 40_000)
      return BlockForm(rawValue: Self.encode(old, new, width)[0])
    }
    #expect(form(.small, 0) == .sparse)
    #expect(form(.small, 12) == .sparse)
    #expect(form(.small, 500) == .bitPlanes)
    #expect(form(.wide, 1000) == .bytePlanes)
    #expect(form(.toZero, 1000) == .rotatedBytePlanes)
    #expect(form(.anyBits, 1000, width: 1) == .stored)
  }

  @Test func `a few changes cost little more than their entropy`() {
    // 1.2% of elements change by one either way: 0.0934 bits an element for where, 0.012 for how.
    var dice = SeededBits(seed: 3)
    let old = [UInt8](repeating: 0x3C, count: 2 << 17)
    var new = old
    for index in 0..<1 << 17 where dice.next() % 1000 < 12 {
      new[index * 2] = dice.next() & 1 == 0 ? 0x3B : 0x3D
    }
    let bits = Double(Self.encode(old, new, 2).count * 8) / Double(1 << 17)
    #expect(bits < 0.115, "\(bits) bits an element")
  }

  @Test func `no changed byte and no cut of a block traps`() {
    for (edit, perMille) in [(Edit.small, 20), (.small, 500), (.small, 1000), (.toZero, 1000)] {
      let (old, new) = Self.example(edit, width: 2, perMille: perMille, count: 301)
      let block = Self.encode(old, new, 2)
      for offset in block.indices {
        var cut = Array(block[..<offset])
        do throws(CompactFault) {
          _ = try Self.decode(cut, 301, 2, old)
          Issue.record("cut to \(offset) bytes, and read")
        } catch { #expect(!error.what.isEmpty) }
        for mask: UInt8 in [1, 0x10, 0x80, 0xFF] {
          cut = block
          cut[offset] ^= mask
          do throws(CompactFault) {
            #expect(try Self.decode(cut, 301, 2, old).count == 602)
          } catch { #expect(!error.what.isEmpty) }
        }
      }
      #expect(throws: CompactFault.self) { try Self.decode(block + [0], 301, 2, old) }
    }
  }

  @Test func `sizes that are declared are not believed`() {
    let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
    func refusal(_ block: [UInt8]) -> String {
      do throws(CompactFault) {
        _ = try Self.decode(block, 64, 2, nil)
        return "read"
      } catch { return error.what }
    }
    #expect(refusal([]).contains("ends early"))
    #expect(refusal([9]).contains("unknown form 9"))
    #expect(refusal([1] + huge).contains("64 is the most"))
    #expect(refusal([1, 65]).contains("64 is the most"))
    #expect(refusal([1, 1, 21]).contains("Rice parameter"))
    #expect(refusal([1, 1, 3] + huge).contains("is the most"))
    #expect(refusal([1, 1, 3] + huge + [0x80]).contains("is the most"))
    #expect(refusal([1, 0x80, 0]).contains("shortest"))
    // One change, k = 0, eight zero bits: its position is not told.
    #expect(refusal([1, 1, 0, 1, 1, 0]).contains("end early"))
    // Position 64 of 64.
    #expect(
      refusal([1, 1, 6, 1, 1, 0x02] + [UInt8](repeating: 0, count: 16)).contains("behind"))
    #expect(refusal([3] + huge).contains("is the most"))
    #expect(refusal([3, 5, 1, 2, 3, 4, 5]).contains("no zstd frame"))
    #expect(refusal([2] + [UInt8](repeating: 0, count: 15)).contains("ends early"))
    // 3 elements leave five bits of each plane unused.
    #expect(throws: CompactFault("bits behind the end of a plane are not zero")) {
      try Self.decode([2, 1, 0x08] + [UInt8](repeating: 0, count: 7), 3, 1, nil)
    }
    // An element that is listed and does not change: all bits of code − 1 are set.
    let planes = [UInt8](repeating: 1, count: 16)
    #expect(throws: CompactFault("lists an element that does not change")) {
      try Self.decode([1, 1, 0, 1, 1, 1] + planes, 8, 1, nil)
    }
  }

  @Test func `one zstd frame of the expected size is read, nothing else`() throws {
    var compressor = ZstdCompressor()
    let plain = [UInt8](repeating: 5, count: 1000)
    let made = compressor.frame(of: plain.rawSpan, below: plain.count)
    let frame = try #require(made)
    func read(_ frame: [UInt8], _ byteCount: Int = 1000) throws(CompactFault) -> [UInt8] {
      var decompressor = ZstdDecompressor()
      return try decompressor.plain(of: frame.rawSpan, byteCount: byteCount)
    }
    #expect(try read(frame) == plain)
    #expect(throws: CompactFault.self) { try read(frame, 999) }
    #expect(throws: CompactFault.self) { try read(frame, 1001) }
    #expect(throws: CompactFault.self) { try read(frame + frame) }
    #expect(throws: CompactFault.self) { try read(frame + [0]) }
    #expect(throws: CompactFault.self) { try read(Array(frame.dropLast())) }
    #expect(throws: CompactFault.self) { try read([]) }
    let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]
    #expect(throws: CompactFault.self) { try read(skippable) }
    #expect(throws: CompactFault.self) { try read(skippable + frame) }
    #expect(throws: CompactFault.self) { try read(frame + skippable) }
    // The frame's descriptor says that a dictionary of one byte's number follows.
    var dictionary = frame
    dictionary[4] |= 1
    dictionary.insert(7, at: 5)
    #expect(throws: CompactFault.self) { try read(dictionary) }
  }

  @Test func `lists of indices come back, and faulty ones are refused`() throws {
    func read(_ bytes: [UInt8], below limit: Int) throws(CompactFault) -> [Int] {
      var found: [Int] = []
      try IndexList.forEachRun(of: bytes.rawSpan, below: limit, wrap: { $0 }) {
        (run) throws(CompactFault) in
        found += Array(run)
      }
      return found
    }
    var dice = SeededBits(seed: 5)
    for indices in [
      [0], [7], Array(0..<300), [0, 2, 4, 6], Array(64..<128) + Array(640..<704),
      (0..<90_000).filter { _ in dice.next() % 3 == 0 },
    ] {
      let bytes = IndexList.encode(count: indices.count) { indices[$0] }
      #expect(try read(bytes, below: 90_000) == indices)
      #expect(throws: CompactFault.self) { try read(bytes, below: indices.last ?? 0) }
      #expect(throws: CompactFault.self) { try read(bytes + [0], below: 90_000) }
      #expect(throws: CompactFault.self) { try read(Array(bytes.dropLast()), below: 90_000) }
      if indices.count > 1000 { continue }
      for offset in bytes.indices {
        for mask: UInt8 in [1, 0x80, 0xFF] {
          var changed = bytes
          changed[offset] ^= mask
          do throws(CompactFault) {
            let found = try read(changed, below: 90_000)
            #expect(zip(found, found.dropFirst()).allSatisfy { $0 < $1 })
          } catch { #expect(!error.what.isEmpty) }
        }
      }
    }
    // Two indices are declared, and the run has three.
    #expect(throws: CompactFault.self) { try read([2, 2, 1, 0, 2], below: 10) }
    // A run that reaches beyond what an integer holds.
    let far: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
    #expect(throws: CompactFault.self) { try read([2, 10, 1] + far + [1], below: .max) }
  }
}
