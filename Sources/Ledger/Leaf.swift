import Attestation
public import Storage
public import StrictJSON

/// What a leaf records.
public enum LeafType: String, CaseIterable, Hashable, Sendable {
  /// The ledger begins.
  case ledgerCreated = "ledger.created"
  /// A signer is trusted in this workspace.
  case keyAdded = "key.added"
  /// A model is known by the digests of its files.
  case modelRegistered = "model.registered"
  /// A person asks to be forgotten.
  case requestReceived = "request.received"
  /// The receipt of a request was confirmed to the person.
  case requestConfirmed = "request.confirmed"
  /// It was made sure who asks.
  case requestIdentified = "request.identified"
  /// More time is taken, and the person was told why.
  case requestExtended = "request.extended"
  /// Erasure was refused.
  case requestRefused = "request.refused"
  /// The person has taken the request back.
  case requestWithdrawn = "request.withdrawn"
  /// The request was met.
  case requestClosed = "request.closed"
  /// A recipient of the data was told of the erasure.
  case recipientNotified = "recipient.notified"
  /// Disclosures about a person were erased.
  case disclosureShredded = "disclosure.shredded"
  /// A patch has been made.
  case patchCreated = "patch.created"
  /// A patch's effect has been measured.
  case metricsRecorded = "metrics.recorded"
  /// A patch has been signed.
  case patchSigned = "patch.signed"
  /// A model is about to be written.
  case patchIntent = "patch.intent"
  /// A patch has been applied.
  case patchApplied = "patch.applied"
  /// An intent has come to nothing; the model is what it was.
  case patchAborted = "patch.aborted"
  /// An interrupted operation has been finished or undone.
  case patchRecovered = "patch.recovered"
  /// A patch has been taken back.
  case patchRolledBack = "patch.rolledback"
  /// The key of an undo capsule has been destroyed.
  case undoDestroyed = "undo.destroyed"
  /// Nothing in the workspace restores what a patch replaced.
  case patchFinalized = "patch.finalized"
  /// A report has been made.
  case reportExported = "report.exported"
}

/// An event before it is appended: a type and its fields.
public struct Event: Hashable, Sendable {
  /// What is recorded.
  public let type: LeafType
  /// The fields besides those that every leaf has.
  public let fields: JSONObject

  /// Makes an event; fields that are nil are left out.
  public init(_ type: LeafType, _ fields: KeyValuePairs<String, JSONValue?>) {
    self.type = type
    self.fields = JSONObject(
      fields.compactMap { key, value in value.map { (ByteString(key), $0) } })
  }
}

/// One entry of the log: exact bytes, and what they say.
public struct Leaf: Sendable {
  /// The largest leaf, as tlog-tiles has it.
  public static let byteLimit = 65_535

  /// The place in the log, from 0.
  public let sequence: Int
  /// When the leaf was appended.
  public let time: Timestamp
  /// What is recorded; nil for a type that this version does not know.
  public let type: LeafType?
  /// The whole leaf as a document.
  public let body: JSONField
  /// The leaf as it is hashed.
  public let bytes: [UInt8]

  /// Writes an event as the leaf of a place and time.
  public init(_ event: Event, sequence: Int, time: Timestamp) throws(LedgerError) {
    var object = JSONObject([
      ("v", .integer(1)), ("seq", .integer(Int64(sequence))), ("time", .text(time.description)),
      ("type", .text(event.type.rawValue)),
    ])
    for member in event.fields.members {
      try LeafValue.check(member.value, key: member.key, in: event.type)
      object[member.key] = member.value
    }
    let bytes: [UInt8]
    do throws(CanonicalJSON.EncodingError) {
      bytes = try CanonicalJSON.encode(.object(object))
    } catch {
      throw LedgerError(.badValue("a number that JSON can't keep: \(error)"))
    }
    guard bytes.count <= Self.byteLimit else {
      throw LedgerError(
        .badValue("the leaf has \(bytes.count) bytes, at most \(Self.byteLimit) are allowed"))
    }
    self.sequence = sequence
    self.time = time
    type = event.type
    body = JSONField(.object(object), path: "leaf \(sequence)")
    self.bytes = bytes
  }

