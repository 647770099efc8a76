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
  }

  /// Where a key is; nil where it is not known.
  func place(ofKey id: Digest) throws(LeafRefusal) -> Int? {
    if let place = keys.place(id) { return place }
    try demand(.key(id))
    return nil
  }

  mutating func takeKey(_ fields: LeafFields) throws(LeafRefusal) {
    let id = try fields.digest("key_id")
    let roles = try fields.readIfPresent("roles") { field throws(JSONFieldError) in
      try field.elements().map { role throws(JSONFieldError) in try role.text() }
    }
    let key = Key(id: id, roles: roles ?? [], leaf: fields.sequence)
    if let place = try place(ofKey: id) {
      keys.elements[place] = key
    } else {
      keys.append(key, key: id)
    }
  }
}

extension LedgerState.Key: SubjectRow {
  func write(to row: inout RowText) {
    row.add("leaf", leaf)
    row.add("roles", roles)
  }

  init(id: Digest, row: JSONField) throws(JSONFieldError) {
    self.init(
      id: id,
      roles: try row["roles"].elements().map { role throws(JSONFieldError) in try role.text() },
      leaf: try row["leaf"].count())
  }
}
