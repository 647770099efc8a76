import Storage
import StrictJSON

/// A part of the state as its row in the database: what reducing needs of it, and no history.
protocol SubjectRow {
  associatedtype ID
  /// What is written.
  var row: JSONValue { get }
  /// Reads what was written.
  init(id: ID, row: JSONField) throws(JSONFieldError)
}

extension JSONValue {
  /// An object of those members that are not nil.
  static func present(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
    .object(
      JSONObject(members.compactMap { key, value in value.map { (ByteString(key), $0) } }))
  }

  static func text(_ digest: Digest?) -> JSONValue? { digest.map { .text($0.hex) } }
  static func text(_ time: Timestamp?) -> JSONValue? { time.map { .text($0.description) } }
  static func text(_ text: String?) -> JSONValue? { text.map { .text($0) } }
  static func count(_ number: Int?) -> JSONValue? { number.map { .integer(Int64($0)) } }
}

extension JSONField {
  /// The time at this place.
  func time() throws(JSONFieldError) -> Timestamp {
    guard let time = Timestamp(try text()) else { throw JSONFieldError(path, expected: "a time") }
    return time
  }

  /// The day at this place.
  func date() throws(JSONFieldError) -> CivilDate {
    guard let date = CivilDate(try text()) else { throw JSONFieldError(path, expected: "a day") }
    return date
  }
}

extension LedgerState {
  /// The row of a subject as it follows from the state; nil where there is none.
  func row(of subject: Subject) -> JSONValue? {
    switch subject {
    case .log:
      .object(
        JSONObject([
          (
            "types",
            .object(
              JSONObject(types.map { (ByteString($0.key), .integer(Int64($0.value))) }))
          )
        ]))
    case .key(let id): keys.value(id)?.row
    case .request(let id): requests.value(id)?.row
    case .patch(let digest): patches.value(digest)?.row
    case .model(let id): models.value(id)?.row
    case .application(let model, let patch): models.value(model)?.applications[patch]?.row
    }
  }

  /// Every subject that has a row.
  func forEachSubject<Failure: Error>(_ body: (Subject) throws(Failure) -> Void) throws(Failure) {
    try body(.log)
    for key in keys { try body(.key(key.id)) }
    for request in requests { try body(.request(request.id)) }
    for patch in patches { try body(.patch(patch.digest)) }
    for model in models {
      try body(.model(model.id))
      for patch in model.applications.keys {
        try body(.application(model: model.id, patch: patch))
      }
    }
  }

  /// How many subjects have a row.
  var subjectCount: Int {
    1 + keys.count + requests.count + patches.count
      + models.reduce(0) { $0 + 1 + $1.applications.count }
  }

  /// Adds the row of a subject to a partial state, or that there is none.
  mutating func load(_ subject: Subject, row: JSONField?) throws(JSONFieldError) {
    lookedUp?.insert(subject)
    guard let row else { return }
    switch subject {
    case .log:
      types = [:]
      for member in try row["types"].object().members {
        types[member.key.text] = try row["types"][member.key.text].count()
      }
    case .key(let id): keys.append(try Key(id: id, row: row), key: id)
    case .request(let id): requests.append(try Request(id: id, row: row), key: id)
    case .patch(let digest): patches.append(try Patch(id: digest, row: row), key: digest)
    case .model(let id): models.append(try Model(id: id, row: row), key: id)
    case .application(let model, let patch):
      // Asked for only after its model.
      guard let place = models.place(model) else { return }
      models.elements[place].applications[patch] = try Applied(id: patch, row: row)
    }
  }
}
