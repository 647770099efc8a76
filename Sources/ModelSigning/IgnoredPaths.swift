import Storage

/// Paths of a model's folder that a signature leaves out, each with all below it.
///
/// Exact paths relative to the folder, compared as bytes (OpenSSF Model Signing v1.0, 6.2.1): no patterns.
public struct IgnoredPaths: Hashable, Sendable {
  /// What every signature leaves out at the top of the folder (6.2).
  public static let byDefault = [".git", ".gitattributes", ".github", ".gitignore"]

  private var paths: Set<ByteString>

  /// Leaves out the paths that are always left out, and others besides.
  public init(_ others: some Sequence<String> = []) {
    paths = Set((Self.byDefault + others).map { ByteString($0) })
  }

  /// The paths, in the order of their bytes.
  public var list: [String] { paths.sorted().map(\.text) }

  /// Leaves out a path besides.
  public mutating func insert(_ path: String) { paths.insert(ByteString(path)) }

  /// Leaves out besides what others leave out.
  public func union(_ others: IgnoredPaths) -> IgnoredPaths {
    var result = self
    result.paths.formUnion(others.paths)
    return result
  }

  /// Whether a relative path, or a folder above it, is left out.
  public func contains(_ path: String) -> Bool {
    let bytes = Array(path.utf8)
    for (place, byte) in bytes.enumerated() where byte == UInt8(ascii: "/") {
      if paths.contains(ByteString(bytes: Array(bytes[..<place]))) { return true }
    }
    return paths.contains(ByteString(bytes: bytes))
  }

  /// The path, relative to a folder, that a person means by a word: relative to it, or absolute and inside it.
  public static func relative(_ word: String, to folder: String) throws(ModelSigningError)
    -> String
  {
    var path = word
    if word.hasPrefix("/") {
      guard let inside = try inside(word, of: folder) else {
        throw ModelSigningError(.ignoredPath("\(word) is not inside \(folder)"))
      }
      path = inside
    }
    while path.hasSuffix("/") { path.removeLast() }
    if let fault = fault(of: path) {
      throw ModelSigningError(.ignoredPath("the path to leave out, \"\(word)\", \(fault)"))
    }
    return path
  }

  /// The path of a file relative to a folder; nil where it lies elsewhere.
  public static func inside(_ path: String, of folder: String) throws(ModelSigningError)
    -> String?
  {
    try storing { () throws(StorageError) in
      let root = try Paths.resolved(folder)
      var parent = Paths.parent(of: path)
      do throws(StorageError) { parent = try Paths.resolved(parent) } catch {
        if !error.isNotFound { throw error }
      }
      let full = Paths.join(parent, Paths.name(of: path))
      let prefix = root.hasSuffix("/") ? root : root + "/"
      guard full.utf8.starts(with: prefix.utf8) else { return nil }
      return String(decoding: full.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }
  }

  /// Why a path can't be one to leave out; nil where it can.
  static func fault(of path: String) -> String? {
    if path.utf8.contains(where: { "*?[".utf8.contains($0) }) {
      return "holds a sign of patterns; paths are exact"
    }
    guard let name = ResourceName(path), name.isCanonical, name.canonical != "." else {
      return "is not a relative path without \".\", \"..\" and empty parts"
    }
    return nil
  }
}
