import Storage
import StrictJSON

/// What is done about a request besides patches: confirmed, extended, refused, withdrawn, closed, passed on.
extension LedgerState {
  /// A leaf about an open request, with the day that it tells.
  private struct HandlingStep {
    let place: Int
    let day: CivilDate
  }

  /// Reads what all these leaves have: a request that is open, and a day from its receipt to the leaf's own.
  private func step(_ fields: LeafFields, isOpen: Bool = true) throws(LeafRefusal) -> HandlingStep {
    guard let place = try place(ofRequest: try fields.identity("request")) else {
      throw refuse("the request is not known")
    }
    let request = requests.elements[place]
    if isOpen, let answer = request.handling.answer {
      throw refuse("the request has been \(answer.name) on \(answer.date)")
    }
    let day = try fields.date("on")
    guard day >= request.received else {
      throw refuse("\(day) is before the request came, \(request.received)")
    }
    guard day <= request.day(at: try fields.time("time")) else {
      throw refuse("\(day) has not come yet")
    }
    return HandlingStep(place: place, day: day)
  }

  private mutating func handle(
    _ place: Int, _ leaf: Int, _ change: (inout Request.Handling) -> Void
  ) {
    change(&requests.elements[place].handling)
    note(leaf, place)
  }

  mutating func takeConfirmation(_ fields: LeafFields) throws(LeafRefusal) {
    let step = try step(fields)
    guard requests.elements[step.place].handling.confirmed == nil else {
      throw refuse("its receipt has been confirmed already")
    }
    handle(step.place, fields.sequence) { $0.confirmed = step.day }
  }

  mutating func takeIdentification(_ fields: LeafFields) throws(LeafRefusal) {
    let step = try step(fields)
    let check: IdentityCheck = try fields.term("check")
    handle(step.place, fields.sequence) { $0.identityCheck = check }
  }

  mutating func takeExtension(_ fields: LeafFields) throws(LeafRefusal) {
    let step = try step(fields)
    let request = requests.elements[step.place]
    let reason: ExtensionReason = try fields.term("reason")
    guard request.handling.extensionReason == nil else {
      throw refuse("it has been extended already, and the law knows one extension")
    }
    guard step.day <= request.due else {
      throw refuse(
        "the person was told on \(step.day), an extension counts only if told by \(request.due)")
    }
    let due = try fields.date("due")
    let lawful = request.regime.extendedDue(received: request.received)
    guard due == lawful else { throw refuse("due \(due), the law gives until \(lawful)") }
    requests.elements[step.place].due = due
    handle(step.place, fields.sequence) { $0.extensionReason = reason }
  }

  mutating func takeRefusalOfRequest(_ fields: LeafFields) throws(LeafRefusal) {
    let step = try step(fields)
    let basis: RefusalBasis = try fields.term("basis")
    let regime = requests.elements[step.place].regime
    guard basis.isOf(regime) else {
      throw refuse("\(basis.rawValue) is no ground of refusal of \(regime.rawValue)")
    }
    guard requests.elements[step.place].status == .open else {
      throw refuse("a patch is applied for it; take it back, or close the request")
    }
    handle(step.place, fields.sequence) { $0.answer = .refused(basis, on: step.day) }
  }

  mutating func takeWithdrawal(_ fields: LeafFields) throws(LeafRefusal) {
    let step = try step(fields)
    handle(step.place, fields.sequence) { $0.answer = .withdrawn(on: step.day) }
  }

  mutating func takeClosing(_ fields: LeafFields) throws(LeafRefusal) {
    let step = try step(fields)
    let effect: ErasureEffect = try fields.term("effect")
    let isPartial = try fields.flag("partial")
    if effect == .removed, requests.elements[step.place].status == .open {
      throw refuse("nothing is removed: no patch is applied for it")
    }
    handle(step.place, fields.sequence) {
      $0.answer = .closed(effect, isPartial: isPartial, on: step.day)
    }
  }

