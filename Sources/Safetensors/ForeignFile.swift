import Storage

/// Kinds of file that are met where a safetensors file was meant.
public enum ForeignFile: String, Hashable, Sendable {
  /// A git-LFS pointer.
  case lfsPointer = "git-lfs-pointer"
  /// An HTML page, often a login or error page.
  case html = "html"
  /// A zip archive, as PyTorch writes.
  case zip = "zip"
  /// A pickle, of whatever protocol.
  case pickle = "pickle"
  /// What PyTorch wrote before version 1.6: pickles behind a magic number.
  case torchLegacy = "torch-legacy"
  /// A GGUF model.
  case gguf = "gguf"
  /// A gzip stream.
  case gzip = "gzip"

  /// What it is and what to do.
  public var text: String {
    switch self {
    case .lfsPointer: "this is a git-LFS pointer: fetch the file with `git lfs pull`"
    case .html: "this is an HTML page: the download brought a web page, not the model"
    case .zip: "this is a zip archive, perhaps of PyTorch: convert it to safetensors first"
    case .pickle: "this is a pickle, perhaps of PyTorch: convert it to safetensors first"
    case .torchLegacy: "this is a file of PyTorch before 1.6: convert it to safetensors first"
    case .gguf: "this is a GGUF model: convert it to safetensors first"
    case .gzip: "this is a gzip stream: unpack it first"
    }
  }

  /// How many bytes are looked at.
  static let sniffedByteCount = 64

  /// Recognises a file by its first bytes; only asked of files that were refused.
  static func sniff(_ bytes: RawSpan) -> ForeignFile? {
    let start = (0..<min(bytes.byteCount, sniffedByteCount)).map { bytes.byte(at: $0) }
    func begins(_ magic: [UInt8]) -> Bool { start.starts(with: magic) }
    func begins(_ text: String) -> Bool { start.starts(with: text.utf8) }
    if begins("version https://git-lfs") { return .lfsPointer }
    if isHTML(start) { return .html }
    if begins([0x50, 0x4B, 0x03, 0x04]) || begins([0x50, 0x4B, 0x05, 0x06]) { return .zip }
    if begins("GGUF") { return .gguf }
    if begins([0x1F, 0x8B]) { return .gzip }
    // The number 0x1950a86a20f9469cfc6c, pickled: with protocol 2 as ten bytes.
    if begins([0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19])
    {
      return .torchLegacy
    }
    return isPickle(start) ? .pickle : nil
  }

  private static func isHTML(_ start: [UInt8]) -> Bool {
    let text = start.drop { [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
      .map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    return text.starts(with: "<!doctype html".utf8) || text.starts(with: "<html".utf8)
      || text.starts(with: "<?xml".utf8)
  }

  /// Protocols 2 to 5 begin with their number; 0 and 1 with the opcode of a dictionary, list, tuple or name.
  private static func isPickle(_ start: [UInt8]) -> Bool {
    guard start.count >= 2 else { return false }
    if start[0] == 0x80 { return (2...5).contains(start[1]) }
    for opening in [
      "(dp", "(lp", "(tp", "(ip", "}q", "]q", "ccollections\n", "ctorch", "c__builtin__\n",
      "ccopy_reg\n",
    ]
    where start.starts(with: opening.utf8) { return true }
    return false
  }
}
