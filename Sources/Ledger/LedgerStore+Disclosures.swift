public import Attestation
import GRDB
public import Storage

extension LedgerStore {
  /// A fact about a person, kept where it can be erased.
  public struct Disclosure: Hashable, Sendable {
    /// The request that it belongs to.
    public let request: String
    /// The fact with its salt.
    public let commitment: Commitment
    /// The day from which on it is to be erased; nil where none was named.
    public let expiry: CivilDate?

    /// Ties a fact to a request.
    public init(request: String, commitment: Commitment, expiry: CivilDate?) {
      self.request = request
      self.commitment = commitment
      self.expiry = expiry
    }
  }

  /// The longest disclosure that is read.
  private static let disclosureLimit = 2 << 20

  /// All disclosures that are kept, in the order of their digests.
  ///
  /// - Throws: `inconsistent` where one is not what its digest says.
  public func disclosures() throws(LedgerError) -> [Disclosure] {
    try read { database in
      let version = try Schema.version(of: database)
      let expires = version >= Schema.firstWithSubjects ? "expires" : "NULL"
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT digest, request, CASE WHEN length(disclosure) <= \(Self.disclosureLimit) THEN disclosure END, \(expires)
          FROM disclosures ORDER BY digest
          """)
      var found: [Disclosure] = []
      while let row = try rows.next() {
        guard let digest = String.fromDatabaseValue(row[0]),
          let request = String.fromDatabaseValue(row[1]),
          let text = String.fromDatabaseValue(row[2])
        else { throw LedgerError(.inconsistent("a disclosure is too long or of a wrong type")) }
        let commitment = Commitment(disclosure: text)
        guard commitment.digest == digest else {
          throw LedgerError(
            .inconsistent(
              "the disclosure kept for the commitment \(digest) is not what it commits to"))
        }
        found.append(
          Disclosure(
            request: request, commitment: commitment,
            expiry: String.fromDatabaseValue(row[3]).flatMap { CivilDate($0) }))
      }
      return found
    }
  }
}
