import Attestation
import Ledger
public import Storage
import StrictJSON

/// Which disclosures are to be erased.
public enum ShredSelection: Sendable {
  /// All of a request.
  case request(String)
  /// All whose day of expiry has come.
  case expired(on: CivilDate)
}

/// What erasing disclosures has come to.
public struct ShredResult: Sendable {
  /// The requests that they belonged to, with how many each, and the leaf that says so.
  public let erased: [(request: String, count: Int, leaf: Int)]
  /// How many files were searched for what is left of them.
  public let searchedFiles: Int
  /// How many bytes those had.
  public let searchedByteCount: Int
}

extension Workspace {
  /// Erases disclosures, and looks for what is left of them.
  ///
  /// They go in the same transaction as the leaf that says so. Then the database is written anew and its log emptied,
  /// and all files of the workspace are searched. Repeating it after an interruption clears what was left; with
  /// nothing left to erase it still writes the database anew.
  ///
  /// - Throws: `invalid` where a trace is found: where it is.
  public func shred(_ selection: ShredSelection, _ surroundings: Surroundings)
    throws(ProvenanceError) -> ShredResult
  {
    let store = try openLedger(.append)
    let all = try ledger { () throws(LedgerError) in try store.disclosures() }
    let chosen = all.filter { disclosure in
      switch selection {
      case .request(let id): disclosure.request == id
      case .expired(let day): disclosure.expiry.map { $0 <= day } ?? false
      }
    }
    let requests = Set(chosen.map(\.request)).sorted()
    let groups = requests.map { id in
      (id, chosen.filter { $0.request == id }.map(\.commitment.digest))
    }
    var leaves: [Leaf] = []
    if !chosen.isEmpty {
      var attachments = LedgerStore.Attachments()
      attachments.shreddedDisclosures = chosen.map(\.commitment.digest)
      leaves = try record(
        groups.map { id, digests in
          Event(
            .disclosureShredded,
            ["request": .text(id), "disclosures": .array(digests.map { .text($0) })])
        }, attachments, in: store, at: surroundings.now)
    }
    try ledger { () throws(LedgerError) in try store.purge() }
    let kept = Set(
      all.filter { !chosen.contains($0) }.flatMap {
        KeyTraces.windows(of: Array($0.commitment.disclosure.utf8))
      })
    let traces = chosen.map {
      KeyTraces(erased: Array($0.commitment.disclosure.utf8), besides: kept)
    }
    let searched = try searchFiles(for: traces, surroundings) { number, file, place in
      ProvenanceError(
        .invalid,
        "not erased: a disclosure of the request \(chosen[number].request) is still in \(file) at byte \(place)",
        hint: "remove that file, or what keeps it from being cleared, and run shred again")
    }
    return ShredResult(
      erased: zip(groups, leaves).map { ($0.0, $0.1.count, $1.sequence) },
      searchedFiles: searched.files, searchedByteCount: searched.byteCount)
  }
}
