public import Attestation
import Safetensors
import Storage
public import StrictJSON

extension PatchStatement {
  /// The in-toto statement that is signed.
  public var statement: Statement {
    Statement(
      subjects: [Statement.Subject(name: patchName, sha256: patchDigest)],
      predicateType: Self.predicateType, predicate: .object(predicate))
  }

  private var predicate: JSONObject {
    var object = JSONObject([
      ("format", .text(PatchFile.format)),
      ("encoding", .text(encoding.rawValue)),
      (
        "base",
        .members([
          "digest": .members(["sha256": .text(base.root.hex)]),
          "resources": Self.json(base.files),
        ])
      ),
      (
        "result",
        .members([
          "digest": .members(["sha256": .text(resultRoot.hex)]),
          "resources": Self.json(resultFiles),
        ])
      ),
      ("edits", .array(edits.map(\.json))),
      ("units", units.json),
      (
        "method",
        .members([
          "name": .text(method.name), "version": "1",
          "parameters": .object(
            JSONObject(method.parameters.map { (ByteString($0.key), $0.value) })),
          "software": .text(Tool.nameAndVersion),
        ])
      ),
      ("metrics", metrics.json),
      ("reversible", .bool(encoding.isReversible)),
    ])
    if let request { object["request"] = .text(request) }
    if let ledgerOrigin { object["ledgerOrigin"] = .text(ledgerOrigin) }
    if let notBefore { object["notBefore"] = .text(notBefore.description) }
    if let notAfter { object["notAfter"] = .text(notAfter.description) }
    return object
  }

  private static func json(_ files: [ModelDigest.File]) -> JSONValue {
    .array(
      files.map {
        .members([
          "name": .text($0.name), "algorithm": "sha256", "digest": .text($0.digest.hex),
        ])
      })
  }

  /// Reads a statement; every member is checked, unknown ones are left to later versions.
  public init(_ statement: Statement) throws(PatchError) {
    guard statement.predicateType == Self.predicateType else {
      throw PatchError(
        .malformed(
          "the statement is of type \(statement.predicateType), expected \(Self.predicateType)"))
    }
    guard let subject = statement.subjects.first, statement.subjects.count == 1 else {
      throw PatchError(
        .malformed("the statement has \(statement.subjects.count) subjects, expected 1"))
    }
    let root = JSONField(statement.predicate, path: "predicate")
    do throws(JSONFieldError) {
      let format = try root["format"].text()
      guard format == PatchFile.format else {
        throw JSONFieldError("predicate.format", expected: "\"\(PatchFile.format)\"")
      }
      let name = try root["encoding"].optional?.text() ?? PatchEncoding.replace.rawValue
      guard let encoding = PatchEncoding(rawValue: name) else {
        throw JSONFieldError(
          "predicate.encoding",
          expected: PatchEncoding.allCases.map(\.rawValue).joined(separator: ", "))
      }
      guard
        try root["reversible"].optional?.bool() ?? encoding.isReversible == encoding.isReversible
      else {
        throw JSONFieldError("predicate.reversible", expected: "\(encoding.isReversible)")
      }
      self.encoding = encoding
      patchName = subject.name
      patchDigest = subject.sha256
      request = try root["request"].optional?.text()
      ledgerOrigin = try root["ledgerOrigin"].optional?.text()
      base = ModelDigest(files: try Self.files(root["base"]["resources"]))
      resultFiles = try Self.files(root["result"]["resources"])
      resultRoot = try root["result"]["digest"]["sha256"].digest()
      edits = try root["edits"].elements().map(Edit.init)
      units = try TouchedUnits(root["units"])
      method = PatchMethod(
        name: try root["method"]["name"].text(),
        parameters: try root["method"]["parameters"].object().members
          .map { ($0.key.text, $0.value) })
      metrics = try PatchMetrics(root["metrics"])
      notBefore = try Self.time(root["notBefore"])
      notAfter = try Self.time(root["notAfter"])
      let baseRoot = try root["base"]["digest"]["sha256"].digest()
      guard baseRoot == base.root else {
        throw JSONFieldError("predicate.base.digest", expected: "the root of its resources")
      }
      guard resultRoot == result.root else {
        throw JSONFieldError("predicate.result.digest", expected: "the root of its resources")
      }
    } catch { throw PatchError(.malformed("statement: \(error)")) }
  }

