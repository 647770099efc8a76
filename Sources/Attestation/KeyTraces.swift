public import Storage

/// Looks for what is left of a destroyed key, or of an erased text, in files.
///
/// While the key is known, any 16 bytes of it in a row, or 32 hexadecimal digits, are a trace. When only its digest is
/// left, after an interruption, all 32 bytes or 64 digits are.
public struct KeyTraces: Sendable {
  /// How many bytes of a key in a row count as a trace of it.
  public static let windowByteCount = 16
  private static let chunkByteCount = 1 << 20

  private let patterns: Patterns
  private let digest: Digest
  private let overlap: Int

  private enum Patterns: Sendable {
    /// Where a first byte may begin a trace, the traces.
    case known([[[UInt8]]])
    case digestOnly
  }

  /// Looks for a key that is known.
  public init(key: [UInt8]) {
    var patterns = [[[UInt8]]](repeating: [], count: 256)
    for window in Self.windows(of: key) {
      let lower = Array(Hex.encode(window).utf8)
      let upper = lower.map { (0x61...0x66).contains($0) ? $0 - 0x20 : $0 }
      for pattern in lower == upper ? [window, lower] : [window, lower, upper] {
        patterns[Int(pattern[0])].append(pattern)
      }
    }
    self.patterns = .known(patterns)
    digest = SHA256.digest(of: key)
    overlap = 2 * Self.windowByteCount - 1
  }

  /// Looks for a text that was erased: any 16 bytes of it in a row that no text has that stays.
  ///
  /// - Parameter kept: The ``windows(of:)`` of the texts that stay.
  public init(erased text: [UInt8], besides kept: Set<[UInt8]>) {
    var patterns = [[[UInt8]]](repeating: [], count: 256)
    for window in Self.windows(of: text) where !kept.contains(window) {
      patterns[Int(window[0])].append(window)
    }
    self.patterns = .known(patterns)
    digest = SHA256.digest(of: text)
    overlap = Self.windowByteCount - 1
  }

  /// Every 16 bytes in a row of a text.
  public static func windows(of text: [UInt8]) -> [[UInt8]] {
    stride(from: 0, through: text.count - windowByteCount, by: 1).map {
      Array(text[$0..<$0 + windowByteCount])
    }
  }

  /// Looks for a key of which only the digest is known.
  public init(digest: Digest) {
    patterns = .digestOnly
    self.digest = digest
    overlap = 63
  }

  /// Where a file holds the first trace; nil where it holds none.
  ///
  /// - Parameter advance: Told of the bytes searched since the last call.
  public func firstTrace(inFile path: String, advance: (Int) -> Void = { _ in })
    throws(StorageError) -> Int?
  {
    let file = try Descriptor(path, .read)
    let size = try file.status().byteCount
    var buffer = [UInt8](repeating: 0, count: min(size, Self.chunkByteCount) + overlap)
    for start in stride(from: 0, to: size, by: Self.chunkByteCount) {
      // Each chunk also has the beginning of the next one, so that no trace is cut.
      let count = try file.read(
        into: &buffer, count: min(buffer.count, size - start), at: start)
      if let place = firstTrace(in: buffer, count: count) { return start + place }
      advance(min(count, Self.chunkByteCount))
    }
    return nil
  }

  private func firstTrace(in bytes: [UInt8], count: Int) -> Int? {
    switch patterns {
    case .known(let patterns):
      for place in 0..<count {
        for pattern in patterns[Int(bytes[place])] where place + pattern.count <= count {
          var length = 1
          while length < pattern.count, bytes[place + length] == pattern[length] { length += 1 }
          if length == pattern.count { return place }
        }
      }
    case .digestOnly:
      let span = bytes.rawSpan
      // How many hexadecimal digits of one case run up to each place.
      var digits = 0
      for place in 0..<count {
        if place + 32 <= count,
          SHA256.digest(of: span.extracting(place..<place + 32)) == digest
        {
          return place
        }
        let isDigit =
          (0x30...0x39).contains(bytes[place]) || (0x61...0x66).contains(bytes[place] | 0x20)
        digits = isDigit ? digits + 1 : 0
        guard digits >= 64 else { continue }
        let text = bytes[place - 63...place].map {
          (0x41...0x46).contains($0) ? $0 + 0x20 : $0
        }
        if let key = Hex.decode(String(decoding: text, as: UTF8.self)),
          SHA256.digest(of: key) == digest
        {
          return place - 63
        }
      }
    }
    return nil
  }
}
