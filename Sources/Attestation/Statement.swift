public import Storage
public import StrictJSON

/// An in-toto Statement v1: a predicate about artifacts named by digest.
public struct Statement: Hashable, Sendable {
  /// One artifact.
  public struct Subject: Hashable, Sendable {
    /// The artifact's name.
    public var name: String
    /// The SHA-256 of its bytes.
    public var sha256: Digest

    /// Names an artifact.
    public init(name: String, sha256: Digest) {
      self.name = name
      self.sha256 = sha256
    }
  }

  private static let type = "https://in-toto.io/Statement/v1"

  /// What the statement is about.
  public var subjects: [Subject]
  /// The type of the predicate.
  public var predicateType: String
  /// What is said.
  public var predicate: JSONValue

  /// Makes a statement.
  public init(subjects: [Subject], predicateType: String, predicate: JSONValue) {
    self.subjects = subjects
    self.predicateType = predicateType
    self.predicate = predicate
  }

  /// Reads a statement from the bytes that were verified.
  public init(parsing bytes: [UInt8]) throws(AttestationError) {
    do throws(JSONDocumentError) {
      self = try JSONDocument.read(bytes, byteLimit: SigstoreBundle.byteLimit) {
        (root) throws(JSONFieldError) in
        guard try root["_type"].text() == Self.type else {
          throw JSONFieldError("$._type", expected: Self.type)
        }
        return Statement(
          subjects: try root["subject"].elements().map { subject throws(JSONFieldError) in
            Subject(
              name: try subject["name"].text(), sha256: try subject["digest"]["sha256"].digest())
          },
          predicateType: try root["predicateType"].text(),
          predicate: .object(try root["predicate"].object()))
      }
    } catch { throw AttestationError(.malformed("statement: \(error)")) }
  }

  /// The statement as canonical JSON.
  public func encoded() throws(AttestationError) -> [UInt8] {
    let value = JSONValue.members([
      "_type": .text(Self.type),
      "subject": .array(
        subjects.map {
          .members([
            "name": .text($0.name), "digest": .members(["sha256": .text($0.sha256.hex)]),
          ])
        }),
      "predicateType": .text(predicateType),
      "predicate": predicate,
    ])
    do throws(CanonicalJSON.EncodingError) { return try CanonicalJSON.encode(value) } catch {
      throw AttestationError(.malformed("statement: \(error)"))
    }
  }
}