  private static func files(_ field: JSONField) throws(JSONFieldError) -> [ModelDigest.File] {
    var names: Set<ByteString> = []
    return try field.elements().map { entry throws(JSONFieldError) in
      let name = try entry["name"].bytes()
      guard Paths.isSafeRelative(name.text), names.insert(name).inserted else {
        throw JSONFieldError(entry.path, expected: "a relative path that is given once")
      }
      guard try entry["algorithm"].text() == "sha256" else {
        throw JSONFieldError(entry.path, expected: "algorithm sha256")
      }
      return ModelDigest.File(name: name.text, digest: try entry["digest"].digest())
    }
  }

  private static func time(_ field: JSONField) throws(JSONFieldError) -> Timestamp? {
    guard let field = field.optional else { return nil }
    guard let time = Timestamp(try field.text()) else {
      throw JSONFieldError(field.path, expected: "a time as 2026-01-31T12:00:00Z")
    }
    return time
  }
}

extension PatchStatement.Edit {
  var json: JSONValue {
    var object = JSONObject([
      ("file", .text(file)), ("tensor", .string(tensor)), ("dtype", .text(dtype.rawValue)),
      ("shape", .array(shape.map { .integer(Int64(clamping: $0)) })),
      ("kind", .text(kind.rawValue)), ("count", .integer(Int64(count))),
      ("preDigest", .members(["sha256": .text(before.hex)])),
      ("postDigest", .members(["sha256": .text(after.hex)])),
    ])
    if let indices { object["indices"] = .members(["sha256": .text(indices.hex)]) }
    return .object(object)
  }

  init(_ field: JSONField) throws(JSONFieldError) {
    file = try field["file"].text()
    tensor = try field["tensor"].bytes()
    guard let dtype = DType(rawValue: try field["dtype"].text()) else {
      throw JSONFieldError(field.path + ".dtype", expected: "a type of the format")
    }
    guard let kind = EditKind(rawValue: try field["kind"].text()) else {
      throw JSONFieldError(field.path + ".kind", expected: "rows, columns, elements or whole")
    }
    self.dtype = dtype
    self.kind = kind
    shape = try field["shape"].elements().map { dimension throws(JSONFieldError) in
      UInt64(try dimension.count())
    }
    count = try field["count"].count()
    indices = try field["indices"].optional?["sha256"].digest()
    before = try field["preDigest"]["sha256"].digest()
    after = try field["postDigest"]["sha256"].digest()
  }
}

extension TouchedUnits {
  /// The record as it stands in statements and reports.
  public var json: JSONValue {
    func numbers(_ list: [Int]) -> JSONValue { .array(list.map { .integer(Int64($0)) }) }
    return .members([
      "family": family.map { .text($0) } ?? .null,
      "model": .members([
        "layers": .integer(Int64(layerCount)), "headsPerLayer": .integer(Int64(headCount)),
        "filtersPerLayer": .integer(Int64(filterCount)),
        "parameters": .integer(Int64(modelParameters)),
      ]),
      "layers": .array(
        layers.map {
          .members([
            "layer": .integer(Int64($0.layer)), "heads": numbers($0.heads),
            "filters": numbers($0.filters),
          ])
        }),
      "outside": .array(
        outside.map {
          .members(["tensor": .string($0.tensor), "elements": .integer(Int64($0.elements))])
        }),
      "parameters": .integer(Int64(parameters)),
      "share": .text(share),
    ])
  }

  /// Reads a record.
  public init(_ field: JSONField) throws(JSONFieldError) {
    func numbers(_ field: JSONField) throws(JSONFieldError) -> [Int] {
      try field.elements().map { number throws(JSONFieldError) in try number.count() }
    }
    self.init()
    family = try field["family"].optional?.text()
    layerCount = try field["model"]["layers"].count()
    headCount = try field["model"]["headsPerLayer"].count()
    filterCount = try field["model"]["filtersPerLayer"].count()
    modelParameters = try field["model"]["parameters"].count()
    parameters = try field["parameters"].count()
    layers = try field["layers"].elements().map { layer throws(JSONFieldError) in
      Layer(
        layer: try layer["layer"].count(), heads: try numbers(layer["heads"]),
        filters: try numbers(layer["filters"]))
    }
    outside = try field["outside"].elements().map { entry throws(JSONFieldError) in
      Outside(tensor: try entry["tensor"].bytes(), elements: try entry["elements"].count())
    }
  }
}
