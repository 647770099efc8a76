public import Attestation
public import Ledger
public import Patching
public import Safetensors
public import Storage

/// Why an operation under the ledger was refused, and what to do about it.
public struct ProvenanceError: Error, Sendable, CustomStringConvertible {
  /// What kind of refusal it is; decides the exit code of a command.
  public enum Category: Hashable, Sendable {
    /// A check failed.
    case invalid
    /// What was asked for makes no sense.
    case usage
    /// No trusted signer.
    case untrusted
    /// Something needed for a verdict is missing.
    case incomplete
    /// Reading or writing failed.
    case inputOutput
    /// The present state does not fit.
    case state
  }

  /// What kind of refusal it is.
  public var category: Category
  /// What, where, expected and found.
  public var description: String
  /// What to do next, where that is known.
  public var hint: String?

  /// Makes an error.
  public init(_ category: Category, _ description: String, hint: String? = nil) {
    self.category = category
    self.description = description
    self.hint = hint
  }

  /// Wraps an error of a module below.
  public init(_ error: PatchError) {
    description = error.description
    switch error.reason {
    case .malformed, .mismatch, .wrongResult: category = .invalid
    case .attestation(let inner): self = ProvenanceError(inner)
    case .wrongBase, .foreignModel:
      category = .state
      hint = "apply the patch to the model that it was made for; `inspect` shows its base"
    case .recoveryNeeded, .unsafeTarget, .unsuitable, .alreadyApplied: category = .state
    case .storage(let inner): self = ProvenanceError(inner)
    case .model(let inner): self = ProvenanceError(inner)
    }
  }

  /// Wraps an error of the file system.
  public init(_ error: StorageError) {
    description = error.description
    switch error.reason {
    case .symbolicLink, .hardLinked, .locked, .exists, .notWritable: category = .state
    default: category = .inputOutput
    }
  }

  /// Wraps an error of a model file.
  public init(_ error: TensorFileError) {
    if case .storage(let inner) = error {
      self = ProvenanceError(inner)
    } else {
      category = .invalid
      description = error.description
    }
  }

  /// Wraps an error of keys, signatures and seals.
  public init(_ error: AttestationError) {
    if case .storage(let inner) = error.reason {
      self = ProvenanceError(inner)
    } else if case .notARecipient = error.reason {
      category = .state
      description = error.description
      hint = "use the private key of a recipient, or ask for the patch to be sealed for yours"
    } else {
      category = .invalid
      description = error.description
    }
  }

  /// Wraps an error of the ledger.
  public init(_ error: LedgerError) {
    description = error.description
    switch error.reason {
    case .notPossible, .formerKey: category = .state
    case .badValue: category = .usage
    case .inconsistent: category = .invalid
    case .database: category = .inputOutput
    case .storage(let inner): self = ProvenanceError(inner)
    case .attestation(let inner): self = ProvenanceError(inner)
    }
  }
}

/// Runs a step of the ledger and gives its error this module's type.
func ledger<Value: ~Copyable>(_ body: () throws(LedgerError) -> Value) throws(ProvenanceError)
  -> Value
{
  do throws(LedgerError) { return try body() } catch { throw ProvenanceError(error) }
}

/// Runs a step of patching and gives its error this module's type.
func patching<Value: ~Copyable>(_ body: () throws(PatchError) -> Value) throws(ProvenanceError)
  -> Value
{
  do throws(PatchError) { return try body() } catch { throw ProvenanceError(error) }
}

/// Runs a step of the file system and gives its error this module's type.
func storing<Value: ~Copyable>(_ body: () throws(StorageError) -> Value) throws(ProvenanceError)
  -> Value
{
  do throws(StorageError) { return try body() } catch { throw ProvenanceError(error) }
}

/// Runs a step of attestation and gives its error this module's type.
func attesting<Value: ~Copyable>(_ body: () throws(AttestationError) -> Value)
  throws(ProvenanceError) -> Value
{
  do throws(AttestationError) { return try body() } catch { throw ProvenanceError(error) }
}

/// Reads a checkpoint and gives the error this module's type.
func readingModel(_ path: String) throws(ProvenanceError) -> Safetensors.Checkpoint {
  do throws(TensorFileError) { return try Safetensors.Checkpoint(path: path) } catch {
    throw ProvenanceError(error)
  }
}
