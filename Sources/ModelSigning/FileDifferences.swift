public import Storage

/// How the files of a folder differ from those that were signed.
public struct FileDifferences: Hashable, Sendable, CustomStringConvertible {
  /// A file that is not as it was signed.
  public struct Difference: Hashable, Sendable {
    /// The file.
    public let name: String
    /// The digest that was signed.
    public let expected: Digest
    /// The digest that the file has.
    public let found: Digest
  }

  /// Files that are not as they were signed.
  public private(set) var differing: [Difference] = []
  /// Files that were signed and are not there.
  public private(set) var missing: [String] = []
  /// Files that are there and were not signed.
  public private(set) var extra: [String] = []

  /// Compares by the bytes of the names.
  init(signed: [ModelManifest.File], found: [ModelManifest.File]) {
    let there = Dictionary(
      found.map { (ByteString($0.name), $0.digest) }, uniquingKeysWith: { first, _ in first })
    for file in signed {
      guard let digest = there[ByteString(file.name)] else {
        missing.append(file.name)
        continue
      }
      if digest != file.digest {
        differing.append(Difference(name: file.name, expected: file.digest, found: digest))
      }
    }
    let names = Set(signed.map { ByteString($0.name) })
    extra = found.map { ByteString($0.name) }.filter { !names.contains($0) }.sorted().map(\.text)
  }

  /// Whether the files are those that were signed.
  public var isEmpty: Bool { differing.isEmpty && missing.isEmpty && extra.isEmpty }

  /// The differences in words; of many files the first few of each kind.
  public var description: String {
    func list(_ word: String, _ names: [String]) -> String? {
      if names.isEmpty { return nil }
      let shown = names.prefix(8).joined(separator: ", ")
      return "\(word): \(shown)\(names.count > 8 ? " and \(names.count - 8) more" : "")"
    }
    return [
      list(
        "differ",
        differing.map {
          "\(ByteString($0.name)) (expected sha256 \($0.expected), found \($0.found))"
        }),
      list("missing", missing.map { ByteString($0).description }),
      list("not signed", extra.map { ByteString($0).description }),
    ].compactMap { $0 }.joined(separator: "; ")
  }
}
