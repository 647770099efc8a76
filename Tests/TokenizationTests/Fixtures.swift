import Storage
import StrictJSON

/// The files beside the tests.
enum Fixtures {
  static func path(_ name: String) -> String {
    Paths.join(Paths.join(Paths.parent(of: #filePath), "Fixtures"), name)
  }

  static func text(_ name: String) throws -> String.UTF8View {
    let file = try MappedFile(path: path(name))
    return String(decoding: file.bytes.copied(), as: UTF8.self).utf8
  }

  static func json(_ name: String) throws -> JSONField {
    let file = try MappedFile(path: path(name))
    return JSONField(try JSONValue(parsing: file.bytes, byteLimit: 1 << 22))
  }
}

extension JSONField {
  func integers() throws -> [Int] { try elements().map { try $0.integer() } }
}
