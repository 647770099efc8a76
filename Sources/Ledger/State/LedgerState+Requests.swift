public import Storage
import StrictJSON

extension LedgerState {
  /// A request for erasure.
  public struct Request: Sendable {
    /// The identity, `urn:uuid:…`.
    public let id: String
    /// The law.
    public let regime: Regime
    /// The ground, such as `17-1-b`.
    public let ground: String
    /// When it came.
    public let received: CivilDate
    /// The last day to answer it.
    public let due: CivilDate
    /// Digests of what is said of the person.
    public let commitments: [String]
    /// Where it stands.
    public internal(set) var status = Status.open
    /// Leaves that concern it.
    public internal(set) var leaves: [Int] = []
    /// How many patches are applied for it, to whatever models, that could still be taken back.
    var reversibleCount = 0

    /// Where a request stands.
    public enum Status: String, Sendable {
      /// Nothing has been applied for it.
      case open
      /// A patch has been applied for it and can still be taken back.
      case applied
      /// A patch has been applied for it and can't be taken back any more.
      case final
    }
  }

  /// Where a request is; nil where it is not known.
  func place(ofRequest id: String) throws(LeafRefusal) -> Int? {
    if let place = requests.place(id) { return place }
    try demand(.request(id))
    return nil
  }

  /// Where the request is that a leaf names; nil where it names none, and refused where that is not known.
  func requestPlace(_ id: String?) throws(LeafRefusal) -> Int? {
    guard let id else { return nil }
    guard let place = try place(ofRequest: id) else { throw refuse("the request is not known") }
    return place
  }

  mutating func takeRequest(_ fields: LeafFields) throws(LeafRefusal) {
    let id = try fields.identity("request")
    guard try place(ofRequest: id) == nil else { throw refuse("the request is known already") }
    guard let regime = Regime(rawValue: try fields.text("regime")),
      let received = CivilDate(try fields.text("received")),
      let due = CivilDate(try fields.text("due"))
    else { throw refuse("regime or dates are not readable") }
    guard due == regime.due(received: received) else {
      throw refuse("due \(due), the law gives until \(regime.due(received: received))")
    }
    requests.append(
      Request(
        id: id, regime: regime, ground: try fields.text("ground"), received: received, due: due,
        commitments: try fields.texts("commitments"), leaves: [fields.sequence]),
      key: id)
  }

  /// Adds a leaf to the history of a request.
  mutating func note(_ leaf: Int, _ request: Int?) {
    if let request { requests.elements[request].leaves.append(leaf) }
  }
}

extension LedgerState.Request: SubjectRow {
  var row: JSONValue {
    .present([
      "regime": .text(regime.rawValue), "ground": .text(ground),
      "received": .text(received.description), "due": .text(due.description),
      "commitments": .array(commitments.map { .text($0) }), "status": .text(status.rawValue),
      "reversible": .integer(Int64(reversibleCount)),
    ])
  }

  init(id: String, row: JSONField) throws(JSONFieldError) {
    guard let regime = Regime(rawValue: try row["regime"].text()) else {
      throw JSONFieldError(row["regime"].path, expected: "a law")
    }
    guard let status = Status(rawValue: try row["status"].text()) else {
      throw JSONFieldError(row["status"].path, expected: "open, applied or final")
    }
    self.init(
      id: id, regime: regime, ground: try row["ground"].text(),
      received: try row["received"].date(), due: try row["due"].date(),
      commitments: try row["commitments"].elements().map { field throws(JSONFieldError) in
        try field.text()
      }, status: status, reversibleCount: try row["reversible"].count())
  }
}
