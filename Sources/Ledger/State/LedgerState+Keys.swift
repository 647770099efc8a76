public import Storage
import StrictJSON

extension LedgerState {
  /// A signer's key.
  public struct Key: Sendable {
    /// The SHA-256 of its PEM.
    public let id: Digest
    /// What it was recorded to sign.
    public internal(set) var roles: [String]
    /// The leaf that recorded it last.
    public internal(set) var leaf: Int
    /// The leaf from which on its signatures don't count; nil while they do.
    public internal(set) var revokedFrom: Int?
    /// Why; nil where it was only replaced.
    public internal(set) var reason: RevocationReason?
    /// The key that replaced it.
    public internal(set) var successor: Digest?
  }

  /// Why a key does not count any more.
  public enum RevocationReason: String, CaseIterable, Hashable, Sendable {
    /// Someone else has it, or may have.
    case compromised
    /// Its owner does not sign any more.
    case retired
    /// It is lost.
    case lost
  }

  /// The keys whose signatures did not count at a place of the log.
  public func revokedKeys(at leaf: Int) -> [Digest: Int] {
    var revoked: [Digest: Int] = [:]
    for key in keys {
      if let from = key.revokedFrom, leaf >= from { revoked[key.id] = from }
    }
    return revoked
  }

  /// Where a key is; nil where it is not known.
  func place(ofKey id: Digest) throws(LeafRefusal) -> Int? {
    if let place = keys.place(id) { return place }
    try demand(.key(id))
    return nil
  }

  mutating func takeKey(_ fields: LeafFields) throws(LeafRefusal) {
    let id = try fields.digest("key_id")
    let roles = fields.isPresent("roles") ? try fields.texts("roles") : []
    let place = try place(ofKey: id)
    if let place, let from = keys.elements[place].revokedFrom {
      throw refuse("the key does not count since leaf \(from), and can't be trusted again")
    }
    set(Key(id: id, roles: roles, leaf: fields.sequence), at: place)
  }

  /// The role of a rotation that hands over the log itself.
  static let logRole = "ledger"

  /// One key takes the place of another: a signer's, or with a role the log's own.
  mutating func takeRotation(_ fields: LeafFields) throws(LeafRefusal) {
    guard let role = try fields.textIfPresent("role") else { return try takeSuccession(fields) }
    guard role == Self.logRole else {
      throw refuse("role is \"\(role)\", expected \(Self.logRole) or none")
    }
    guard var keys = logKeys else { throw refuse("the first leaf names no key of the log") }
    try keys.take(fields)
    logKeys = keys
  }

  /// A signer's key takes the place of another.
  private mutating func takeSuccession(_ fields: LeafFields) throws(LeafRefusal) {
    let (old, new) = (try fields.digest("old"), try fields.digest("new"))
    let place = try activePlace(ofKey: old)
    guard old != new, try self.place(ofKey: new) == nil else {
      throw refuse("the new key is in the log already")
    }
    keys.elements[place].revokedFrom = fields.sequence + 1
    keys.elements[place].successor = new
    keys.elements[place].leaf = fields.sequence
    set(Key(id: new, roles: keys.elements[place].roles, leaf: fields.sequence), at: nil)
  }

  mutating func takeRevocation(_ fields: LeafFields) throws(LeafRefusal) {
    let place = try activePlace(ofKey: try fields.digest("key_id"))
    let reason: RevocationReason = try fields.term("reason")
    let from = fields.isPresent("from") ? try fields.integer("from") : fields.sequence
    guard (0...fields.sequence).contains(from) else {
      throw refuse("from is leaf \(from), expected one up to \(fields.sequence)")
    }
    keys.elements[place].revokedFrom = from
    keys.elements[place].reason = reason
    keys.elements[place].leaf = fields.sequence
  }

  /// Where the key is whose signatures count.
  private func activePlace(ofKey id: Digest) throws(LeafRefusal) -> Int {
    guard let place = try place(ofKey: id) else { throw refuse("the key is not known") }
    if let from = keys.elements[place].revokedFrom {
      throw refuse("the key does not count since leaf \(from) already")
    }
    return place
  }

  private mutating func set(_ key: Key, at place: Int?) {
    if let place {
      keys.elements[place] = key
    } else {
      keys.append(key, key: key.id)
    }
  }
}

extension LedgerState.Key: SubjectRow {
  func write(to row: inout RowText) {
    row.add("leaf", leaf)
    row.add("reason", reason?.rawValue)
    row.add("revoked_from", revokedFrom)
    row.add("roles", roles)
    row.add("successor", successor)
  }

  init(id: Digest, row: JSONField) throws(JSONFieldError) {
    self.init(
      id: id,
      roles: try row["roles"].elements().map { role throws(JSONFieldError) in try role.text() },
      leaf: try row["leaf"].count(),
      revokedFrom: try row["revoked_from"].optional?.count(),
      reason: try row["reason"].optional.map { field throws(JSONFieldError) in
        try field.term()
      }, successor: try row["successor"].optional?.digest())
  }
}
