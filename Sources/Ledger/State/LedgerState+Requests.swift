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
    public internal(set) var due: CivilDate
    /// Digests of what is said of the person, and of whom was told.
    public internal(set) var commitments: [String]
    /// Those of them whose disclosures were erased.
    public internal(set) var shredded: Set<String> = []
    /// What has been done about it besides patches.
    public internal(set) var handling = Handling()
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
    let ground: Ground = try fields.term("ground")
    var handling = Request.Handling()
    handling.manner = try fields.termIfPresent("manner")
    handling.utcOffset =
      try fields.readIfPresent("utc_offset") { field throws(JSONFieldError) in
        try field.integer()
      } ?? 0
    guard (-840...840).contains(handling.utcOffset) else {
      throw refuse("clocks are at most 14 hours ahead of or behind UTC")
    }
    let request = Request(
      id: id, regime: regime, ground: ground.rawValue, received: received, due: due,
      commitments: try fields.texts("commitments"), handling: handling, leaves: [fields.sequence])
    guard received <= request.day(at: try fields.time("time")) else {
      throw refuse("\(received) has not come yet")
    }
    requests.append(request, key: id)
  }

  /// Adds a leaf to the history of a request.
  mutating func note(_ leaf: Int, _ request: Int?) {
    if let request { requests.elements[request].leaves.append(leaf) }
  }
}

extension LedgerState.Request: SubjectRow {
  func write(to row: inout RowText) {
    row.add("commitments", commitments)
    row.add("due", due)
    row.add("ground", ground)
    row.key("handling")
    row.object { handling.write(to: &$0) }
    row.add("received", received)
    row.add("regime", regime.rawValue)
    row.add("reversible", reversibleCount)
    if !shredded.isEmpty { row.add("shredded", shredded.sorted()) }
    row.add("status", status.rawValue)
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
      },
      shredded: Set(
        try row["shredded"].optional?.elements().map { field throws(JSONFieldError) in
          try field.text()
        } ?? []), handling: try Handling(row: row["handling"]), status: status,
      reversibleCount: try row["reversible"].count())
  }
}
