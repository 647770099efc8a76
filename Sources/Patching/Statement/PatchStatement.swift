import Attestation
public import Safetensors
public import Storage
public import StrictJSON

/// What a signer says of a patch: from which model to which, what is touched, how it was made.
///
/// The predicate of an in-toto Statement v1; `docs/formats/patch.md` and
/// `schema/patch-statement.schema.json` describe every member.
public struct PatchStatement: Sendable {
  /// The predicate type.
  public static let predicateType = "urn:unlearn-patch:predicate:patch:v1"

  /// One part of an edit, with digests over exactly the touched bytes.
  public struct Edit: Hashable, Sendable {
    /// The shard.
    public var file: String
    /// The tensor.
    public var tensor: ByteString
    /// The type of its elements.
    public var dtype: DType
    /// Its shape.
    public var shape: [UInt64]
    /// The form in which values are given.
    public var kind: EditKind
    /// How many rows, columns or elements; 1 for a whole tensor.
    public var count: Int
    /// The digest of the index entry; nil for a whole tensor.
    public var indices: Digest?
    /// The digest of the touched bytes in the base.
    public var before: Digest
    /// The digest of the touched bytes in the result.
    public var after: Digest
  }

  /// The name of the patch file.
  public var patchName: String
  /// The digest of the patch file.
  public var patchDigest: Digest
  /// How the patch file gives new values; all digests of edits are over the values as they are.
  public var encoding: PatchEncoding
  /// The request, `urn:uuid:…`; nil where there is none.
  public var request: String?
  /// The origin of the ledger that the request is in.
  public var ledgerOrigin: String?
  /// All files of the base.
  public var base: ModelDigest
  /// The root of the result.
  public var resultRoot: Digest
  /// The files that change, as they are in the result.
  public var resultFiles: [ModelDigest.File]
  /// What is touched, part by part.
  public var edits: [Edit]
  /// The units touched.
  public var units: TouchedUnits
  /// How the values were made.
  public var method: PatchMethod
  /// What was measured of the effect.
  public var metrics: PatchMetrics
  /// Unix seconds before which the patch may not be applied.
  public var notBefore: Timestamp?
  /// Unix seconds after which the patch may not be applied.
  public var notAfter: Timestamp?

  /// The record of one part of one tensor; nil where there is none.
  func edit(of tensor: ByteString, _ kind: EditKind) -> Edit? {
    edits.first { $0.tensor == tensor && $0.kind == kind }
  }

  /// The model after the patch.
  public var result: ModelDigest { base.replacing(resultFiles) }
}

/// How a patch's values were made.
public struct PatchMethod: Hashable, Sendable {
  /// The name, such as `ablate` or `diff`.
  public var name: String
  /// Every parameter, as text.
  public var parameters: [(key: String, value: JSONValue)]

  /// Names a method.
  public init(name: String, parameters: [(key: String, value: JSONValue)] = []) {
    self.name = name
    self.parameters = parameters
  }

  /// Compares names and parameters.
  public static func == (left: Self, right: Self) -> Bool {
    left.name == right.name && left.parameters.elementsEqual(right.parameters, by: ==)
  }

  /// Hashes the name.
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
