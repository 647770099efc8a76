/// Why a document could not be read: its text, or what it says.
public enum JSONDocumentError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The text is not the JSON that is read here.
  case syntax(JSONError)
  /// A member is missing or of the wrong kind.
  case field(JSONFieldError)

  /// What and where, in one line.
  public var description: String {
    switch self {
    case .syntax(let error): error.description
    case .field(let error): error.description
    }
  }
}

/// Reads whole documents into values.
public enum JSONDocument {
  /// Parses a text and hands its root to a reader.
  public static func read<Value>(
    _ bytes: [UInt8], byteLimit: Int, depthLimit: Int = 64,
    _ body: (JSONField) throws(JSONFieldError) -> Value
  ) throws(JSONDocumentError) -> Value {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: bytes, byteLimit: byteLimit, depthLimit: depthLimit)
    } catch { throw .syntax(error) }
    do throws(JSONFieldError) { return try body(JSONField(value)) } catch { throw .field(error) }
  }
}
