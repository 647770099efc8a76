import Attestation
import Storage
import StrictJSON

extension ModelManifest {
  /// What model_signing 0.2 wrote: the files are the subjects, and there is nothing else.
  static let formerPredicateType = "https://model_signing/Digests/v0.1"
  static let formerDeparture = "the statement has the form of model_signing 0.2"

  /// Reads a statement.
  ///
  /// What is plain is read though the specification has it otherwise, and `departures` says how; the reference reads
  /// it too. What could mean two things is refused.
  init(parsing payload: [UInt8], departures: inout [String]) throws(ModelSigningError) {
    let statement = try attesting { () throws(AttestationError) in
      try Statement(parsing: payload)
    }
    do throws(JSONFieldError) {
      switch statement.predicateType {
      case Self.predicateType: try self.init(statement, &departures)
      case Self.formerPredicateType: try self.init(former: statement, &departures)
      default:
        throw JSONFieldError(
          "$.predicateType", expected: "\(Self.predicateType), found \(statement.predicateType)")
      }
    } catch { throw ModelSigningError(.malformed("statement: \(error)")) }
  }

  private init(_ statement: Statement, _ departures: inout [String]) throws(JSONFieldError) {
    guard statement.subjects.count == 1, let subject = statement.subjects.first else {
      throw JSONFieldError("$.subject", expected: "one, found \(statement.subjects.count)")
    }
    let predicate = JSONField(statement.predicate, path: "$.predicate")
    try Self.note(predicate, besides: ["resources", "serialization"], &departures)
    let serialization = try Serialization(predicate["serialization"], &departures)
    let resources = try predicate["resources"].elements()
    var files: [File] = []
    files.reserveCapacity(resources.count)
    for resource in resources {
      guard try resource["algorithm"].text() == serialization.algorithm else {
        throw JSONFieldError(resource.path + ".algorithm", expected: serialization.algorithm)
      }
      let digest = try Self.digest(resource["digest"], &departures)
      let name = try Self.name(resource["name"], resources.count, &departures)
      if let size = serialization.shardByteCount,
        ShardName(name, shardByteCount: size) == nil
      {
        throw JSONFieldError(
          resource.path + ".name", expected: "path:start:end with at most \(size) bytes")
      }
      files.append(File(name: name, digest: digest))
    }
    try self.init(
      subject.name, files, serialization.ignored, serialization.shardByteCount, &departures)
    guard root == subject.sha256 else {
      throw JSONFieldError(
        "$.subject[0].digest",
        expected: "the root of the resources, \(root), found \(subject.sha256)")
    }
  }

  private init(former statement: Statement, _ departures: inout [String]) throws(JSONFieldError) {
    departures.append(Self.formerDeparture)
    var files: [File] = []
    for (index, subject) in statement.subjects.enumerated() {
      let name = JSONField(.text(subject.name), path: "$.subject[\(index)].name")
      files.append(
        File(
          name: try Self.name(name, statement.subjects.count, &departures), digest: subject.sha256))
    }
    try self.init("", files, [], nil, &departures)
  }

  /// Takes files in the order in which they are listed, each once.
  private init(
    _ name: String, _ files: [File], _ ignored: [String], _ shardByteCount: Int?,
    _ departures: inout [String]
  ) throws(JSONFieldError) {
    guard !files.isEmpty else { throw JSONFieldError("$.predicate.resources", expected: "a file") }
    var known: Set<ByteString> = []
    var isSorted = true
    var last: ByteString?
    for file in files {
      let key = ByteString(file.name)
      guard known.insert(key).inserted else {
        throw JSONFieldError("$.predicate.resources", expected: "\"\(key)\" once, found it twice")
      }
      if let last, key < last { isSorted = false }
      last = key
    }
    if !isSorted { departures.append("the files are not in the order of their names") }
    self.init(name: name, listed: files, ignored: ignored, shardByteCount: shardByteCount)
  }

  private static func name(_ field: JSONField, _ count: Int, _ departures: inout [String])
    throws(JSONFieldError) -> String
  {
    let text = try field.text()
    guard let name = ResourceName(text), name.canonical != "." || count == 1 else {
      throw JSONFieldError(
        field.path, expected: "a path inside the model's folder, found \"\(ByteString(text))\"")
    }
    if !name.isCanonical {
      departures.append("the name \"\(ByteString(text))\" is not in its plain form")
    } else if name.canonical == "." {
      departures.append("the one file has the name \".\"")
    }
    return name.canonical
  }

  private static func digest(_ field: JSONField, _ departures: inout [String])
    throws(JSONFieldError) -> Digest
  {
    let text = try field.text()
    if let digest = Digest(hex: text) { return digest }
    let lower = String(
      decoding: text.utf8.map { (0x41...0x46).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    guard let digest = Digest(hex: lower) else {
      throw JSONFieldError(field.path, expected: "64 lowercase hexadecimal digits")
    }
    departures.append("the digest \(text) has capital letters")
    return digest
  }

  fileprivate static func note(
    _ field: JSONField, besides known: Set<String>, _ departures: inout [String]
  ) throws(JSONFieldError) {
    for member in try field.object().members where !known.contains(member.key.text) {
      departures.append("\(field.path) has the member \"\(member.key)\", which means nothing")
    }
  }
}

/// How a statement lists the files.
private struct Serialization {
  let algorithm = "sha256"
  /// How many bytes a shard has; nil where files are listed whole.
  let shardByteCount: Int?
  /// The paths that were left out.
  let ignored: [String]

  init(_ field: JSONField, _ departures: inout [String]) throws(JSONFieldError) {
    var known: Set<String> = ["method", "hash_type", "allow_symlinks", "ignore_paths"]
    switch try field["method"].text() {
    case "files": shardByteCount = nil
    case "shards":
      let size = try field["shard_size"].count()
      guard size > 0 else {
        throw JSONFieldError(field.path + ".shard_size", expected: "a size of at least 1")
      }
      shardByteCount = size
      known.insert("shard_size")
    case let method:
      throw JSONFieldError(field.path + ".method", expected: "files or shards, found \(method)")
    }
    let found = try field["hash_type"].text()
    guard found == algorithm else {
      throw JSONFieldError(
        field.path + ".hash_type",
        expected: "\(algorithm), which alone is computed here; found \(found)")
    }
    if try field["allow_symlinks"].bool() {
      departures.append("it was signed with symbolic links followed, which are refused here")
    }
    try ModelManifest.note(field, besides: known, &departures)
    var ignored: [String] = []
    for path in try field["ignore_paths"].optional?.elements() ?? [] {
      let text = try path.text()
      if let fault = IgnoredPaths.fault(of: text) {
        departures.append("the path left out, \"\(ByteString(text))\", \(fault)")
      }
      ignored.append(text)
    }
    self.ignored = ignored
  }
}