  /// Reads the leaf of a place; it must be canonical and say its own place.
  public init(parsing bytes: [UInt8], sequence: Int) throws(LedgerError) {
    func fail(_ what: String) -> LedgerError {
      LedgerError(.inconsistent("leaf \(sequence): \(what)"))
    }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: bytes, byteLimit: Self.byteLimit, depthLimit: 16)
    } catch { throw fail(error.description) }
    let canonical: [UInt8]
    do throws(CanonicalJSON.EncodingError) { canonical = try CanonicalJSON.encode(value) } catch {
      throw fail("holds a number that is not an integer")
    }
    guard canonical == bytes else { throw fail("is not in canonical form") }
    body = JSONField(value, path: "leaf \(sequence)")
    do throws(JSONFieldError) {
      guard try body["v"].integer() == 1 else {
        throw JSONFieldError(body.path + ".v", expected: "1, the version that is read here")
      }
      guard try body["seq"].integer() == sequence else {
        throw JSONFieldError(body.path + ".seq", expected: "\(sequence), its place in the log")
      }
      guard let time = Timestamp(try body["time"].text()) else {
        throw JSONFieldError(body.path + ".time", expected: "a time")
      }
      self.time = time
      type = LeafType(rawValue: try body["type"].text())
    } catch { throw LedgerError(.inconsistent(error.description)) }
    self.sequence = sequence
    self.bytes = bytes
  }

  /// The name of the type, also of one that is not known.
  public var typeName: String {
    guard case .string(let name) = body["type"].value else { return "?" }
    return name.description
  }

  /// The hash of the leaf in the tree.
  public var hash: Digest { MerkleTree.leafHash(bytes) }
}

/// What may stand in a leaf: numbers, truth values, digests, random identities, times and tokens.
///
/// Free text is refused, because people write names into it and a log can't forget.
enum LeafValue {
  static func check(_ value: JSONValue, key: ByteString, in type: LeafType) throws(LedgerError) {
    switch value {
    case .null, .bool, .integer: return
    case .number:
      throw LedgerError(.badValue("\(type.rawValue).\(key): numbers in leaves are integers"))
    case .array(let elements):
      for element in elements { try check(element, key: key, in: type) }
    case .object(let object):
      for member in object.members { try check(member.value, key: member.key, in: type) }
    case .string(let text):
      // The names of the log itself are public by purpose.
      if type == .ledgerCreated { return }
      guard isAllowed(text.text) else {
        throw LedgerError(
          .badValue(
            "\(type.rawValue).\(key): \"\(text)\" may not stand in the log; only digests, random ids, times and short tokens (a-z, 0-9, . _ + / -) may, so that no personal data can"
          ))
      }
    }
  }

  private static func isAllowed(_ text: String) -> Bool {
    if Digest(hex: text) != nil || Timestamp(text) != nil { return true }
    if text.hasPrefix("urn:uuid:") { return isUUID(text.dropFirst(9)) }
    if text.utf8.count == 43, Base64.decodeURLSafe(text) != nil { return true }
    var digits = 0
    for (index, byte) in text.utf8.enumerated() {
      let isDigit = (0x30...0x39).contains(byte)
      digits = isDigit ? digits + 1 : 0
      let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      let isMark = index > 0 && "._+/-".utf8.contains(byte)
      guard isDigit || isLetter || isMark, digits <= 8 else { return false }
    }
    return (1...64).contains(text.utf8.count)
  }

  private static func isUUID(_ text: Substring) -> Bool {
    let bytes = Array(text.utf8)
    return bytes.count == 36
      && bytes.enumerated().allSatisfy { index, byte in
        [8, 13, 18, 23].contains(index)
          ? byte == UInt8(ascii: "-")
          : (0x30...0x39).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
      }
  }
}
