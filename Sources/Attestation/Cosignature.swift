import Storage

/// A witness's timestamped signature over a head (C2SP tlog-cosignature, Ed25519).
struct Cosignature {
  /// When the witness has signed.
  let time: Timestamp
  private let signature: [UInt8]

  /// Reads 8 bytes of time, big-endian, and 64 of signature; nil where the length or the time can't be.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == 8 + 64 else { return nil }
    let seconds = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    // A witness never leaves the time out, and calendars here end with the year 9999.
    guard let seconds = Int64(exactly: seconds), seconds > 0 else { return nil }
    time = Timestamp(seconds: seconds)
    guard time.seconds == seconds else { return nil }
    signature = Array(bytes.dropFirst(8))
  }

  func isSigned(_ text: String, by key: PublicKey) -> Bool {
    key.verify(
      signature: signature,
      message: Array("cosignature/v1\ntime \(time.seconds)\n\(text)".utf8))
  }
}
