public import Safetensors
import Storage

/// How a patch file gives new values.
public enum PatchEncoding: String, CaseIterable, Hashable, Sendable {
  /// As they are: any program that reads safetensors can apply them.
  case replace
  /// As changes of the base, compressed: the smallest, for distribution. Base and patch together give either end.
  case compact
  /// As they are, compressed.
  case replaceCompressed = "replace-compressed"

  /// Whether values are changes of the base's, and nothing without it.
  public var needsBase: Bool { self == .compact }

  /// Whether the patch tells what was there before, to those who have what is there after.
  public var isReversible: Bool { self == .compact }

  /// Reads the encoding from a patch file's header.
  ///
  /// - Throws: Where the file is not a patch, or one of an encoding that is not known.
  public init(of header: Header, path: String) throws(PatchError) {
    func metadata(_ key: String) -> ByteString? {
      header.metadata?.first { $0.key == ByteString(key) }?.value
    }
    guard metadata("format") == ByteString(PatchFile.format) else {
      throw PatchError(
        .malformed(
          "not a patch: __metadata__.format is \(metadata("format").map { "\"\($0)\"" } ?? "missing"), expected \"\(PatchFile.format)\""
        ), path: path)
    }
    guard let encoding = metadata("encoding").flatMap({ Self(rawValue: $0.text) }) else {
      throw PatchError(
        .malformed(
          "encoding \(metadata("encoding").map { "\"\($0)\"" } ?? "is missing"), this version reads \(Self.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))"
        ), path: path)
    }
    self = encoding
  }
}
