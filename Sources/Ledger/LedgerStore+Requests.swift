import GRDB
import Storage

extension LedgerStore {
  /// The requests of an identity, or else those whose random part begins so; without the leaves that concern them.
  ///
  /// From what is kept beside the leaves, as appending has it: that this is what they add up to is for
  /// `LedgerVerification` to tell.
  ///
  /// - Complexity: O(log n), and what is found.
  public func requests(matching text: String) throws(LedgerError) -> [LedgerState.Request] {
    try read { database in
      guard try Schema.version(of: database) >= Schema.firstWithSubjects else {
        let state = try Self.state(database, verifierKey)
        if let exact = state.request(text) { return [exact] }
        return state.requests.filter { $0.id.hasPrefix(Self.identityPrefix + text) }
      }
      var working = try WorkingSet(after: nil, LogKeys(first: verifierKey), database)
      for id in try Self.requestIdentities(text, database) {
        try working.load(.request(id), database)
      }
      return Array(working.state.requests)
    }
  }

  private static let identityPrefix = "urn:uuid:"

  private static func requestIdentities(_ text: String, _ database: Database) throws -> [String] {
    let select = "SELECT id FROM subjects WHERE kind = 'request' AND"
    let exact = try String.fetchAll(database, sql: "\(select) id = ?", arguments: [text])
    if !exact.isEmpty { return exact }
    // Identities are ASCII, so the last of all characters is after every continuation.
    let start = identityPrefix + text
    return try String.fetchAll(
      database, sql: "\(select) id >= ? AND id < ? ORDER BY id",
      arguments: [start, start + "\u{10FFFF}"])
  }
}
