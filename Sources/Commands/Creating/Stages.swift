import Storage
import StrictJSON

/// How long the stages of a run took, and what memory had risen to at their ends.
struct Stages {
  private struct Stage {
    var name: String
    var seconds: Double
    var peakMemory: Int64
  }

  private var stages: [Stage] = []

  /// Times a stage; one that was begun in a run before goes on from the time that it had.
  mutating func time<Value>(_ name: String, _ body: () throws -> Value) rethrows -> Value {
    let clock = ContinuousClock()
    let start = clock.now
    let value = try body()
    add(name, Console.seconds(clock.now - start))
    return value
  }

  /// Adds time to a stage.
  mutating func add(_ name: String, _ seconds: Double) {
    let index = stages.firstIndex { $0.name == name } ?? stages.count
    if index == stages.count { stages.append(Stage(name: name, seconds: 0, peakMemory: 0)) }
    stages[index].seconds += seconds
    stages[index].peakMemory = max(stages[index].peakMemory, Console.peakMemory)
  }

  /// Begins without stages.
  init() {}

  /// Goes on from kept times.
  init(_ kept: JSONField) throws {
    for member in try kept.object().members {
      let field = kept[member.key.text]
      guard let seconds = Double(try field["seconds"].text()) else {
        throw JSONFieldError(field.path, expected: "seconds")
      }
      stages.append(
        Stage(
          name: member.key.text, seconds: seconds,
          peakMemory: Int64(try field["peak_memory"].count())))
    }
  }

  var json: JSONValue {
    var object = JSONObject()
    for stage in stages {
      object[ByteString(stage.name)] = .members([
        "seconds": .text("\(stage.seconds)"), "peak_memory": .integer(stage.peakMemory),
      ])
    }
    return .object(object)
  }

  var line: String {
    let peak = stages.map(\.peakMemory).max() ?? 0
    return "time       "
      + stages.map { "\($0.name) \(Console.short($0.seconds)) s" }.joined(separator: ", ")
      + ", peak memory \(peak / 1_000_000) MB"
  }
}
