import Storage
import Testing

@Suite("Days and moments") struct TimeTests {
  @Test func `every day from 1600 to 2400 comes back from its number`() throws {
    var days = try #require(CivilDate("1600-01-01")).daysSince1970
    let last = try #require(CivilDate("2400-12-31")).daysSince1970
    var before = CivilDate(daysSince1970: days - 1)
    while days <= last {
      let date = CivilDate(daysSince1970: days)
      #expect(date.daysSince1970 == days && date > before)
      #expect(CivilDate(date.description) == date)
      before = date
      days += 1
    }
  }

  @Test func `known moments`() throws {
    #expect(Timestamp(seconds: 0).description == "1970-01-01T00:00:00Z")
    #expect(Timestamp(seconds: 1_767_225_600).description == "2026-01-01T00:00:00Z")
    #expect(Timestamp("2000-02-29T23:59:59Z")?.seconds == 951_868_799)
    #expect(Timestamp(seconds: -1).description == "1969-12-31T23:59:59Z")
    for text in [
      "2001-02-29", "2000-13-01", "2000-1-01", "2000-01-01T24:00:00Z", "2000-01-01T00:00:00", "x",
    ] {
      #expect(Timestamp(text) == nil)
    }
  }

  @Test func `a slash at the end of a path changes nothing`() {
    for (path, parent, name) in [
      ("a", ".", "a"), ("a/", ".", "a"), ("a/b", "a", "b"), ("a/b//", "a", "b"), ("/a/", "/", "a"),
      ("/", "/", ""),
    ] {
      #expect(Paths.parent(of: path) == parent && Paths.name(of: path) == name, "\(path)")
    }
  }

  @Test func `relative paths that leave the folder are not safe`() {
    for path in ["", "/a", "../a", "a/../b", "a//b", "./a", "a/.", "C:\\a", "a\\b", "a\u{0}b"] {
      #expect(!Paths.isSafeRelative(path), "\(path)")
    }
    #expect(Paths.isSafeRelative("1_Pooling/config.json"))
  }
}
