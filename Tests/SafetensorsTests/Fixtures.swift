import Safetensors
import Storage
import StrictJSON

/// What the reference writer and its companions made; see `make-fixtures.py`.
enum Fixtures {
  static func path(_ name: String) -> String {
    Paths.join(Paths.join(Paths.parent(of: #filePath), "Fixtures"), name)
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    try Folder.read(path(name), limit: 1 << 20)
  }

  static func json(_ name: String) throws -> JSONField {
    JSONField(try JSONValue(parsing: try bytes(name), byteLimit: 1 << 20))
  }

  /// The files that the reference writer made.
  static let written: [String] = {
    do { return try Folder.names(in: path("written")).sorted() } catch { return [] }
  }()
}
