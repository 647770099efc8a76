import StrictJSON

/// An object of `config.json`, read with defaults; what is there and of the wrong kind is an error.
struct ConfigReader {
  let field: JSONField

  init(_ field: JSONField) { self.field = field }

  subscript(key: String) -> ConfigReader { ConfigReader(field[key]) }
  var isPresent: Bool { field.isPresent }
  var isNull: Bool { field.value == .null }

  func text(_ key: String, or fallback: String) throws(ArchitectureError) -> String {
    try read(key, or: fallback) { field throws(JSONFieldError) in try field.text() }
  }

  func number(_ key: String, or fallback: Double) throws(ArchitectureError) -> Double {
    try read(key, or: fallback) { field throws(JSONFieldError) in try field.number() }
  }

  func bool(_ key: String, or fallback: Bool) throws(ArchitectureError) -> Bool {
    try read(key, or: fallback) { field throws(JSONFieldError) in try field.bool() }
  }

  /// A size, at most 2²⁴, at least 1.
  func size(_ key: String, or fallback: Int? = nil) throws(ArchitectureError) -> Int {
    guard field[key].isPresent || fallback == nil else { return fallback ?? 0 }
    return try read(key, or: nil) { field throws(JSONFieldError) in
      let value = try field.count()
      guard (1...1 << 24).contains(value) else {
        throw JSONFieldError(field.path, expected: "an integer from 1 to 16777216")
      }
      return value
    }
  }

  /// A number of a token or a row, from 0.
  func index(_ key: String) throws(ArchitectureError) -> Int {
    let value = try read(key, or: nil) { field throws(JSONFieldError) in try field.count() }
    guard value < 1 << 24 else { throw ArchitectureError("config.json: \(key) is \(value)") }
    return value
  }

  func flag(_ flag: FamilyDescription.Flag) throws(ArchitectureError) -> Bool {
    switch flag {
    case .always: true
    case .never: false
    case .key(let key, let fallback): try bool(key, or: fallback)
    }
  }

  private func read<Value>(
    _ key: String, or fallback: Value?, _ body: (JSONField) throws(JSONFieldError) -> Value
  ) throws(ArchitectureError) -> Value {
    guard let value = field[key].optional else {
      if let fallback { return fallback }
      throw ArchitectureError("config.json: \(key) is missing")
    }
    do throws(JSONFieldError) { return try body(value) } catch {
      throw ArchitectureError("config.json: \(error)")
    }
  }
}
