public import Attestation
public import Storage
import StrictJSON

/// One claim about a model: a signed bundle with what it states.
///
/// Reading one says nothing of who has signed.
public struct Claim: Hashable, Sendable {
  /// What is claimed.
  public enum Predicate: Hashable, Sendable {
    /// How the model came to be.
    case provenance(BuildProvenance)
    /// What its measurements come to.
    case testResult(TestResult)
    /// What was verified of it.
    case verification(VerificationResult)
    /// Something that is not understood here, by its type.
    case other(String)

    /// A word for it.
    public var word: String {
      switch self {
      case .provenance: "provenance"
      case .testResult: "test-result"
      case .verification: "verification"
      case .other(let type): "\(ByteString(type)), which is not judged here"
      }
    }
  }

  /// The longest line that is read.
  public static let byteLimit = 8 << 20

  /// The bundle.
  public let bundle: SigstoreBundle
  /// What it is about: the model by its root first, then files of it.
  public let subjects: [Statement.Subject]
  /// What is claimed.
  public let predicate: Predicate

  /// The root of the model that it is about.
  public var root: Digest { subjects[0].sha256 }

  /// Reads a bundle.
  public init(parsing bytes: [UInt8]) throws(ClaimsError) {
    guard bytes.count <= Self.byteLimit else {
      throw ClaimsError("has \(bytes.count) bytes, at most \(Self.byteLimit) are read")
    }
    let statement: Statement
    do throws(AttestationError) {
      bundle = try SigstoreBundle(parsing: bytes)
      guard bundle.envelope.payloadType == DSSEEnvelope.inTotoType else {
        throw AttestationError(
          .malformed(
            "the payload is of the type \(ByteString(bundle.envelope.payloadType)), expected \(DSSEEnvelope.inTotoType)"
          ))
      }
      statement = try Statement(parsing: bundle.envelope.payload)
    } catch { throw ClaimsError(error.description) }
    subjects = statement.subjects
    guard !subjects.isEmpty else { throw ClaimsError("statement: there is no subject") }
    let field = JSONField(statement.predicate, path: "predicate")
    do throws(JSONFieldError) {
      predicate =
        switch statement.predicateType {
        case BuildProvenance.predicateType:
          try BuildProvenance(field).map { .provenance($0) }
            ?? .other("\(statement.predicateType) of another build type")
        case TestResult.predicateType: .testResult(try TestResult(field))
        case VerificationResult.predicateType:
          .verification(try VerificationResult(field, isFormer: false))
        case VerificationResult.formerPredicateType:
          .verification(try VerificationResult(field, isFormer: true))
        case let type: .other(type)
        }
    } catch { throw ClaimsError("statement: \(error)") }
  }
}

extension Statement {
  /// That a model came to be so.
  ///
  /// - Parameter subjects: The model by its root first, then its files.
  public init(of subjects: [Subject], _ provenance: BuildProvenance) {
    self.init(
      subjects: subjects, predicateType: BuildProvenance.predicateType, predicate: provenance.json)
  }

  /// What a model's measurements come to.
  public init(of model: Subject, _ result: TestResult) {
    self.init(
      subjects: [model], predicateType: TestResult.predicateType, predicate: result.json)
  }

  /// What was verified of a model.
  public init(of model: Subject, _ result: VerificationResult) {
    self.init(
      subjects: [model], predicateType: VerificationResult.predicateType, predicate: result.json)
  }
}
