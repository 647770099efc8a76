public import Attestation
import Ledger
public import Storage

/// What a log asks of a witness: to cosign a head that continues an older one (C2SP tlog-witness).
public struct AddCheckpoint: Hashable, Sendable {
  /// How many leaves the head has that the witness has cosigned last; 0 for none.
  public let oldSize: Int
  /// The proof that these are the beginning of the new head's (RFC 6962 section 2.1.2).
  public let proof: [Digest]
  /// The new head.
  public let checkpoint: SignedNote

  /// Makes a request.
  public init(oldSize: Int, proof: [Digest], checkpoint: SignedNote) {
    self.oldSize = oldSize
    self.proof = proof
    self.checkpoint = checkpoint
  }

  /// The body of the request.
  public var body: String {
    "old \(oldSize)\n\(proof.map { Base64.encode($0.bytes) + "\n" }.joined())\n\(checkpoint.encoded)"
  }
}

/// What a witness answers to ``AddCheckpoint``.
public enum WitnessAnswer: Hashable, Sendable {
  /// It has cosigned: signature lines, none of which is verified yet.
  case cosigned([SignedNote.Line])
  /// The head that it has cosigned last is of another size than was said.
  case conflict(size: Int)

  /// The largest answer that is read, in bytes.
  public static let byteLimit = 1 << 16

  /// Reads an answer.
  ///
  /// - Throws: Where the witness refuses, or answers what the protocol does not know.
  public init(status: Int, body: [UInt8]) throws(WitnessError) {
    switch status {
    case 200: self = .cosigned(try Self.lines(body))
    case 409:
      guard let size = Self.size(body) else {
        throw WitnessError(
          .badAnswer("answers 409 without the size it has cosigned: \(Self.shown(body))"))
      }
      self = .conflict(size: size)
    case 400:
      throw WitnessError(.refused(status: status, "it can't read the request: \(Self.shown(body))"))
    case 403:
      throw WitnessError(
        .refused(
          status: status,
          "the head is not signed by the key it knows of this log: \(Self.shown(body))"))
    case 404:
      throw WitnessError(
        .refused(
          status: status,
          "it does not know this log, or nothing is served there; its operator adds the log by its vkey: \(Self.shown(body))"
        ))
    case 422: throw WitnessError(.fork(Self.shown(body)))
    case 300..<400:
      throw WitnessError(
        .badAnswer("answers a redirect (\(status)), which is not followed: name the place itself"))
    default:
      throw WitnessError(.badAnswer("answers with status \(status): \(Self.shown(body))"))
    }
  }

  /// Reads an answer from a file, which has no status: a size says 409, anything else 200.
  public init(file bytes: [UInt8]) throws(WitnessError) {
    try self.init(status: Self.size(bytes) == nil ? 200 : 409, body: bytes)
  }

  private static func lines(_ body: [UInt8]) throws(WitnessError) -> [SignedNote.Line] {
    guard body.count <= byteLimit, let text = String(validating: body, as: UTF8.self) else {
      throw WitnessError(.badAnswer("its cosignature is too long or not UTF-8"))
    }
    do throws(AttestationError) { return try SignedNote.lines(parsing: text) } catch {
      throw WitnessError(.badAnswer("its cosignature can't be read: \(error)"))
    }
  }

  private static func size(_ body: [UInt8]) -> Int? {
    body.last == 0x0A ? DecimalText.integer(body.dropLast()) : nil
  }

  /// The first line of an answer, for people; control characters are shown as such.
  private static func shown(_ body: [UInt8]) -> String {
    let line = body.prefix { $0 != 0x0A }.prefix(200)
    return line.isEmpty ? "no reason is given" : ByteString(bytes: Array(line)).description
  }
}
