import Storage
public import StrictJSON

extension EvaluationRecord {
  /// What each example came to, one value a line: model, examples, place, and its numbers by name.
  ///
  /// A line has all values of one example under one model and condition; examples are named by their place, from 0,
  /// never by what they say.
  public var exampleLines: [JSONValue] {
    struct Group: Hashable {
      let subject: String
      let place: String
      let condition: String
      let count: Int
    }
    var order: [Group] = []
    var members: [Group: [(name: String, values: [Double])]] = [:]
    for item in items where !item.values.isEmpty {
      let fields = MeasurementFields(item.measurement)
      let group = Group(
        subject: fields.subject, place: fields.part.isEmpty ? fields.set : fields.part,
        condition: fields.condition, count: item.values.count)
      if members[group] == nil { order.append(group) }
      let name = [fields.name, fields.variant].filter { !$0.isEmpty }.joined(separator: ":")
      members[group, default: []].append((name, item.values))
    }
    var lines: [JSONValue] = []
    for group in order {
      for index in 0..<group.count {
        var values = JSONObject()
        for (name, list) in members[group] ?? [] {
          values[ByteString(name)] = .text("\(list[index])")
        }
        var line = JSONObject([
          ("subject", .text(group.subject)), ("examples", .text(group.place)),
          ("index", .integer(Int64(index))), ("values", .object(values)),
        ])
        if !group.condition.isEmpty { line["condition"] = .text(group.condition) }
        lines.append(.object(line))
      }
    }
    return lines
  }
}
