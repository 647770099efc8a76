import Storage
import StrictJSON

/// Why a leaf was not taken.
enum LeafRefusal: Error {
  /// A field is missing or of the wrong kind.
  case field(JSONFieldError)
  /// The leaf does not follow from those before it.
  case notPossible(String)
  /// The state at hand lacks what the leaf is about: it is to be loaded, and the leaf taken again.
  case notLoaded(Subject)

  var description: String {
    switch self {
    case .field(let error): error.description
    case .notPossible(let what): what
    case .notLoaded(let subject): "\(subject) is not at hand"
    }
  }
}

/// The fields of a leaf, read with checks by those who reduce it.
struct LeafFields {
  let leaf: Leaf

  init(_ leaf: Leaf) { self.leaf = leaf }

  /// The place of the leaf.
  var sequence: Int { leaf.sequence }

  /// Reads a field in a way of the reader's own.
  func read<Value>(
    _ key: String, _ body: (JSONField) throws(JSONFieldError) -> Value
  ) throws(LeafRefusal) -> Value {
    do throws(JSONFieldError) { return try body(leaf.body[key]) } catch { throw .field(error) }
  }

  /// Reads a field that may be left out.
  func readIfPresent<Value>(
    _ key: String, _ body: (JSONField) throws(JSONFieldError) -> Value
  ) throws(LeafRefusal) -> Value? {
    guard let field = leaf.body[key].optional else { return nil }
    do throws(JSONFieldError) { return try body(field) } catch { throw .field(error) }
  }

  func text(_ key: String) throws(LeafRefusal) -> String {
    try read(key) { field throws(JSONFieldError) in try field.text() }
  }

  func textIfPresent(_ key: String) throws(LeafRefusal) -> String? {
    try readIfPresent(key) { field throws(JSONFieldError) in try field.text() }
  }

  func digest(_ key: String) throws(LeafRefusal) -> Digest {
    try read(key) { field throws(JSONFieldError) in try field.digest() }
  }

  func digestIfPresent(_ key: String) throws(LeafRefusal) -> Digest? {
    try readIfPresent(key) { field throws(JSONFieldError) in try field.digest() }
  }

  func integer(_ key: String) throws(LeafRefusal) -> Int {
    try read(key) { field throws(JSONFieldError) in try field.integer() }
  }

  /// A list of texts.
  func texts(_ key: String) throws(LeafRefusal) -> [String] {
    try read(key) { field throws(JSONFieldError) in
      try field.elements().map { element throws(JSONFieldError) in try element.text() }
    }
  }

  /// The identity of a request or a model: up to 64 characters of ASCII, so that two that are equal as texts are
  /// equal as bytes.
  func identity(_ key: String) throws(LeafRefusal) -> String {
    try read(key, Self.identity)
  }

  func identityIfPresent(_ key: String) throws(LeafRefusal) -> String? {
    try readIfPresent(key, Self.identity)
  }

  static func identity(_ field: JSONField) throws(JSONFieldError) -> String {
    let text = try field.text()
    guard (1...64).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { throw JSONFieldError(field.path, expected: "an identity of up to 64 characters") }
    return text
  }
}

/// Stops a reduction.
func refuse(_ what: String) -> LeafRefusal { .notPossible(what) }
