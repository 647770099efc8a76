public import Attestation
public import Ledger
import Patching
public import Storage

/// How a file is signed for people who have standard tools only.
public enum PlainSignature: String, CaseIterable, Sendable {
  /// For `ssh-keygen -Y verify`.
  case ssh
  /// For `minisign -Vm`.
  case minisign

  /// What is put behind a signed file's name.
  public var ending: String {
    switch self {
    case .ssh: ".sig"
    case .minisign: ".minisig"
    }
  }
}

extension Workspace {
  /// The heads that witnesses have cosigned.
  public var cosigned: WitnessStore { WitnessStore(folder: Paths.join(path, "witness")) }

  /// The newest head, with the cosignatures of witnesses where that very head has some.
  public func newestHead(_ store: LedgerStore) throws(ProvenanceError) -> (
    size: Int, note: SignedNote
  ) {
    try ledger { () throws(LedgerError) in try store.newestHead(cosigned: cosigned) }
  }

  /// Signs a file with the ledger's key.
  public func signFile(_ file: String, as format: PlainSignature, at time: Timestamp)
    throws(ProvenanceError) -> String
  {
    let key = try ledgerKey(of: try openLedger(.read))
    let hash: Hash512 = format == .ssh ? .sha512 : .blake2b
    let digest = try storing { () throws(StorageError) in try hash.digest(ofFile: file) }
    return try attesting { () throws(AttestationError) in
      switch format {
      case .ssh: try SSHSignature.sign(sha512: digest, with: key)
      case .minisign:
        try Minisign.sign(
          blake2b: digest,
          comment:
            "timestamp:\(time.seconds)\tfile:\(ByteString(Paths.name(of: file)))\thashed\tledger:\(verifierKey.name)",
          with: key)
      }
    }
  }

  /// The ledger's public key as a format's tool reads it.
  public func publicKeyFile(for format: PlainSignature) throws(ProvenanceError) -> String {
    let key = try ledgerKeys().present
    return try attesting { () throws(AttestationError) in
      switch format {
      case .ssh: try SSHSignature.allowedSigner(key.name, key: key.publicKey)
      case .minisign: try Minisign.publicKeyFile(key.publicKey)
      }
    }
  }
}