  mutating func takeNotification(_ fields: LeafFields) throws(LeafRefusal) {
    let step = try step(fields, isOpen: false)
    let _: RecipientClass = try fields.term("recipient")
    let isReached = try fields.flag("reached")
    let request = requests.elements[step.place]
    if case .closed = request.handling.answer {
    } else if request.status == .open || request.handling.answer != nil {
      throw refuse("there is no erasure to tell of")
    }
    if let who = try fields.textIfPresent("who") {
      requests.elements[step.place].commitments.append(who)
    }
    handle(step.place, fields.sequence) {
      if isReached { $0.notifiedCount += 1 } else { $0.unreachableCount += 1 }
    }
  }

  /// Disclosures about a person are erased.
  mutating func takeShredding(_ fields: LeafFields) throws(LeafRefusal) {
    guard let place = try place(ofRequest: try fields.identity("request")) else {
      throw refuse("the request is not known")
    }
    let digests = try fields.texts("disclosures")
    let request = requests.elements[place]
    for digest in digests {
      guard request.commitments.contains(digest) else {
        throw refuse("the request has no commitment \(digest)")
      }
      if request.shredded.contains(digest) { throw refuse("\(digest) is erased already") }
    }
    guard !digests.isEmpty, Set(digests).count == digests.count else {
      throw refuse("the disclosures are none, or given twice")
    }
    requests.elements[place].shredded.formUnion(digests)
    note(fields.sequence, place)
  }

  /// A patch was taken back: a request that was closed because it had been applied is open again.
  mutating func reopen(_ request: Int) {
    if case .closed(.removed, _, _) = requests.elements[request].handling.answer {
      requests.elements[request].handling.answer = nil
    }
  }

  /// Refuses a patch for a request that has ended.
  func checkOpen(_ request: Int?) throws(LeafRefusal) {
    guard let request, let answer = requests.elements[request].handling.answer else { return }
    throw refuse("the request that it answers has been \(answer.name) on \(answer.date)")
  }
}

extension LedgerState.Request.Handling {
  /// Writes what reducing needs of it.
  func write(to row: inout RowText) {
    if let answer {
      row.key("answer")
      row.object { answer.write(to: &$0) }
    }
    row.add("confirmed", confirmed)
    row.add("extension", extensionReason?.rawValue)
    row.add("identity_check", identityCheck?.rawValue)
    row.add("manner", manner?.rawValue)
    row.add("notified", notifiedCount)
    row.add("unreachable", unreachableCount)
    row.add("utc_offset", utcOffset == 0 ? nil : utcOffset)
  }

  init(row: JSONField) throws(JSONFieldError) {
    manner = try row["manner"].optional?.term()
    utcOffset = try row["utc_offset"].optional?.integer() ?? 0
    confirmed = try row["confirmed"].optional?.date()
    identityCheck = try row["identity_check"].optional?.term()
    extensionReason = try row["extension"].optional?.term()
    notifiedCount = try row["notified"].count()
    unreachableCount = try row["unreachable"].count()
    answer = try row["answer"].optional.map { field throws(JSONFieldError) in
      try LedgerState.Request.Answer(row: field)
    }
  }
}

extension LedgerState.Request.Answer {
  fileprivate func write(to row: inout RowText) {
    if case .closed(let effect, let isPartial, _) = self {
      row.add("closed", effect.rawValue)
      row.add("on", date)
      row.add("partial", isPartial ? 1 : 0)
      return
    }
    row.add("on", date)
    if case .refused(let basis, _) = self { row.add("refused", basis.rawValue) }
  }

  fileprivate init(row: JSONField) throws(JSONFieldError) {
    let date = try row["on"].date()
    if let basis = row["refused"].optional {
      self = .refused(try basis.term(), on: date)
    } else if let effect = row["closed"].optional {
      self = .closed(try effect.term(), isPartial: try row["partial"].count() == 1, on: date)
    } else {
      self = .withdrawn(on: date)
    }
  }
}
