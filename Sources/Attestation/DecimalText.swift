/// Decimal numbers as the C2SP formats write them.
public enum DecimalText {
  /// A number of 0 or more without sign and leading zeros; nil for anything else.
  public static func integer(_ digits: some Collection<UInt8>) -> Int? {
    guard let first = digits.first, digits.count <= 19,
      digits.allSatisfy({ (0x30...0x39).contains($0) }), first != 0x30 || digits.count == 1
    else { return nil }
    return Int(String(decoding: digits, as: UTF8.self))
  }
}
