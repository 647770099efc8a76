private import CUTF8Proc

/// The four normalisation forms, as the reference has them: those of Unicode 9, with the steps that keep origins.
///
/// Code points that are newer are left as they are, whatever the system's tables know of them.
enum UnicodeForm: Sendable {
  case nfd
  case nfc
  case nfkd
  case nfkc

  private var isCompatible: Bool { self == .nfkd || self == .nfkc }
  private var composes: Bool { self == .nfc || self == .nfkc }

  /// Brings a text into this form.
  func apply(to text: inout AlignedText) {
    if text.isASCII { return }
    let decomposed = decompose(text)
    text.apply(composes ? Self.compose(decomposed) : decomposed.map(\.change))
  }

  private struct Item {
    var change: AlignedText.Change
    var combiningClass: Int32
  }

  private static func combiningClass(_ scalar: UInt32) -> Int32 {
    if scalar < 0x300 || CharacterClass.inert.contains(scalar) { return 0 }
    return cutf8proc_class(Int32(bitPattern: scalar))
  }

  private func decompose(_ text: AlignedText) -> [Item] {
    var items: [Item] = []
    items.reserveCapacity(text.bytes.count)
    // The marks since the last starter wait here to be put in order.
    var pending = 0
    var buffer = [Int32](repeating: 0, count: 32)
    func add(_ scalar: UInt32, step: Int) {
      let item = Item(
        change: AlignedText.Change(scalar: scalar, step: step),
        combiningClass: Self.combiningClass(scalar))
      if item.combiningClass == 0 {
        Self.sort(&items, from: pending)
        items.append(item)
        pending = items.count
      } else {
        items.append(item)
      }
    }
    text.forEachScalar { scalar in
      if scalar < 0x80 || CharacterClass.inert.contains(scalar) {
        add(scalar, step: 0)
        return
      }
      // The longest decomposition has 18 code points, so the buffer holds any.
      let count = unsafe cutf8proc_decompose(
        Int32(bitPattern: scalar), isCompatible ? 1 : 0, &buffer, buffer.count)
      guard count > 0, count <= buffer.count else {
        add(scalar, step: 0)
        return
      }
      for index in 0..<count {
        add(UInt32(bitPattern: buffer[index]), step: index == 0 ? 0 : 1)
      }
    }
    Self.sort(&items, from: pending)
    return items
  }

  /// Orders the marks at the end by class; those of one class keep their order.
  private static func sort(_ items: inout [Item], from start: Int) {
    let count = items.count - start
    if count < 2 { return }
    if count == 2 {
      if items[start].combiningClass > items[start + 1].combiningClass {
        items.swapAt(start, start + 1)
      }
      return
    }
    let sorted = items[start...].enumerated().sorted {
      ($0.element.combiningClass, $0.offset) < ($1.element.combiningClass, $1.offset)
    }
    items.replaceSubrange(start..., with: sorted.map(\.element))
  }

  private static func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
    // No composite has a second part below U+0300.
    if second < 0x300 || CharacterClass.inert.contains(second) { return nil }
    let composite = cutf8proc_compose(Int32(bitPattern: first), Int32(bitPattern: second))
    guard composite >= 0 else { return nil }
    let scalar = UInt32(bitPattern: composite)
    return CharacterClass.inert.contains(scalar) ? nil : scalar
  }

  private static func compose(_ items: [Item]) -> [AlignedText.Change] {
    var composed: [AlignedText.Change] = []
    composed.reserveCapacity(items.count)
    // Where the starter stands that what follows may join, and the class of the last mark that did not join it.
    var starter: Int?
    var lastClass: Int32?
    for item in items {
      let isBlocked = lastClass.map { $0 >= item.combiningClass } ?? false
      if let place = starter, !isBlocked,
        let composite = compose(composed[place].scalar, item.change.scalar)
      {
        composed[place].scalar = composite
        composed[place].step += item.change.step - 1
        continue
      }
      if item.combiningClass == 0 {
        starter = composed.count
        lastClass = nil
      } else if starter != nil {
        lastClass = item.combiningClass
      }
      composed.append(item.change)
    }
    return composed
  }
}
