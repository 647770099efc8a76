import Attestation
import Storage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Looks for texts in the bytes of files, in whatever common form they may stand.
enum ByteSearch {
  /// A text as it is, in small letters, in hexadecimal, and in base64 and base64url at each of three alignments.
  private static func forms(_ text: String) -> [[UInt8]] {
    let bytes = Array(text.utf8)
    var forms = [bytes, Array(text.lowercased().utf8), Array(text.uppercased().utf8)]
    let hex = Hex.encode(bytes)
    forms += [Array(hex.utf8), Array(hex.uppercased().utf8)]
    for shift in 0..<3 {
      let padded = [UInt8](repeating: 0x20, count: shift) + bytes
      for encoded in [Base64.encode(padded), Base64.encodeURLSafe(padded)] {
        // The characters that depend on this text alone.
        let own = encoded.utf8.prefix(padded.count * 8 / 6).dropFirst((shift * 8 + 5) / 6)
        forms.append(Array(own))
      }
    }
    return forms
  }

  private static func contains(_ bytes: [UInt8], _ form: [UInt8]) -> Bool {
    guard let first = form.first, bytes.count >= form.count else { return false }
    return bytes.withUnsafeBytes { all in
      guard let start = all.baseAddress else { return false }
      var place = 0
      let last = all.count - form.count
      while place <= last,
        let found = memchr(start + place, Int32(first), last - place + 1)
      {
        if memcmp(found, form, form.count) == 0 { return true }
        place = UnsafeRawPointer(found) - start + 1
      }
      return false
    }
  }

  /// Where any of the texts stands, in words.
  static func traces(of texts: [String], in files: [String: [UInt8]]) -> [String] {
    files.flatMap { name, bytes in
      texts.filter { text in forms(text).contains { contains(bytes, $0) } }
        .map { "\(name): \($0)" }
    }.sorted()
  }
}
