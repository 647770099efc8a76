import Storage

/// Writes blocks of changes, each in the smallest form that is worth trying.
struct BlockEncoder: ~Copyable {
  private var zstd = ZstdCompressor()

  /// Writes the change of some elements from old to new bytes.
  ///
  /// - Parameters:
  ///   - old: As many bytes as `new`; nil for zeros.
  ///   - width: The bytes of an element: 1, 2, 4 or 8.
  mutating func encode(old: [UInt8]?, new: RawSpan, width: Int) -> [UInt8] {
    switch width {
    case 1: encode(old, new, UInt8.self)
    case 2: encode(old, new, UInt16.self)
    case 4: encode(old, new, UInt32.self)
    default: encode(old, new, UInt64.self)
    }
  }

  private mutating func encode<W: Word>(_ old: [UInt8]?, _ new: RawSpan, _: W.Type) -> [UInt8] {
    let new = [W](littleEndian: new)
    let old = old.map { [W](littleEndian: $0.rawSpan) } ?? [W](repeating: 0, count: new.count)
    var codes = [W](repeating: 0, count: new.count)
    var (changed, zeroed) = (0, 0)
    for index in new.indices {
      let code = (new[index] &- old[index]).zigzagged
      codes[index] = code
      if code != 0 {
        changed += 1
        if new[index] == 0 || old[index] == 0 { zeroed += 1 }
      }
    }
    var best: [UInt8]?
    for form in Self.candidates(changed: changed, zeroed: zeroed, of: new.count) {
      let block =
        switch form {
        case .sparse: sparse(codes, changed)
        case .bitPlanes: bitPlanes(codes)
        case .bytePlanes: bytePlanes(codes, .bytePlanes)
        case .rotatedBytePlanes, .stored:
          bytePlanes(
            zip(old, new).map { ($0 ^ $1).rotatedLeft }, .rotatedBytePlanes)
        }
      if block.count < best?.count ?? .max { best = block }
    }
    if let best, best.count < 1 + codes.count * MemoryLayout<W>.size { return best }
    return [BlockForm.stored.rawValue] + codes.littleEndianBytes
  }

  /// The forms that can be the smallest: how many codes are not zero tells, as was measured
  /// (`docs/decisions/0005-compact-encoding.md`).
  private static func candidates(changed: Int, zeroed: Int, of count: Int) -> [BlockForm] {
    var forms: [BlockForm] = []
    if changed * 4 <= count { forms.append(.sparse) }
    if changed * 20 > count {
      if changed * 20 <= count * 19 { forms.append(.bitPlanes) }
      if changed * 2 > count { forms.append(.bytePlanes) }
      // To or from zero the exponent changes as a whole, and a difference hides that.
      if zeroed * 2 > changed || changed * 50 > count * 49 { forms.append(.rotatedBytePlanes) }
    }
    return forms
  }

  private mutating func sparse<W: Word>(_ codes: [W], _ changed: Int) -> [UInt8] {
    var positions: [Int] = []
    var values: [W] = []
    positions.reserveCapacity(changed)
    values.reserveCapacity(changed)
    for index in codes.indices where codes[index] != 0 {
      positions.append(index)
      values.append(codes[index] - 1)
    }
    var block = [BlockForm.sparse.rawValue]
    block.appendLEB128(changed)
    if changed == 0 { return block }
    let parameter = RiceCode.parameter(for: positions)
    let bits = RiceCode.encode(positions, parameter: parameter)
    block.append(UInt8(parameter))
    block.appendLEB128(bits.count)
    PackedPlane.append(bits.rawSpan, to: &block, &zstd)
    appendBitPlanes(values, to: &block)
    return block
  }

  private mutating func bitPlanes<W: Word>(_ codes: [W]) -> [UInt8] {
    var block = [BlockForm.bitPlanes.rawValue]
    appendBitPlanes(codes, to: &block)
    return block
  }

  private mutating func appendBitPlanes<W: Word>(_ codes: [W], to block: inout [UInt8]) {
    let width = MemoryLayout<W>.size
    let planes = Planes.bits(ofBytes: Planes.bytes(of: codes), count: codes.count, width: width)
    let byteCount = (codes.count + 7) / 8
    for plane in 0..<width * 8 {
      PackedPlane.append(
        planes.rawSpan.extracting(plane * byteCount..<(plane + 1) * byteCount), to: &block, &zstd)
    }
  }

  private mutating func bytePlanes<W: Word>(_ codes: [W], _ form: BlockForm) -> [UInt8] {
    var block = [form.rawValue]
    let planes = Planes.bytes(of: codes)
    let stride = Planes.stride(codes.count)
    for plane in 0..<MemoryLayout<W>.size {
      PackedPlane.append(
        planes.rawSpan.extracting(plane * stride..<plane * stride + codes.count), to: &block, &zstd)
    }
    return block
  }
}
