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
///
/// Digests, texts and integers of a plain leaf are read from its bytes; what is not as expected is read again as a
/// document, for the reason.
struct LeafFields {
  let bytes: [UInt8]
  let members: CanonicalObject?
  /// The place of the leaf.
  let sequence: Int

  init(bytes: [UInt8], members: CanonicalObject?, sequence: Int) {
    self.bytes = bytes
    self.members = members
    self.sequence = sequence
  }

  init(_ leaf: Leaf) {
    self.init(bytes: leaf.bytes, members: leaf.members, sequence: leaf.sequence)
  }

  private var path: String { "leaf \(sequence)" }

  /// The refusal of what a field says.
  func expected(_ what: String, at key: StaticString) -> LeafRefusal {
    .field(JSONFieldError("\(path).\(key)", expected: what))
  }

  /// The whole leaf as a document.
  var body: JSONField { JSONField(value(bytes.indices) ?? .null, path: path) }

  private func value(_ range: Range<Int>) -> JSONValue? {
    do throws(JSONError) {
      return try JSONValue(
        parsing: bytes.rawSpan.extracting(range), byteLimit: Leaf.byteLimit, depthLimit: 16)
    } catch { return nil }
  }

  /// A field as a document of its own.
  private func field(_ key: StaticString) -> JSONField {
    guard let members else { return body[key.description] }
    var object = JSONObject()
    if let place = members.place(of: key, in: bytes.rawSpan) {
      object[ByteString(key.description)] = value(place)
    }
    return JSONField(.object(object), path: path)[key.description]
  }

  /// Whether a field of a plain leaf is certainly not there.
  private func isAbsent(_ key: StaticString) -> Bool {
    guard let members else { return false }
    return members.place(of: key, in: bytes.rawSpan) == nil
  }

  /// Whether there is a field other than `null`.
  func isPresent(_ key: StaticString) -> Bool {
    guard let members else { return field(key).isPresent }
    guard let place = members.place(of: key, in: bytes.rawSpan) else { return false }
    // Of the values only `null` begins so.
    return bytes[place.lowerBound] != UInt8(ascii: "n")
  }

  /// The bytes of a plain string, between its quotes.
  private func plainText(_ key: StaticString) -> Range<Int>? {
    guard let place = members?.place(of: key, in: bytes.rawSpan),
      bytes[place.lowerBound] == UInt8(ascii: "\"")
    else { return nil }
    return place.lowerBound + 1..<place.upperBound - 1
  }

  /// Reads a field in a way of the reader's own.
  func read<Value>(
    _ key: StaticString, _ body: (JSONField) throws(JSONFieldError) -> Value
  ) throws(LeafRefusal) -> Value {
    do throws(JSONFieldError) { return try body(field(key)) } catch { throw .field(error) }
  }

  /// Reads a field that may be left out.
  func readIfPresent<Value>(
    _ key: StaticString, _ body: (JSONField) throws(JSONFieldError) -> Value
  ) throws(LeafRefusal) -> Value? {
    guard !isAbsent(key), let field = field(key).optional else { return nil }
    do throws(JSONFieldError) { return try body(field) } catch { throw .field(error) }
  }

  func text(_ key: StaticString) throws(LeafRefusal) -> String {
    if let place = plainText(key) { return String(decoding: bytes[place], as: UTF8.self) }
    return try read(key) { field throws(JSONFieldError) in try field.text() }
  }

  func textIfPresent(_ key: StaticString) throws(LeafRefusal) -> String? {
    if let place = plainText(key) { return String(decoding: bytes[place], as: UTF8.self) }
    return try readIfPresent(key) { field throws(JSONFieldError) in try field.text() }
  }

  private func plainDigest(_ key: StaticString) -> Digest? {
    guard let place = plainText(key) else { return nil }
    return Digest(hex: bytes.rawSpan.extracting(place))
  }

  func digest(_ key: StaticString) throws(LeafRefusal) -> Digest {
    if let digest = plainDigest(key) { return digest }
    return try read(key) { field throws(JSONFieldError) in try field.digest() }
  }

  func digestIfPresent(_ key: StaticString) throws(LeafRefusal) -> Digest? {
    if let digest = plainDigest(key) { return digest }
    return try readIfPresent(key) { field throws(JSONFieldError) in try field.digest() }
  }

