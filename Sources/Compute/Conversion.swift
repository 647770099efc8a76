private import CKernels

/// The float types that weights are stored in.
public enum StoredFloat: Sendable, Hashable {
  case bf16, f16, f32, f64

  /// The bytes of one element.
  public var byteWidth: Int {
    switch self {
    case .bf16, .f16: 2
    case .f32: 4
    case .f64: 8
    }
  }
}

extension Matrix {
  /// Widens stored little-endian elements, which need not be aligned; the one copy that loading makes.
  public init(rows: Int, columns: Int, _ bytes: RawSpan, as stored: StoredFloat) {
    precondition(bytes.byteCount == rows * columns * stored.byteWidth)
    self.init(uninitializedRows: rows, columns: columns)
    let count = self.count
    let target = unsafe mutablePointer()
    unsafe bytes.withUnsafeBytes { source in
      guard let base = source.baseAddress else { return }
      if let floats = unsafe target as? UnsafeMutablePointer<Float> {
        switch stored {
        case .bf16: return unsafe ck_bf16_to_f32(base, floats, count)
        case .f16: return unsafe ck_f16_to_f32(base, floats, count)
        case .f32:
          unsafe UnsafeMutableRawPointer(floats).copyMemory(from: base, byteCount: 4 * count)
          return
        case .f64: break
        }
      }
      // Doubles, and doubles made floats: tests and rarities.
      var narrow: [Float] = stored.byteWidth == 2 ? Array(repeating: 0, count: count) : []
      if stored == .bf16 { unsafe ck_bf16_to_f32(base, &narrow, count) }
      if stored == .f16 { unsafe ck_f16_to_f32(base, &narrow, count) }
      for index in 0..<count {
        switch stored {
        case .bf16, .f16: unsafe target[index] = Element(narrow[index])
        case .f32:
          unsafe target[index] = Element(
            base.loadUnaligned(fromByteOffset: 4 * index, as: Float.self))
        case .f64:
          unsafe target[index] = Element(
            base.loadUnaligned(fromByteOffset: 8 * index, as: Double.self))
        }
      }
    }
  }

  /// The elements as they are stored: rounded to nearest, ties to even.
  public func bytes(as stored: StoredFloat) -> [UInt8] {
    let count = self.count
    var bytes = [UInt8](repeating: 0, count: count * stored.byteWidth)
    unsafe bytes.withUnsafeMutableBytes { target in
      guard let base = target.baseAddress else { return }
      switch stored {
      case .f64:
        for index in 0..<count {
          unsafe base.storeBytes(
            of: Double(pointer[index]), toByteOffset: 8 * index, as: Double.self)
        }
      case .f32, .bf16, .f16:
        let floats = unsafe (pointer as? UnsafePointer<Float>)
        // Doubles go through binary32 first; only tests have them.
        let narrow = unsafe floats == nil ? array.map { Float($0) } : []
        unsafe narrow.withUnsafeBufferPointer { buffer in
          guard let source = unsafe floats ?? buffer.baseAddress else { return }
          switch stored {
          case .bf16: unsafe ck_f32_to_bf16(source, base, count)
          case .f16: unsafe ck_f32_to_f16(source, base, count)
          default: unsafe base.copyMemory(from: source, byteCount: 4 * count)
          }
        }
      }
    }
    return bytes
  }
}
