import Safetensors

/// What the forms of an edit cost in an encoding, in bits; near enough to choose between them.
struct FormCost {
  private let elementBits: Int
  private let isOfChanges: Bool

  /// - Parameter elementByteCount: The bytes of an element.
  init(_ encoding: PatchEncoding, elementByteCount: Int) {
    elementBits = elementByteCount * 8
    isOfChanges = encoding == .compact
  }

  /// A row, a column or a whole tensor of which some elements change.
  func line(changed: Int, of length: Int) -> Int {
    guard isOfChanges else { return 32 + length * elementBits }
    // Its index; where the changes are; and a few bits for each.
    return 8 + changed * (3 + Int.bitWidth - (length / max(1, changed)).leadingZeroBitCount)
  }

  /// Elements given singly.
  func elements(_ count: Int) -> Int { count * (isOfChanges ? 24 : 64 + elementBits) }
}
