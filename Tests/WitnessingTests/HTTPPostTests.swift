#if os(Linux)
  import Testing
  import Witnessing

  @Suite("HTTP") struct HTTPPostTests {
    private func outcome(
      _ answer: String, pauseMicroseconds: UInt32 = 0, limit: Int = 1000
    ) throws -> String {
      let server = try StubServer(answer, pauseMicroseconds: pauseMicroseconds)
      do throws(WitnessError) {
        let answer = try HTTPPost(milliseconds: 1500, agent: "test").send(
          Array("body\n".utf8), to: server.url + "/x", limit: limit)
        return "\(answer.status) \(String(decoding: answer.body, as: UTF8.self))"
      } catch { return error.description }
    }

    @Test(
      "statuses and bodies come through",
      arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "200 abc"),
        ("HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n7\n", "409 7\n"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404 "),
        ("HTTP/1.0 403 Forbidden\r\n\r\nno", "403 no"),
        // Not followed, to whatever place.
        ("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", "302 "),
      ])
    func status(_ answer: String, _ expected: String) throws {
      #expect(try outcome(answer) == expected)
    }

    @Test func `what is too long, too slow, cut short or no HTTP is told`() throws {
      let long = String(repeating: "a", count: 100_000)
      #expect(
        try outcome("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n\(long)").contains(
          "longer than 1000 bytes"))
      #expect(try outcome("HTTP/1.0 200 OK\r\n\r\n\(long)").contains("longer than 1000 bytes"))
      #expect(try outcome("", pauseMicroseconds: 3_000_000).contains("no answer"))
      #expect(try outcome("").contains("no answer"))
      #expect(try outcome("garbage").contains("no answer"))
      #expect(
        try outcome("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").contains("no answer"))
    }

    @Test(
      "what is no address of a witness is not asked",
      arguments: [
        "", "file:///etc/passwd", "ftp://a.example/", "a.example", "http://user:word@a.example/",
        "http://a.example/\n", "http://a.example/ x", "http://a.example/\u{E9}",
        "HTTP://a.example/",
      ])
    func address(_ url: String) {
      do throws(WitnessError) {
        _ = try HTTPPost(milliseconds: 10, agent: "test").send([], to: url, limit: 10)
        Issue.record("asked")
      } catch {
        guard case .badURL = error.reason else {
          Issue.record("\(error)")
          return
        }
      }
    }
  }
#endif
