public import Storage
public import StrictJSON

/// How a model came to be: a patch was applied to its parent, or taken back (SLSA Provenance v1).
public struct BuildProvenance: Hashable, Sendable {
  /// The type of the predicate.
  public static let predicateType = "https://slsa.dev/provenance/v1"
  /// Who builds: this tool, where it runs.
  public static let builder = "urn:unlearn-patch:builder:local:v1"

  /// What was done.
  public enum Operation: String, CaseIterable, Hashable, Sendable {
    /// A patch was applied.
    case apply
    /// A patch was taken back.
    case rollback

    /// The type of the build.
    public var buildType: String { "urn:unlearn-patch:build:\(rawValue):v1" }
  }

  /// What was done.
  public var operation: Operation
  /// `in-place` or `output`, a copy.
  public var mode: String
  /// The ledger's identity of the parent, `urn:uuid:…`; of a model that was changed in place, its own.
  public var parent: String
  /// The root of the parent.
  public var parentRoot: Digest
  /// The patch file.
  public var patch: Digest
  /// The patch's signed bundle.
  public var bundle: Digest
  /// The encoding of the patch.
  public var encoding: String
  /// The method that made the patch.
  public var method: String
  /// The version of this tool that wrote the model.
  public var software: String
  /// The ledger.
  public var origin: String
  /// The leaf that records the operation.
  public var leaf: Int
  /// The time of that leaf.
  public var finishedOn: Timestamp

  /// Says how a model came to be.
  public init(
    operation: Operation, mode: String, parent: String, parentRoot: Digest, patch: Digest,
    bundle: Digest, encoding: String, method: String, software: String, origin: String, leaf: Int,
    finishedOn: Timestamp
  ) {
    self.operation = operation
    self.mode = mode
    self.parent = parent
    self.parentRoot = parentRoot
    self.patch = patch
    self.bundle = bundle
    self.encoding = encoding
    self.method = method
    self.software = software
    self.origin = origin
    self.leaf = leaf
    self.finishedOn = finishedOn
  }

  /// The predicate.
  public var json: JSONValue {
    .members([
      "buildDefinition": .members([
        "buildType": .text(operation.buildType),
        "externalParameters": .members([
          "mode": .text(mode), "patch": .members(["sha256": .text(patch.hex)]),
        ]),
        "internalParameters": .members(["encoding": .text(encoding), "method": .text(method)]),
        "resolvedDependencies": .array([
          ResourceDescriptor(name: Self.parentName, uri: parent, sha256: parentRoot).json,
          ResourceDescriptor(name: Self.patchName, sha256: patch).json,
          ResourceDescriptor(name: Self.bundleName, sha256: bundle).json,
        ]),
      ]),
      "runDetails": .members([
        "builder": .members([
          "id": .text(Self.builder), "version": .members(["unlearn-patch": .text(software)]),
        ]),
        "metadata": .members([
          "invocationId": .text("\(origin)#\(leaf)"), "finishedOn": .text(finishedOn.description),
        ]),
      ]),
    ])
  }

  private static let parentName = "parent"
  private static let patchName = "patch"
  private static let bundleName = "patch-bundle"

  /// Reads a predicate; nil where it is of a build that is not ours.
  init?(_ field: JSONField) throws(JSONFieldError) {
    let definition = field["buildDefinition"]
    let type = try definition["buildType"].text()
    guard let operation = Operation.allCases.first(where: { $0.buildType == type }) else {
      return nil
    }
    self.operation = operation
    let given = definition["externalParameters"]
    mode = try given["mode"].text()
    patch = try given["patch"]["sha256"].digest()
    let inner = definition["internalParameters"]
    encoding = try inner["encoding"].text()
    method = try inner["method"].text()
    let dependencies = definition["resolvedDependencies"]
    let resources = try dependencies.resources()
    func digest(_ name: String) throws(JSONFieldError) -> (ResourceDescriptor, Digest) {
      let found = resources.filter { $0.name == name }
      guard let only = found.first, found.count == 1, let digest = only.sha256 else {
        throw JSONFieldError(dependencies.path, expected: "one \"\(name)\" with its sha256")
      }
      return (only, digest)
    }
    let (parent, root) = try digest(Self.parentName)
    parentRoot = root
    guard let uri = parent.uri else {
      throw JSONFieldError(dependencies.path, expected: "the uri of the parent")
    }
    self.parent = uri
    guard try digest(Self.patchName).1 == patch else {
      throw JSONFieldError(dependencies.path, expected: "the patch of externalParameters")
    }
    bundle = try digest(Self.bundleName).1
    let details = field["runDetails"]
    guard try details["builder"]["id"].text() == Self.builder else {
      throw JSONFieldError(details.path + ".builder.id", expected: Self.builder)
    }
    software = try details["builder"]["version"]["unlearn-patch"].text()
    let identity = details["metadata"]["invocationId"]
    let parts = try identity.text().utf8.split(separator: UInt8(ascii: "#"))
    guard parts.count == 2, parts[1].count <= 15, let leaf = Int(String(parts[1]) ?? ""), leaf >= 0
    else { throw JSONFieldError(identity.path, expected: "ORIGIN#LEAF") }
    origin = String(parts[0]) ?? ""
    self.leaf = leaf
    finishedOn = try details["metadata"]["finishedOn"].time()
  }
}
