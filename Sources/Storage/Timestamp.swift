/// A moment to the second, written as RFC 3339 in UTC: `2026-11-24T11:00:00Z`.
public struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
  public let seconds: Int64

  /// Takes seconds since 1970; from year 0 to 9999, else the nearer end.
  public init(seconds: Int64) {
    self.seconds = min(max(seconds, -62_167_219_200), 253_402_300_799)
  }

  /// Reads `YYYY-MM-DDTHH:MM:SSZ`, and `YYYY-MM-DD` as its first second; nil for anything else.
  public init?(_ text: String) { self.init(utf8: Array(text.utf8).rawSpan) }

  /// Reads the same from bytes.
  public init?(utf8 bytes: RawSpan) {
    guard bytes.byteCount == 10 || bytes.byteCount == 20,
      let date = CivilDate(utf8: bytes.extracting(first: 10))
    else { return nil }
    var seconds = Int64(date.daysSince1970) * 86_400
    if bytes.byteCount == 20 {
      guard bytes.byte(at: 10) == UInt8(ascii: "T"), bytes.byte(at: 13) == UInt8(ascii: ":"),
        bytes.byte(at: 16) == UInt8(ascii: ":"), bytes.byte(at: 19) == UInt8(ascii: "Z"),
        let hour = bytes.decimal(11..<13), hour < 24,
        let minute = bytes.decimal(14..<16), minute < 60,
        let second = bytes.decimal(17..<19), second < 60
      else { return nil }
      seconds += Int64(hour * 3600 + minute * 60 + second)
    }
    self.init(seconds: seconds)
  }

  /// The day at a place whose clocks are so many minutes ahead of UTC.
  public func date(utcOffset minutes: Int) -> CivilDate {
    Timestamp(seconds: seconds + Int64(minutes) * 60).date
  }

  /// The day, in UTC.
  public var date: CivilDate {
    CivilDate(daysSince1970: Int((seconds - Self.mod(seconds, 86_400)) / 86_400))
  }

  /// The text.
  public var description: String {
    var text: [UInt8] = []
    append(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the text, in ASCII.
  public func append(to text: inout [UInt8]) {
    let rest = Int(Self.mod(seconds, 86_400))
    date.append(to: &text)
    for (mark, number) in [(0x54, rest / 3600), (0x3A, rest / 60 % 60), (0x3A, rest % 60)]
      as [(UInt8, Int)]
    {
      text.append(mark)
      CivilDate.append(number, width: 2, to: &text)
    }
    text.append(UInt8(ascii: "Z"))
  }

  /// Compares moments.
  public static func < (left: Self, right: Self) -> Bool { left.seconds < right.seconds }

  private static func mod(_ value: Int64, _ by: Int64) -> Int64 {
    let rest = value % by
    return rest < 0 ? rest + by : rest
  }
}

/// A day of the proleptic Gregorian calendar, from year 0 to 9999.
public struct CivilDate: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The year.
  public let year: Int
  /// The month, from 1.
  public let month: Int
  /// The day of the month, from 1.
  public let day: Int

  /// Names a day; nil where there is none.
  public init?(year: Int, month: Int, day: Int) {
    guard (0...9999).contains(year), (1...12).contains(month), day >= 1,
      day <= Self.dayCount(year: year, month: month)
    else { return nil }
    (self.year, self.month, self.day) = (year, month, day)
  }

  /// Reads `YYYY-MM-DD`; nil for anything else.
  public init?(_ text: String) { self.init(utf8: Array(text.utf8).rawSpan) }

  /// Reads the same from bytes.
  public init?(utf8 bytes: RawSpan) {
    guard bytes.byteCount == 10, bytes.byte(at: 4) == UInt8(ascii: "-"),
      bytes.byte(at: 7) == UInt8(ascii: "-"), let year = bytes.decimal(0..<4),
      let month = bytes.decimal(5..<7), let day = bytes.decimal(8..<10)
    else { return nil }
    self.init(year: year, month: month, day: day)
  }

  /// Counts days from 1970-01-01, by the algorithm of 400-year eras.
  public init(daysSince1970 days: Int) {
    let shifted = min(max(days, -719_528), 2_932_896) + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// Days since 1970-01-01.
  public var daysSince1970: Int {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// How many days a month has.
  public static func dayCount(year: Int, month: Int) -> Int {
    switch month {
    case 4, 6, 9, 11: 30
    case 2:
      year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
    default: 31
    }
  }

  /// The text, `YYYY-MM-DD`.
  public var description: String {
    var text: [UInt8] = []
    append(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the text, in ASCII.
  public func append(to text: inout [UInt8]) {
    Self.append(year, width: 4, to: &text)
    text.append(UInt8(ascii: "-"))
    Self.append(month, width: 2, to: &text)
    text.append(UInt8(ascii: "-"))
    Self.append(day, width: 2, to: &text)
  }

  /// Compares days.
  public static func < (left: Self, right: Self) -> Bool {
    (left.year, left.month, left.day) < (right.year, right.month, right.day)
  }

  /// Appends a number in as many digits as it has, at least `width`; of a negative one its magnitude after a minus.
  static func append(_ number: Int, width: Int, to text: inout [UInt8]) {
    if number < 0 { text.append(UInt8(ascii: "-")) }
    append(number.magnitude, width: width, to: &text)
  }

  private static func append(_ number: UInt, width: Int, to text: inout [UInt8]) {
    if number >= 10 || width > 1 { append(number / 10, width: width - 1, to: &text) }
    text.append(UInt8(ascii: "0") + UInt8(number % 10))
  }
}

extension RawSpan {
  /// The number that digits write; nil where something else is among them.
  fileprivate func decimal(_ range: Range<Int>) -> Int? {
    var value = 0
    for offset in range {
      let digit = byte(at: offset) &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value * 10 + Int(digit)
    }
    return value
  }
}
