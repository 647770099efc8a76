import Claims
import StrictJSON
import Testing

@Suite("Thresholds") struct ThresholdTests {
  private func policy(_ text: String) throws -> ThresholdPolicy {
    try ThresholdPolicy(parsing: Array(text.utf8))
  }

  private func recorded(_ text: String) throws -> [JSONValue] {
    guard case .array(let list) = try JSONValue(parsing: Array(text.utf8), byteLimit: 1 << 20)
    else {
      return []
    }
    return list
  }

  private static let measured = """
    [{"name":"rouge","variant":"l.recall","subject":"before","part":"forget","n":4,"value":"0.9"},
     {"name":"rouge","variant":"l.recall","subject":"after","part":"forget","n":4,"value":"0.25"},
     {"name":"rouge","variant":"l.recall","subject":"after","part":"retain","n":4,"value":"0.75"},
     {"name":"drift","variant":"l2","subject":"after","n":0,"value":"1.5e-05"},
     {"name":"odd","variant":"a","subject":"after","n":0,"value":"nan"},
     {"name":"wide","variant":"a","subject":"after","n":0,"value":"inf"},
     {"name":"none","variant":"a","subject":"after","n":0,"reason":"not run: no examples"},
     {"name":"number","variant":"a","subject":"after","n":0,"value":1}, 7, "rouge", {"name":7}]
    """

  @Test(
    "a threshold is kept or not",
    arguments: [
      (#"{"metric":"rouge","part":"forget","max":"0.25"}"#, "PASSED"),
      (#"{"metric":"rouge","part":"forget","max":0.25}"#, "PASSED"),
      (#"{"metric":"rouge","part":"forget","max":"0.24"}"#, "FAILED"),
      (#"{"metric":"rouge","part":"forget","max":"0.24","level":"warn"}"#, "WARNED"),
      (#"{"metric":"rouge","part":"retain","min":"0.7","max":1}"#, "PASSED"),
      (#"{"metric":"rouge","part":"retain","min":"0.76"}"#, "FAILED"),
      (#"{"metric":"rouge","part":"forget","subject":"before","min":"0.9"}"#, "PASSED"),
      (#"{"metric":"drift","variant":"l2","max":"0.00001"}"#, "FAILED"),
      (#"{"metric":"drift","variant":"l2","max":"2e-5"}"#, "PASSED"),
      // Every measurement that is meant counts.
      (#"{"metric":"rouge","max":"0.5"}"#, "FAILED"),
      (#"{"metric":"rouge","max":"0.8"}"#, "PASSED"),
      // What is not there, not defined, not finite or no text never passes.
      (#"{"metric":"absent","max":"1"}"#, "FAILED"),
      (#"{"metric":"absent","max":"1","level":"warn"}"#, "WARNED"),
      (#"{"metric":"rouge","part":"test","max":"1"}"#, "FAILED"),
      (#"{"metric":"rouge","set":"x","max":"1"}"#, "FAILED"),
      (#"{"metric":"odd","min":"0"}"#, "FAILED"),
      (#"{"metric":"wide","min":"0"}"#, "FAILED"),
      (#"{"metric":"none","min":"0"}"#, "FAILED"),
      (#"{"metric":"number","min":"0"}"#, "FAILED"),
    ])
  func outcome(_ threshold: String, _ outcome: String) throws {
    let judged = try policy("[\(threshold)]").judge(
      try recorded(Self.measured), configuration: [])
    #expect(judged.result.outcome.rawValue == outcome, "\(judged.notes)")
    #expect(judged.notes.isEmpty == (outcome == "PASSED"))
    let counts = [judged.result.passed, judged.result.warned, judged.result.failed].map(\.count)
    #expect(counts == ["PASSED": [1, 0, 0], "WARNED": [0, 1, 0], "FAILED": [0, 0, 1]][outcome])
  }

  @Test func `the worst decides, and each test has its name`() throws {
    let judged = try policy(
      """
      [{"metric":"rouge","variant":"l.recall","part":"forget","max":"0.3"},
       {"metric":"absent","max":"1","level":"warn"},
       {"metric":"rouge","part":"retain","min":"0.9","max":"1"}]
      """
    ).judge(try recorded(Self.measured), configuration: [])
    #expect(judged.result.outcome == .failed)
    #expect(judged.result.passed == ["rouge after variant=l.recall part=forget max 0.3"])
    #expect(judged.result.warned == ["absent after max 1"])
    #expect(judged.result.failed == ["rouge after part=retain min 0.9 max 1"])
    #expect(judged.notes.last == "rouge after part=retain min 0.9 max 1: 0.75 is below 0.9")
  }

  @Test(
    "a policy that is not clear is refused",
    arguments: [
      "", "{}", "[]", "[7]", #"[{"metric":"a"}]"#, #"[{"max":"1"}]"#,
      #"[{"metric":"a","max":"x"}]"#, #"[{"metric":"a","max":"nan"}]"#,
      #"[{"metric":"a","max":"inf"}]"#, #"[{"metric":"a","max":"0x10"}]"#,
      #"[{"metric":"a","max":1e999}]"#, #"[{"metric":"a","max":[1]}]"#,
      #"[{"metric":"a","max":"1","min":"2"}]"#, #"[{"metric":"a","max":"1","maximum":"2"}]"#,
      #"[{"metric":"a","max":"1","max":"2"}]"#, #"[{"metric":"a","max":"1","level":"none"}]"#,
      #"[{"metric":"a","max":"1","subject":"later"}]"#, #"[{"metric":7,"max":"1"}]"#,
      #"[{"metric":"a","max":"1"},{"metric":"a","max":"1"}]"#,
    ])
  func refused(_ text: String) throws {
    #expect(throws: ClaimsError.self) { try policy(text) }
  }
}
