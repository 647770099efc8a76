public import Storage

/// The head of a log, as a C2SP tlog-checkpoint: origin, size, root.
public struct LogCheckpoint: Hashable, Sendable {
  /// The name of the log.
  public let origin: String
  /// How many leaves the log has.
  public let treeSize: Int
  /// The root of the Merkle tree over them.
  public let root: Digest

  /// Makes a head.
  public init(origin: String, treeSize: Int, root: Digest) {
    self.origin = origin
    self.treeSize = treeSize
    self.root = root
  }

  /// The text that is signed.
  public var text: String { "\(origin)\n\(treeSize)\n\(Base64.encode(root.bytes))\n" }

  /// Reads the text of a note; extension lines are allowed and ignored.
  public init(parsing text: String) throws(AttestationError) {
    let lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
    guard lines.count >= 4, lines.dropLast().allSatisfy({ !$0.isEmpty }),
      lines.last?.isEmpty == true,
      let origin = String(lines[0]), let size = DecimalText.integer(lines[1]),
      let root = String(lines[2]).flatMap({ Base64.decode($0) }).flatMap({ Digest(bytes: $0) })
    else { throw AttestationError(.malformed("not a checkpoint (origin, size, root)")) }
    self.init(origin: origin, treeSize: size, root: root)
  }

  /// Reads the head of a note that a key has signed, whose name is the log's origin.
  ///
  /// - Throws: Where the note is no head, is of another log, or is not signed by the key.
  public init(_ note: SignedNote, signedBy key: VerifierKey) throws(AttestationError) {
    try self.init(parsing: note.text)
    guard ByteString(origin) == ByteString(key.name) else {
      throw AttestationError(
        .malformed("a head of the log \(ByteString(origin)), expected \(key.name)"))
    }
    switch note.verification(by: key) {
    case .signed: return
    case .absent: throw AttestationError(.malformed("the head is not signed by \(key.encoded)"))
    case .refused(let why): throw AttestationError(.malformed(why))
    }
  }
}
