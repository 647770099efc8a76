public import Storage
import StrictJSON

/// An artifact that a predicate refers to (in-toto ResourceDescriptor v1).
public struct ResourceDescriptor: Hashable, Sendable {
  /// What it is called in the predicate.
  public var name: String?
  /// Where or who it is.
  public var uri: String?
  /// The SHA-256 of its bytes; of a model, its root.
  public var sha256: Digest?
  /// What its bytes are.
  public var mediaType: String?

  /// Refers to an artifact.
  public init(
    name: String? = nil, uri: String? = nil, sha256: Digest? = nil, mediaType: String? = nil
  ) {
    self.name = name
    self.uri = uri
    self.sha256 = sha256
    self.mediaType = mediaType
  }

  var json: JSONValue {
    var object = JSONObject()
    object["name"] = name.map { .text($0) }
    object["uri"] = uri.map { .text($0) }
    object["digest"] = sha256.map { .members(["sha256": .text($0.hex)]) }
    object["mediaType"] = mediaType.map { .text($0) }
    return .object(object)
  }

  /// Reads a reference; members that are not used here may be there.
  init(_ field: JSONField) throws(JSONFieldError) {
    name = try field["name"].optional?.text()
    uri = try field["uri"].optional?.text()
    sha256 = try field["digest"].optional?["sha256"].optional?.digest()
    mediaType = try field["mediaType"].optional?.text()
    // The format asks for one of these three.
    guard
      uri != nil || field["digest"].isPresent || field["content"].isPresent
    else { throw JSONFieldError(field.path, expected: "a uri, digest or content") }
  }
}

extension JSONField {
  /// A list of references.
  func resources() throws(JSONFieldError) -> [ResourceDescriptor] {
    try elements().map { element throws(JSONFieldError) in try ResourceDescriptor(element) }
  }

  /// A list of texts, empty where there is none.
  func textsIfPresent() throws(JSONFieldError) -> [String] {
    try optional?.elements().map { element throws(JSONFieldError) in try element.text() } ?? []
  }

  /// A moment to the second.
  func time() throws(JSONFieldError) -> Timestamp {
    guard let time = Timestamp(try text()) else {
      throw JSONFieldError(path, expected: "a time as 2026-01-31T12:00:00Z")
    }
    return time
  }
}
