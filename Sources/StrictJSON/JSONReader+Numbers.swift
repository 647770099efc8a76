extension JSONReader {
  /// Reads a number and gives its text; a value that no double can hold is refused.
  @_lifetime(self: copy self)
  public mutating func readNumber() throws(JSONError) -> String {
    let range = try scanNumber()
    var text: [UInt8] = []
    bytes.append(range, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads an integer from 0 to 2^64 - 1, written without sign, fraction or exponent.
  @_lifetime(self: copy self)
  public mutating func readUnsigned() throws(JSONError) -> UInt64 {
    skipWhitespace()
    let start = position
    var value: UInt64 = 0
    var offset = start
    while let digit = digit(offset) {
      let (tens, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, carries) = tens.addingReportingOverflow(UInt64(digit))
      if tooLarge || carries { return try refuseUnsigned() }
      value = sum
      offset += 1
    }
    let count = offset - start
    guard count > 0, count == 1 || byte(start) != UInt8(ascii: "0") else {
      return try refuseUnsigned()
    }
    if offset < end {
      switch byte(offset) {
      case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): return try refuseUnsigned()
      default: break
      }
    }
    position = offset
    return value
  }

  /// Anything but plain digits is looked at again, for the rule that it breaks.
  @inline(never)
  @_lifetime(self: copy self)
  private mutating func refuseUnsigned() throws(JSONError) -> UInt64 {
    let start = position
    if try peek() == .number { _ = try scanNumber() }
    throw JSONError(.notUnsignedInteger, at: start)
  }

  @inline(__always)
  private func digit(_ offset: Int) -> UInt8? {
    guard offset < end else { return nil }
    let value = byte(offset) &- UInt8(ascii: "0")
    return value < 10 ? value : nil
  }

  /// Reads over a number: where it stands.
  @_lifetime(self: copy self)
  mutating func scanNumber() throws(JSONError) -> Range<Int> {
    skipWhitespace()
    let start = position
    if position < end, byte(position) == UInt8(ascii: "-") { position += 1 }
    guard let first = digit(position) else {
      if position >= end { throw JSONError(.unexpectedEnd, at: position) }
      throw JSONError(.badNumber, at: start)
    }
    position += 1
    if first == 0 && digit(position) != nil { throw JSONError(.badNumber, at: start) }
    skipDigits()
    if position < end, byte(position) == UInt8(ascii: ".") {
      position += 1
      guard digit(position) != nil else { throw JSONError(.badNumber, at: start) }
      skipDigits()
    }
    let significand = start..<position
    var exponentDigits = 0
    if position < end, byte(position) | 0x20 == UInt8(ascii: "e") {
      position += 1
      if position < end, byte(position) == UInt8(ascii: "+") || byte(position) == UInt8(ascii: "-")
      {
        position += 1
      }
      let exponentStart = position
      guard digit(position) != nil else { throw JSONError(.badNumber, at: start) }
      skipDigits()
      exponentDigits = position - exponentStart
    }
    // Up to 200 digits and an exponent below 100 are far from the end of the doubles.
    if significand.count > 200 || exponentDigits > 2 {
      guard isFinite(significand, end: position) else { throw JSONError(.badNumber, at: start) }
    }
    return start..<position
  }

  @_lifetime(self: copy self)
  private mutating func skipDigits() { while digit(position) != nil { position += 1 } }

  /// Whether a number of the grammar is within the doubles, by the steps of `serde_json`: a significand of 64
  /// bits, times powers of ten.
  private func isFinite(_ significand: Range<Int>, end: Int) -> Bool {
    var value: UInt64 = 0
    var exponent = 0
    func taking(_ digit: UInt8) -> UInt64? {
      let (tens, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, carries) = tens.addingReportingOverflow(UInt64(digit))
      return tooLarge || carries ? nil : sum
    }
    var offset = significand.lowerBound
    if byte(offset) == UInt8(ascii: "-") { offset += 1 }
    var isLong = false
    while offset < significand.upperBound, let digit = digit(offset) {
      if !isLong, let next = taking(digit) {
        value = next
      } else {
        isLong = true
        exponent += 1
      }
      offset += 1
    }
    offset += 1
    while offset < significand.upperBound, let digit = digit(offset), let next = taking(digit) {
      value = next
      exponent -= 1
      offset += 1
    }
    offset = significand.upperBound + 1
    if offset < end {
      let isNegative = byte(offset) == UInt8(ascii: "-")
      if digit(offset) == nil { offset += 1 }
      var written = 0
      while offset < end, let digit = digit(offset) {
        written = written * 10 + Int(digit)
        if written > Int(Int32.max) { return value == 0 || isNegative }
        offset += 1
      }
      exponent += isNegative ? -written : written
    }
    if value == 0 || exponent <= 0 { return true }
    guard exponent <= 308, let power = Double("1e\(exponent)") else { return false }
    return (Double(value) * power).isFinite
  }
}
