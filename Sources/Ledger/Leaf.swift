import Attestation
public import Storage
public import StrictJSON

/// One entry of the log: exact bytes, and what they say.
public struct Leaf: Sendable {
  /// The largest leaf, as tlog-tiles has it.
  public static let byteLimit = 65_535
  private static let depthLimit = 16

  /// The place in the log, from 0.
  public let sequence: Int
  /// When the leaf was appended.
  public let time: Timestamp
  /// What is recorded; nil for a type that this version does not know.
  public let type: LeafType?
  /// The leaf as it is hashed.
  public let bytes: [UInt8]
  /// Where its members are; nil for a leaf that is canonical and not plain.
  let members: CanonicalObject?

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
    self.bytes = bytes
    members = CanonicalObject(scanning: bytes.rawSpan, depthLimit: Self.depthLimit)
  }

  /// Reads the leaf of a place; it must be canonical and say its own place.
  public init(parsing bytes: [UInt8], sequence: Int) throws(LedgerError) {
    self.bytes = bytes
    self.sequence = sequence
    guard bytes.count <= Self.byteLimit else {
      throw LedgerError(
        .inconsistent(
          "leaf \(sequence): \(bytes.count) bytes, at most \(Self.byteLimit) are allowed"))
    }
    members = CanonicalObject(scanning: bytes.rawSpan, depthLimit: Self.depthLimit)
    if members == nil { try Self.requireCanonical(bytes, sequence) }
    let fields = LeafFields(bytes: bytes, members: members, sequence: sequence)
    do throws(LeafRefusal) {
      guard try fields.integer("v") == 1 else {
        throw fields.expected("1, the version that is read here", at: "v")
      }
      guard try fields.integer("seq") == sequence else {
        throw fields.expected("\(sequence), its place in the log", at: "seq")
      }
      time = try fields.time("time")
      type = LeafType.named(try fields.text("type"))
    } catch { throw LedgerError(.inconsistent(error.description)) }
  }

  /// Judges a text that is not plain: one that holds escapes or more than ASCII, or is not canonical at all.
  private static func requireCanonical(_ bytes: [UInt8], _ sequence: Int) throws(LedgerError) {
    func fail(_ what: String) -> LedgerError {
      LedgerError(.inconsistent("leaf \(sequence): \(what)"))
    }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: bytes, byteLimit: byteLimit, depthLimit: depthLimit)
    } catch { throw fail(error.description) }
    let canonical: [UInt8]
    do throws(CanonicalJSON.EncodingError) { canonical = try CanonicalJSON.encode(value) } catch {
      throw fail("holds a number that is not an integer")
    }
    guard canonical == bytes else { throw fail("is not in canonical form") }
  }

  /// The whole leaf as a document.
  ///
  /// - Complexity: O(bytes): it is made from them.
  public var body: JSONField { LeafFields(self).body }

  /// The name of the type, also of one that is not known.
  public var typeName: String {
    if let type { return type.rawValue }
    do throws(LeafRefusal) { return try LeafFields(self).text("type") } catch { return "?" }
  }

  /// The hash of the leaf in the tree.
  public var hash: Digest { MerkleTree.leafHash(bytes) }
}
