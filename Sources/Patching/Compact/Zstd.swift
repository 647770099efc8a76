private import CZstd
import Storage

/// Compresses planes as single zstd frames of level 1.
///
/// Higher levels are slower and, on planes of bits, no smaller (`docs/decisions/0005-compact-encoding.md`).
@safe
struct ZstdCompressor: ~Copyable {
  private let context: OpaquePointer
  private static let level: Int32 = 1

  init() {
    guard let context = unsafe ZSTD_createCCtx() else {
      preconditionFailure("no memory for a zstd context")
    }
    unsafe self.context = context
  }

  deinit { unsafe ZSTD_freeCCtx(context) }

  /// The frame of the bytes; nil where it would not be smaller than `limit`.
  mutating func frame(of bytes: RawSpan, below limit: Int) -> [UInt8]? {
    guard limit > 1 else { return nil }
    return unsafe bytes.withUnsafeBytes { source in
      let frame: [UInt8] = unsafe Array(unsafeUninitializedCapacity: limit - 1) { buffer, count in
        // Both buffers have the sizes that are told; a frame that does not fit is an error code.
        let written = unsafe ZSTD_compressCCtx(
          context, buffer.baseAddress, buffer.count, source.baseAddress, source.count, Self.level)
        count = ZSTD_isError(written) != 0 ? 0 : written
      }
      return frame.isEmpty ? nil : frame
    }
  }
}

/// Decompresses single zstd frames whose plain size is known.
@safe
struct ZstdDecompressor: ~Copyable {
  private let context: OpaquePointer
  private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

  init() {
    guard let context = unsafe ZSTD_createDCtx() else {
      preconditionFailure("no memory for a zstd context")
    }
    unsafe self.context = context
  }

  deinit { unsafe ZSTD_freeDCtx(context) }

  /// The plain bytes of exactly one frame, which must be exactly as many as expected.
  ///
  /// The output is the window, so nothing else is allocated whatever the frame declares.
  mutating func plain(of frame: RawSpan, byteCount: Int) throws(CompactFault) -> [UInt8] {
    guard frame.byteCount >= 4, (0..<4).allSatisfy({ frame.byte(at: $0) == Self.magic[$0] }) else {
      throw CompactFault("a plane is no zstd frame")
    }
    var found = 0
    let bytes: [UInt8] = unsafe frame.withUnsafeBytes { source in
      // Reads the frame's own headers only, within its bounds.
      let size = unsafe ZSTD_findFrameCompressedSize(source.baseAddress, source.count)
      guard size == source.count,
        unsafe ZSTD_getDictID_fromFrame(source.baseAddress, source.count) == 0
      else { return [] }
      return unsafe Array(unsafeUninitializedCapacity: byteCount) { buffer, count in
        // Never writes beyond the buffer; what would not fit is an error code.
        found = unsafe ZSTD_decompressDCtx(
          context, buffer.baseAddress, byteCount, source.baseAddress, source.count)
        count = found == byteCount ? byteCount : 0
      }
    }
    guard found == byteCount, bytes.count == byteCount else {
      throw CompactFault("a zstd frame is damaged, or does not hold \(byteCount) bytes")
    }
    return bytes
  }
}
