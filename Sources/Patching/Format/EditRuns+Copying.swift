import Storage

/// Moving the bytes of runs between a tensor's order, in which they lie scattered, and their own, in which they
/// are packed side by side.
///
/// Columns of a wide matrix are millions of runs of one element. Here, and nowhere else, a whole row of them is
/// checked at once and then moved without a check for each.
extension EditRuns {
  /// Packs the bytes of the runs in a window.
  ///
  /// - Parameters:
  ///   - bytes: The bytes of the extent of the window.
  ///   - values: At least as long as the extent's values; filled from its start.
  func gather(
    _ extent: Extent, from bytes: RawSpan, into values: inout [UInt8], indexAt: (Int) -> Int
  ) {
    precondition(bytes.byteCount == extent.bytes.count && values.count >= extent.values.count)
    // The buffers do not leave the closures; `move` checks each range against the extent.
    unsafe values.withUnsafeMutableBytes { packed in
      unsafe bytes.withUnsafeBytes { tensor in
        guard let packed = packed.baseAddress, let tensor = tensor.baseAddress else { return }
        move(
          extent, indexAt,
          run: { at, value, count in
            unsafe (packed + value).copyMemory(from: tensor + at, byteCount: count)
          },
          row: { at, value, width in
            unsafe gatherRow(tensor + at, packed + value, width)
          })
      }
    }
  }

  /// Puts packed values into the bytes of a window.
  ///
  /// - Parameters:
  ///   - values: The packed values of the extent.
  ///   - start: Where in the buffer the extent's bytes begin.
  func scatter(
    _ extent: Extent, _ values: RawSpan, onto buffer: inout [UInt8], at start: Int,
    indexAt: (Int) -> Int
  ) {
    precondition(values.byteCount == extent.values.count)
    precondition(start >= 0 && extent.bytes.count <= buffer.count - start)
    // As above.
    unsafe buffer.withUnsafeMutableBytes { tensor in
      unsafe values.withUnsafeBytes { packed in
        guard let base = tensor.baseAddress, let packed = packed.baseAddress else { return }
        let tensor = unsafe base + start
        move(
          extent, indexAt,
          run: { at, value, count in
            unsafe (tensor + at).copyMemory(from: packed + value, byteCount: count)
          },
          row: { at, value, width in
            unsafe scatterRow(tensor + at, packed + value, width)
          })
      }
    }
  }

  /// Finds what is to be moved, as offsets from the start of the extent's bytes and values.
  private func move(
    _ extent: Extent, _ indexAt: (Int) -> Int, run: (Int, Int, Int) -> Void,
    row moveRow: (Int, Int, Int) -> Void
  ) {
    func moveRuns(_ window: Range<Int>) {
      forEach(in: window, indexAt: indexAt) { range, value in
        let (at, from) = (
          range.lowerBound - extent.bytes.lowerBound, value - extent.values.lowerBound
        )
        precondition(at >= 0 && range.upperBound <= extent.bytes.upperBound)
        precondition(from >= 0 && value + range.count <= extent.values.upperBound)
        run(at, from, range.count)
      }
    }
    guard kind == .columns, let first = columnGroups.first, let last = columnGroups.last else {
      return moveRuns(extent.bytes)
    }
    let element = geometry.elementByteCount
    for row in rows(meeting: extent.bytes) {
      let whole =
        range(of: first, in: row).lowerBound..<range(of: last, in: row).upperBound
      if whole.lowerBound >= extent.bytes.lowerBound, whole.upperBound <= extent.bytes.upperBound {
        let value = row * count * element - extent.values.lowerBound
        precondition(value >= 0 && value + count * element <= extent.values.count)
        moveRow(whole.lowerBound - extent.bytes.lowerBound, value, element)
      } else {
        moveRuns(whole.clamped(to: extent.bytes))
      }
    }
  }

  /// Packs one row's columns; `tensor` is at the first of them.
  private func gatherRow(
    _ tensor: UnsafeRawPointer, _ packed: UnsafeMutableRawPointer, _ width: Int
  ) {
    switch width {
    case 1: unsafe moveColumns(of: UInt8.self, tensor, packed)
    case 2: unsafe moveColumns(of: UInt16.self, tensor, packed)
    case 4: unsafe moveColumns(of: UInt32.self, tensor, packed)
    default: unsafe moveColumns(of: UInt64.self, tensor, packed)
    }
  }

  /// Spreads one row's columns; `tensor` is at the first of them.
  private func scatterRow(
    _ tensor: UnsafeMutableRawPointer, _ packed: UnsafeRawPointer, _ width: Int
  ) {
    switch width {
    case 1: unsafe moveColumns(of: UInt8.self, packed, tensor, isScattering: true)
    case 2: unsafe moveColumns(of: UInt16.self, packed, tensor, isScattering: true)
    case 4: unsafe moveColumns(of: UInt32.self, packed, tensor, isScattering: true)
    default: unsafe moveColumns(of: UInt64.self, packed, tensor, isScattering: true)
    }
  }

  /// Moves the columns of one row, whose range was checked; loads and stores need no alignment.
  @inline(__always)
  private func moveColumns<Element: FixedWidthInteger & BitwiseCopyable>(
    of type: Element.Type, _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer,
    isScattering: Bool = false
  ) {
    let width = MemoryLayout<Element>.size
    let start = columnGroups.first?.column ?? 0
    for group in columnGroups {
      let (tensor, packed) = ((group.column - start) * width, group.place * width)
      let (source, target) = isScattering ? (packed, tensor) : (tensor, packed)
      if group.count == 1 {
        let element = unsafe from.loadUnaligned(fromByteOffset: source, as: type)
        unsafe to.storeBytes(of: element, toByteOffset: target, as: type)
      } else {
        unsafe (to + target).copyMemory(from: from + source, byteCount: group.count * width)
      }
    }
  }
}
