import Ledger
import Storage
import Testing

@Suite("The clocks of the laws") struct RequestClockTests {
  private static func day(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

  @Test(
    "GDPR: one month by calendar, and three when extended",
    arguments: [
      ("2026-01-15", "2026-02-15", "2026-04-15"), ("2026-01-31", "2026-02-28", "2026-04-30"),
      ("2028-01-31", "2028-02-29", "2028-04-30"), ("2026-08-31", "2026-09-30", "2026-11-30"),
      ("2026-11-30", "2026-12-30", "2027-02-28"), ("2026-12-01", "2027-01-01", "2027-03-01"),
      ("2027-11-30", "2027-12-30", "2028-02-29"), ("1899-11-30", "1899-12-30", "1900-02-28"),
      ("1999-11-30", "1999-12-30", "2000-02-29"),
    ]) func gdpr(received: String, due: String, extended: String) throws
  {
    let day = try Self.day(received)
    #expect(Regime.gdpr.due(received: day) == (try Self.day(due)))
    #expect(Regime.gdpr.extendedDue(received: day) == (try Self.day(extended)))
    #expect(Regime.gdpr.confirmationDue(received: day) == nil)
  }

  // 2026-11-26 is a Thursday, so that the tenth business day is two weeks later.
  @Test(
    "CCPA: 10 business days, 45 days, 90 when extended",
    arguments: [
      ("2026-11-26", "2026-12-10", "2027-01-10", "2027-02-24"),
      ("2026-11-27", "2026-12-11", "2027-01-11", "2027-02-25"),
      ("2026-11-28", "2026-12-11", "2027-01-12", "2027-02-26"),
      ("2026-11-29", "2026-12-11", "2027-01-13", "2027-02-27"),
      ("2028-02-01", "2028-02-15", "2028-03-17", "2028-05-01"),
    ]) func ccpa(received: String, confirm: String, due: String, extended: String) throws
  {
    let day = try Self.day(received)
    #expect(Regime.ccpa.confirmationDue(received: day) == (try Self.day(confirm)))
    #expect(Regime.ccpa.due(received: day) == (try Self.day(due)))
    #expect(Regime.ccpa.extendedDue(received: day) == (try Self.day(extended)))
  }

  @Test func `a month later is never more than a month and never skips one`() {
    var day = CivilDate(daysSince1970: 0)
    while day.year < 2072 {
      let due = Regime.gdpr.due(received: day)
      let month = (day.year * 12 + day.month, due.year * 12 + due.month)
      #expect(month.1 == month.0 + 1 && due.day <= day.day)
      #expect(
        due.day == day.day || due.day == CivilDate.dayCount(year: due.year, month: due.month))
      day = day.adding(days: 1)
    }
  }

  @Test func `weekends are Saturdays and Sundays`() throws {
    #expect(try !Self.day("2026-11-27").isWeekend)
    #expect(try Self.day("2026-11-28").isWeekend)
    #expect(try Self.day("2026-11-29").isWeekend)
    #expect(try !Self.day("2026-11-30").isWeekend)
    #expect(try Self.day("1969-12-28").isWeekend)
  }

  @Test func `every ground and exception is of one law`() {
    #expect(Set(Regime.allCases.flatMap(\.grounds)) == Set(Ground.allCases))
    for basis in RefusalBasis.allCases {
      #expect(Regime.allCases.filter { $0.exceptions.contains(basis) }.count == 1)
    }
  }
}
