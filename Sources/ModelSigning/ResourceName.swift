/// The name of a signed file: a relative path with `/` between its parts (OpenSSF Model Signing v1.0, 6.1.2).
struct ResourceName {
  /// The name without `.` and empty parts; `.` alone for a model that is one file.
  let canonical: String
  /// Whether the name was written so.
  let isCanonical: Bool

  /// Reads a name; nil where it leaves the folder or names nothing.
  init?(_ name: String) {
    let bytes = Array(name.utf8)
    guard !bytes.isEmpty, bytes.first != UInt8(ascii: "/"), !bytes.contains(0) else { return nil }
    if bytes == [UInt8(ascii: ".")] {
      (canonical, isCanonical) = (name, true)
      return
    }
    let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let dot = UInt8(ascii: ".")
    guard !parts.contains(where: { Array($0) == [dot, dot] }) else { return nil }
    let kept = parts.filter { !$0.isEmpty && Array($0) != [dot] }
    guard !kept.isEmpty else { return nil }
    isCanonical = kept.count == parts.count
    canonical =
      isCanonical
      ? name : String(decoding: Array(kept.joined(separator: [UInt8(ascii: "/")])), as: UTF8.self)
  }
}
