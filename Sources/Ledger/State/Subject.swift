import Storage

/// What leaves are about: each has a row of its own in the database, with what they add up to for it.
enum Subject: Hashable, Sendable, CustomStringConvertible {
  /// The log itself.
  case log
  /// A signer's key.
  case key(Digest)
  /// A request.
  case request(String)
  /// A patch.
  case patch(Digest)
  /// A model.
  case model(String)
  /// A patch that is applied to a model and not taken back.
  case application(model: String, patch: Digest)

  /// The `kind` of the row.
  var kind: String {
    switch self {
    case .log: "log"
    case .key: "key"
    case .request: "request"
    case .patch: "patch"
    case .model: "model"
    case .application: "application"
    }
  }

  /// The `id` of the row.
  var id: String {
    switch self {
    case .log: ""
    case .key(let digest), .patch(let digest): digest.hex
    case .request(let id), .model(let id): id
    // A digest has no slash, so the two parts can be told.
    case .application(let model, let patch): "\(patch.hex)/\(model)"
    }
  }

  /// Reads the key of a row; nil where it is none.
  init?(kind: String, id: RawSpan) {
    switch kind {
    case "log":
      guard id.byteCount == 0 else { return nil }
      self = .log
    case "request", "model":
      guard let id = id.text() else { return nil }
      self = kind == "request" ? .request(id) : .model(id)
    case "key", "patch":
      guard let digest = Digest(hex: id) else { return nil }
      self = kind == "key" ? .key(digest) : .patch(digest)
    case "application":
      guard id.byteCount > 65, id.byte(at: 64) == UInt8(ascii: "/"),
        let patch = Digest(hex: id.extracting(0..<64)),
        let model = id.extracting(65..<id.byteCount).text()
      else { return nil }
      self = .application(model: model, patch: patch)
    default: return nil
    }
  }

  var description: String { id.isEmpty ? kind : "\(kind) \(id)" }
}