  func integer(_ key: StaticString) throws(LeafRefusal) -> Int {
    if let place = members?.place(of: key, in: bytes.rawSpan), place.count <= 15,
      bytes[place].allSatisfy({ $0 &- 0x30 < 10 })
    {
      return bytes[place].reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
    return try read(key) { field throws(JSONFieldError) in try field.integer() }
  }

  func time(_ key: StaticString) throws(LeafRefusal) -> Timestamp {
    if let place = plainText(key), let time = Timestamp(utf8: bytes.rawSpan.extracting(place)) {
      return time
    }
    return try read(key) { field throws(JSONFieldError) in try field.time() }
  }

  func timeIfPresent(_ key: StaticString) throws(LeafRefusal) -> Timestamp? {
    isPresent(key) ? try time(key) : nil
  }

  /// A list of texts.
  func texts(_ key: StaticString) throws(LeafRefusal) -> [String] {
    if let place = members?.place(of: key, in: bytes.rawSpan), let texts = plainTexts(place) {
      return texts
    }
    return try read(key) { field throws(JSONFieldError) in
      try field.elements().map { element throws(JSONFieldError) in try element.text() }
    }
  }

  /// The elements of a plain list of strings; nil where it is not one.
  private func plainTexts(_ place: Range<Int>) -> [String]? {
    guard bytes[place.lowerBound] == UInt8(ascii: "[") else { return nil }
    var texts: [String] = []
    var position = place.lowerBound + 1
    // The text is known to be canonical and without escapes: after a quote comes the next, then a comma or the end.
    while position < place.upperBound - 1 {
      guard bytes[position] == UInt8(ascii: "\""),
        let end = bytes[(position + 1)..<place.upperBound].firstIndex(of: UInt8(ascii: "\""))
      else { return nil }
      texts.append(String(decoding: bytes[(position + 1)..<end], as: UTF8.self))
      position = end + 2
    }
    return texts
  }

  /// Checks that a field is a list of objects that all have an integer of a name.
  func requireIntegers(_ name: StaticString, inEachOf key: StaticString) throws(LeafRefusal) {
    if let place = members?.place(of: key, in: bytes.rawSpan) {
      do throws(JSONError) {
        if try Self.haveIntegers(name, bytes.rawSpan.extracting(place)) { return }
      } catch {
        // Read again below, for the reason.
      }
    }
    try read(key) { field throws(JSONFieldError) in
      for value in try field.elements() { _ = try value[name.description].integer() }
    }
  }

  /// Whether a plain list is one of objects with an integer of a name.
  private static func haveIntegers(_ name: StaticString, _ text: RawSpan) throws(JSONError) -> Bool
  {
    var reader = JSONReader(text, depthLimit: 16)
    try reader.beginArray()
    var isFirst = true
    while try reader.nextElement(isFirst: isFirst) {
      isFirst = false
      try reader.beginObject()
      var isFound = false
      var isFirstKey = true
      while let key = try reader.nextKeyToken(isFirst: isFirstKey) {
        isFirstKey = false
        if try reader.matches(key, name) {
          // Plain numbers are integers.
          guard try reader.peek() == .number else { return false }
          isFound = true
        }
        try reader.skipValue()
      }
      guard isFound else { return false }
    }
    return true
  }

  /// The identity of a request or a model: up to 64 characters of ASCII, so that two that are equal as texts are
  /// equal as bytes.
  func identity(_ key: StaticString) throws(LeafRefusal) -> String {
    if let identity = plainIdentity(key) { return identity }
    return try read(key, Self.identity)
  }

  func identityIfPresent(_ key: StaticString) throws(LeafRefusal) -> String? {
    if let identity = plainIdentity(key) { return identity }
    return try readIfPresent(key, Self.identity)
  }

  private func plainIdentity(_ key: StaticString) -> String? {
    guard let place = plainText(key), (1...64).contains(place.count),
      bytes[place].allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    return String(decoding: bytes[place], as: UTF8.self)
  }

  private static func identity(_ field: JSONField) throws(JSONFieldError) -> String {
    let text = try field.text()
    guard (1...64).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { throw JSONFieldError(field.path, expected: "an identity of up to 64 characters") }
    return text
  }
}

/// Stops a reduction.
func refuse(_ what: String) -> LeafRefusal { .notPossible(what) }
