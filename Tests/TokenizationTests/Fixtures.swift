import Storage
import StrictJSON

/// The files beside the tests.
enum Fixtures {
  static func path(_ name: String, file: StaticString = #filePath) -> String {
    var parts = "\(file)".split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast()
    return parts.joined(separator: "/") + "/Fixtures/" + name
  }

  static func json(_ name: String) throws -> JSONField {
    let file = try MappedFile(path: path(name))
    return JSONField(try JSONValue(parsing: file.bytes, byteLimit: 1 << 22))
  }
}

extension JSONField {
  func integers() throws -> [Int] { try elements().map { try $0.integer() } }
}
