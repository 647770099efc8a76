public import Architecture
import Attestation
public import Patching
public import Safetensors
import Storage
import StrictJSON

/// A chain of patches that fits together: each is for what the one before it makes.
public struct PatchChain: Sendable {
  /// One patch of the chain.
  public struct Link: Sendable {
    /// The path of the patch.
    public let path: String
    /// What is said of it; signed or not.
    public let statement: PatchStatement
  }

  /// The patches, in order.
  public let links: [Link]
  /// The base.
  public let base: Safetensors.Checkpoint
  /// The digests of the base.
  public let digest: ModelDigest

  /// Reads patches with the bundle or statement beside each, and checks that the chain fits the base.
  ///
  /// Signatures are not judged here: who signs the composed patch answers for it.
  public init(_ paths: [String], base: Safetensors.Checkpoint, _ surroundings: Surroundings)
    throws(ProvenanceError)
  {
    var links: [Link] = []
    for path in paths {
      links.append(Link(path: path, statement: try SignedPatch.statement(of: path)))
    }
    guard let first = links.first, links.count > 1 else {
      throw ProvenanceError(.usage, "composing takes at least two patches")
    }
    let total = base.byteCount
    let digest: ModelDigest
    do throws(PatchError) {
      digest = try ModelDigest(base) { surroundings.progress("hashing the base", $0, total) }
    } catch { throw ProvenanceError(error) }
    try Self.check(
      first, follows: digest, expecting: "the base that is named, \(base.path)",
      "name the model that the first patch was made for with --base")
    for (before, link) in zip(links, links.dropFirst()) {
      try Self.check(
        link, follows: before.statement.result, expecting: "the result of \(before.path)",
        "name the patches in the order in which they were applied, without a gap")
    }
    self.links = links
    self.base = base
    self.digest = digest
  }

  private static func check(
    _ link: Link, follows model: ModelDigest, expecting what: String, _ hint: String
  ) throws(ProvenanceError) {
    let base = link.statement.base
    guard base != model else { return }
    let file = model.files.first { base[$0.name] != $0.digest }
    let place = file.map { "; the first file that differs is \($0.name)" } ?? ""
    throw ProvenanceError(
      .state,
      "\(link.path): was made for the model \(base.root), which is not \(what) (\(model.root))\(place)",
      hint: hint)
  }

  /// The request that the composed patch answers: that of its parts, where all answer the same.
  public var request: (id: String, origin: String)? {
    let first = links[0].statement
    guard let id = first.request, let origin = first.ledgerOrigin,
      links.allSatisfy({ $0.statement.request == id && $0.statement.ledgerOrigin == origin })
    else { return nil }
    return (id, origin)
  }

  /// How the values were made: by which patches.
  public var method: PatchMethod {
    PatchMethod(
      name: "compose",
      parameters: [
        (
          "parts",
          .array(
            links.map { link in
              let statement = link.statement
              var part = JSONObject([
                ("sha256", .text(statement.patchDigest.hex)),
                ("base", .text(statement.base.root.hex)),
                ("result", .text(statement.resultRoot.hex)),
                ("method", .text(statement.method.name)),
              ])
              if let request = statement.request { part["request"] = .text(request) }
              return .object(part)
            })
        )
      ])
  }

  /// Maps the patches, checks each against its statement and the base, and merges them.
  public func union() throws(ProvenanceError) -> PatchUnion {
    var parts: [UnionPart] = []
    for link in links {
      let file = try patching { () throws(PatchError) in try PatchFile(path: link.path) }
      do throws(PatchError) {
        // Checks the statement's records against the file; the digests of values are part of it.
        _ = try PatchTarget(
          patch: file, signedAs: file.digest(), statement: link.statement, checkpoint: base)
        parts.append(try UnionPart(file, base: base))
      } catch { throw ProvenanceError(error) }
    }
    return PatchUnion(parts, base: base)
  }

  /// Writes the composed patch and its statement.
  ///
  /// - Throws: Also where the composed patch does not lead to the last result; it is removed then.
  public func write(
    _ union: PatchUnion, to path: String, map: UnitMap?, replacing: Bool,
    _ surroundings: Surroundings
  ) throws(ProvenanceError) -> PatchStatement {
    let statement = try PatchMaking.write(
      union.draft, values: union.values, base: base, baseDigest: digest, map: map, method: method,
      request: request, to: path, replacing: replacing, surroundings)
    let expected = links[links.count - 1].statement.result
    guard statement.result == expected else {
      try storing { () throws(StorageError) in
        try Folder.remove(path)
        try Folder.remove(SignedPatch.statementPath(path))
      }
      throw ProvenanceError(
        .invalid,
        "the composed patch leads to \(statement.resultRoot), the last patch to \(expected.root): nothing was kept"
      )
    }
    return statement
  }

  /// What composing reads and writes.
  public func summary(_ union: PatchUnion, to path: String) throws(ProvenanceError)
    -> OperationPlan
  {
    let last = links[links.count - 1].statement
    var plan = OperationPlan(before: digest.root, after: last.resultRoot)
    plan.newByteCount = union.draft.byteCount
    plan.hashedByteCount = base.byteCount + last.changedByteCount(of: base, links)
    plan.neededByteCount = plan.newByteCount + OperationPlan.margin
    plan.freeByteCount = try storing { () throws(StorageError) in
      try Folder.freeByteCount(at: Paths.parent(of: path))
    }
    return plan
  }
}

extension PatchStatement {
  /// How many bytes the files have that any patch of a chain changes.
  fileprivate func changedByteCount(of base: Safetensors.Checkpoint, _ links: [PatchChain.Link])
    -> Int
  {
    let names = Set(links.flatMap { $0.statement.resultFiles.map { ByteString($0.name) } })
    return base.shards.reduce(0) {
      $0 + (names.contains(ByteString($1.name)) ? $1.status.byteCount : 0)
    }
  }
}
