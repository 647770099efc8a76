public import Storage
public import StrictJSON

/// That a verifier has verified properties of a model (in-toto Simple Verification Result v0.2).
///
/// It holds only what was verified, so there is none of a verdict that is not valid.
public struct VerificationResult: Hashable, Sendable {
  /// The type of the predicate.
  public static let predicateType = "https://in-toto.io/attestation/svr/v0.2"
  /// The same without policies, which is read too.
  static let formerPredicateType = "https://in-toto.io/attestation/svr/v0.1"
  /// The walk of `verify` on a model.
  public static let verifier = "urn:unlearn-patch:verifier:model:v1"
  /// That every step of the walk held.
  public static let isValid = "UNLEARN_PATCH_VERDICT_VALID"

  /// Who verified.
  public var verifier: String
  /// What was verified against: the trust file.
  public var policies: [ResourceDescriptor]
  /// When.
  public var time: Timestamp
  /// What was verified.
  public var properties: [String]

  /// Tells what was verified.
  public init(
    verifier: String = Self.verifier, policies: [ResourceDescriptor], time: Timestamp,
    properties: [String]
  ) {
    self.verifier = verifier
    self.policies = policies
    self.time = time
    self.properties = properties
  }

  /// The predicate.
  public var json: JSONValue {
    .members([
      "verifier": .members([
        "id": .text(verifier), "policies": .array(policies.map(\.json)),
      ]),
      "timeCreated": .text(time.description),
      "properties": .array(properties.map { .text($0) }),
    ])
  }

  /// Reads a predicate.
  init(_ field: JSONField, isFormer: Bool) throws(JSONFieldError) {
    let policies = field["verifier"]["policies"]
    verifier = try field["verifier"]["id"].text()
    self.policies = isFormer && !policies.isPresent ? [] : try policies.resources()
    time = try field["timeCreated"].time()
    properties = try field["properties"].elements().map { element throws(JSONFieldError) in
      try element.text()
    }
  }
}
