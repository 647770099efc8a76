import Attestation
import Storage
import StrictJSON

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
      if type == .ledgerCreated || isLogKey(text.text, key: key, in: type) { return }
      guard isAllowed(text.text) else {
        throw LedgerError(
          .badValue(
            "\(type.rawValue).\(key): \"\(text)\" may not stand in the log; only digests, random ids, times and short tokens (a-z, 0-9, . _ + / -) may, so that no personal data can"
          ))
      }
    }
  }

  /// A handover names the next key, whose name is the log's.
  private static func isLogKey(_ text: String, key: ByteString, in type: LeafType) -> Bool {
    guard type == .keyRotated, key == "key" else { return false }
    do throws(AttestationError) {
      _ = try VerifierKey(text)
      return true
    } catch { return false }
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
