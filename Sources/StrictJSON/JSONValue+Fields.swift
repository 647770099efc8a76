public import Storage

/// A member of a document that is missing or of the wrong kind.
public struct JSONFieldError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where in the document, from the root: `predicate.base.digest`.
  public var path: String
  /// What was expected there.
  public var expected: String

  /// Makes an error for a place in a document.
  public init(_ path: String, expected: String) {
    self.path = path
    self.expected = expected
  }

  /// What and where, in one line.
  public var description: String { "\(path): expected \(expected)" }
}

/// A place in a document, read with checks: each reading names its path when it fails.
public struct JSONField: Sendable {
  /// The value at this place; nil where there is none.
  public let value: JSONValue?
  /// The path from the root.
  public let path: String

  /// The root of a document.
  public init(_ value: JSONValue, path: String = "$") {
    self.value = value
    self.path = path
  }

  private init(_ value: JSONValue?, path: String) {
    self.value = value
    self.path = path
  }

  /// A member of the object at this place; reading it fails where this is no object.
  public subscript(key: String) -> JSONField {
    guard case .object(let object) = value else { return JSONField(nil, path: path + "." + key) }
    return JSONField(object[ByteString(key)], path: path + "." + key)
  }

  /// Whether there is a value other than `null`.
  public var isPresent: Bool { value != nil && value != .null }

  /// This place, or nil where there is nothing or `null`.
  public var optional: JSONField? { isPresent ? self : nil }

  /// The string at this place.
  public func bytes() throws(JSONFieldError) -> ByteString {
    guard case .string(let text) = value else { throw JSONFieldError(path, expected: "a string") }
    return text
  }

  /// The string at this place.
  public func text() throws(JSONFieldError) -> String { try bytes().text }

  /// The integer at this place.
  public func integer() throws(JSONFieldError) -> Int {
    guard case .integer(let number) = value else {
      throw JSONFieldError(path, expected: "an integer")
    }
    return Int(number)
  }

  /// The integer at this place, which must not be negative.
  public func count() throws(JSONFieldError) -> Int {
    let number = try integer()
    guard number >= 0 else { throw JSONFieldError(path, expected: "an integer of at least 0") }
    return number
  }

  /// The finite number at this place, to the nearest binary64.
  public func number() throws(JSONFieldError) -> Double {
    let number: Double? =
      switch value {
      case .integer(let whole): Double(whole)
      case .number(let text): Double(text)
      default: nil
      }
    guard let number, number.isFinite else { throw JSONFieldError(path, expected: "a number") }
    return number
  }

  /// The truth value at this place.
  public func bool() throws(JSONFieldError) -> Bool {
    guard case .bool(let flag) = value else {
      throw JSONFieldError(path, expected: "true or false")
    }
    return flag
  }

  /// The object at this place.
  public func object() throws(JSONFieldError) -> JSONObject {
    guard case .object(let object) = value else {
      throw JSONFieldError(path, expected: "an object")
    }
    return object
  }

  /// The elements of the array at this place.
  public func elements() throws(JSONFieldError) -> [JSONField] {
    guard case .array(let elements) = value else {
      throw JSONFieldError(path, expected: "an array")
    }
    return elements.enumerated().map { JSONField($0.element, path: "\(path)[\($0.offset)]") }
  }

  /// The SHA-256 digest, 64 lowercase hexadecimal digits, at this place.
  public func digest() throws(JSONFieldError) -> Digest {
    guard let digest = Digest(hex: try text()) else {
      throw JSONFieldError(path, expected: "64 lowercase hexadecimal digits")
    }
    return digest
  }
}
