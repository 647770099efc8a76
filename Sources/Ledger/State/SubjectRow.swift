import Storage
import StrictJSON

/// A part of the state as its row in the database: what reducing needs of it, and no history.
protocol SubjectRow {
  associatedtype ID
  /// Writes it.
  func write(to row: inout RowText)
  /// Reads what was written.
  init(id: ID, row: JSONField) throws(JSONFieldError)
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
  /// The row of a subject as it follows from the state, canonical JSON; nil where there is none.
  func row(of subject: Subject) -> [UInt8]? {
    var text = RowText()
    return write(subject, to: &text) ? text.bytes : nil
  }

  /// Writes the row of a subject in the place of what the text held; false where there is none.
  func write(_ subject: Subject, to text: inout RowText) -> Bool {
    text.clear()
    switch subject {
    case .log: text.add(encoded: logRow)
    case .key(let id):
      guard let place = keys.place(id) else { return false }
      text.object { keys.elements[place].write(to: &$0) }
    case .request(let id):
      guard let place = requests.place(id) else { return false }
      text.object { requests.elements[place].write(to: &$0) }
    case .patch(let digest):
      guard let place = patches.place(digest) else { return false }
      text.object { patches.elements[place].write(to: &$0) }
    case .model(let id):
      guard let place = models.place(id) else { return false }
      text.object { models.elements[place].write(to: &$0) }
    case .application(let model, let patch):
      guard let place = models.place(model),
        let applied = models.elements[place].applications[patch]
      else { return false }
      text.object { applied.write(to: &$0) }
    }
    return true
  }

  /// What is kept of the log itself: how many leaves there are of each type, and which have handed it over.
  private var logRow: [UInt8] {
    let counts = types.map { (ByteString($0.key), JSONValue.integer(Int64($0.value))) }
    var row = JSONObject([("types", .object(JSONObject(counts)))])
    let handovers = logKeys?.handovers ?? []
    if !handovers.isEmpty {
      row["handovers"] = .array(handovers.map { .integer(Int64($0.leaf)) })
    }
    do throws(CanonicalJSON.EncodingError) { return try CanonicalJSON.encode(.object(row)) } catch {
      preconditionFailure("there are no 2^53 leaves")
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
