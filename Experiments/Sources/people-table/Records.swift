import Storage
import StrictJSON

/// One line of the results: what was run, and the numbers that came of it.
struct Record {
  /// `base`, `attack`, `tune` or `run`.
  var kind: String
  /// The row, or the model.
  var name: String
  var seed: UInt64
  /// The rate; 0 where there is none.
  var rate: Double
  var numbers: [String: Double]

  init(_ kind: String, _ name: String, seed: UInt64, rate: Double, _ numbers: Numbers) {
    (self.kind, self.name, self.seed, self.rate) = (kind, name, seed, rate)
    self.numbers = Dictionary(numbers.map { ($0.name, $0.value) }) { $1 }
  }

  /// What makes it the same run.
  var key: String { "\(kind) \(name) \(seed) \(rate)" }

  /// The record in one line; numbers are decimal texts.
  var line: [UInt8] {
    get throws {
      var object = JSONObject()
      for (name, value) in numbers { object[ByteString(name)] = .text("\(value)") }
      return try CanonicalJSON.encode(
        .members([
          "kind": .text(kind), "name": .text(name), "seed": .text("\(seed)"),
          "rate": .text("\(rate)"), "numbers": .object(object),
        ])) + [0x0A]
    }
  }

  init(_ field: JSONField) throws {
    kind = try field["kind"].text()
    name = try field["name"].text()
    seed = UInt64(try field["seed"].text()) ?? 0
    rate = Double(try field["rate"].text()) ?? 0
    numbers = [:]
    for member in try field["numbers"].object().members {
      guard case .string(let text) = member.value else { continue }
      numbers[member.key.text] = Double(text.text)
    }
  }
}

/// The results so far, kept in a file of lines.
final class Records {
  let path: String
  private(set) var all: [Record] = []
  private var keys: [String: Int] = [:]

  /// Reads what is there.
  init(path: String) throws {
    self.path = path
    guard try FileStatus.ifExists(path) != nil else { return }
    for line in try Folder.read(path, limit: 1 << 28).split(separator: 0x0A) {
      remember(try Record(JSONField(try JSONValue(parsing: Array(line), byteLimit: 1 << 20))))
    }
  }

  private func remember(_ record: Record) {
    if let place = keys[record.key] {
      all[place] = record
    } else {
      keys[record.key] = all.count
      all.append(record)
    }
  }

  subscript(key: String) -> Record? { keys[key].map { all[$0] } }

  /// Gives a record that is there, or makes it and writes it down.
  func record(
    _ kind: String, _ name: String, seed: UInt64, rate: Double = 0, _ make: () throws -> Numbers
  ) throws -> Record {
    if let known = self[Record(kind, name, seed: seed, rate: rate, []).key] { return known }
    let record = Record(kind, name, seed: seed, rate: rate, try make())
    try append(record.line, to: path)
    remember(record)
    return record
  }
}
