public import Attestation
public import Ledger
import ModelSigning
import Patching
import Safetensors
import Storage

/// Whom a verifier lets sign a model.
public enum ModelTrust: Sendable {
  /// The holder of one key.
  case key(PublicKey)
  /// Whose certificate leads to one of these.
  case roots(CertificateRoots)
  /// Whom a trust file names for models.
  case file(TrustFile)
}

/// How strictly a signature over a model is judged.
public struct SignatureRules: Sendable {
  /// Paths relative to the folder that are left out besides those of the signature.
  public var ignored: [String] = []
  /// Whether files that were not signed may be there.
  public var allowsUnsigned = false
  /// Whether a signature that departs from the specification is refused, though it is clear what it means.
  public var isStrict = false

  /// The usual strictness.
  public init() {}
}

/// The walk that answers whether the files of a model are those that someone has signed, without a ledger.
public struct SignatureVerification: Sendable {
  /// The steps, in order.
  public private(set) var findings: [Finding] = []

  private let signature: ModelSignature
  private let rules: SignatureRules

  /// Verifies a model by a signature.
  ///
  /// - Parameters:
  ///   - model: The model's folder, or the one file that it is.
  ///   - trust: Whom the verifier trusts; nil tells whether the files are those that were signed, and refuses.
  /// - Throws: `untrusted` where no one has signed whom the verifier trusts.
  public init(
    model: String, signature path: String, by trust: ModelTrust?, _ rules: SignatureRules,
    _ surroundings: Surroundings
  ) throws(ProvenanceError) {
    guard try storing({ () throws(StorageError) in try FileStatus.ifExists(path) }) != nil else {
      throw ProvenanceError(
        .incomplete, "\(path): there is no such signature",
        hint: "sign the model with `unlearn-patch sign \(model) --key KEY`")
    }
    let status = try storing { () throws(StorageError) in try FileStatus(of: model) }
    if status.kind == .directory { try Workspace.refuseUnfinished(model) }
    let signature = try signing { () throws(ModelSigningError) in try ModelSignature(path: path) }
    (self.signature, self.rules) = (signature, rules)
    var isTrusted = true
    switch trust {
    case .key(let key):
      judge { () throws(ModelSigningError) in try signature.check(by: key) }
    case .roots(let roots):
      judge { () throws(ModelSigningError) in try signature.check(by: roots, at: surroundings.now) }
    case .file(let file):
      findings.append(
        Finding(
          "signature", .passed,
          "signed by "
            + (try Self.names(
              file.verdict(on: signature.bundle.envelope, role: .model, at: surroundings.now), path
            )
            .joined(separator: ", "))))
    case nil: isTrusted = false
    }
    judgeForm()
    try compare(model, path, surroundings)
    if !isTrusted && Verdict(findings) == .valid {
      throw ProvenanceError(
        .untrusted,
        "\(model): integrity only, signer unknown: the files are those that were signed, and nothing says by whom",
        hint: "name the signer with --public-key, --certificate-chain or --trust")
    }
  }

  private mutating func judge(_ check: () throws(ModelSigningError) -> String) {
    do throws(ModelSigningError) {
      findings.append(Finding("signature", .passed, try check()))
    } catch { findings.append(Finding("signature", .failed, error.description)) }
  }

  private mutating func judgeForm() {
    let departures = signature.departures
    let shown = departures.prefix(8).joined(separator: "; ")
    let more = departures.count > 8 ? " and \(departures.count - 8) more" : ""
    findings.append(
      Finding(
        "form", rules.isStrict && !departures.isEmpty ? .failed : .passed,
        departures.isEmpty
          ? "as OpenSSF Model Signing v1.0 has it"
          : "departs from the specification: \(shown)\(more)"
      ))
  }

  private mutating func compare(_ model: String, _ path: String, _ surroundings: Surroundings)
    throws(ProvenanceError)
  {
    let differences: FileDifferences
    var ignored = IgnoredPaths(rules.ignored)
    do throws(ModelSigningError) {
      if let inside = try IgnoredPaths.inside(path, of: model) { ignored.insert(inside) }
      ignored = ignored.union(try signature.unsignedNames(in: model))
      differences = try signature.differences(
        from: model, ignoring: ignored, allowsUnsigned: rules.allowsUnsigned
      ) { surroundings.progress("hashing the model", $0, $1) }
    } catch { throw ProvenanceError(error) }
    let count = signature.manifest.files.count
    findings.append(
      Finding(
        "files", differences.isEmpty ? .passed : .failed,
        differences.isEmpty
          ? "\(count) as signed, root \(signature.manifest.root)"
            + (rules.allowsUnsigned ? "; others were not looked at" : "")
          : differences.description))
    let left = IgnoredPaths(signature.manifest.ignored).union(ignored).list
    findings.append(
      Finding(
        "left out", .passed,
        "by the signature \(Self.list(signature.manifest.ignored)); in all \(Self.list(left))"))
  }

  static func list(_ paths: [String]) -> String {
    if paths.isEmpty { return "nothing" }
    let shown = paths.prefix(16).map { ByteString($0).description }.joined(separator: ", ")
    return shown + (paths.count > 16 ? " and \(paths.count - 16) more" : "")
  }

  private static func names(_ verdict: TrustFile.Verdict, _ path: String)
    throws(ProvenanceError) -> [String]
  {
    switch verdict {
    case .trusted(let names): return names
    case .unknownSigner(let hints):
      throw ProvenanceError(
        .untrusted,
        "\(path): signed by no one whom the trust file names for models (keys \(hints.joined(separator: ", ")))",
        hint: "if you know the signer: `unlearn-patch trust add SIGNER.pub.pem --name NAME`")
    case .invalid(let what): throw ProvenanceError(.invalid, "\(path): \(what)")
    case .outsideWindow(let name):
      throw ProvenanceError(
        .untrusted,
        "\(path): \(name)'s key does not count now: outside not-before and not-after")
    case .revoked(let name):
      throw ProvenanceError(
        .untrusted, "\(path): signed by \(name) with a key that has been revoked or replaced")
    case .belowThreshold(let have, let need):
      throw ProvenanceError(
        .untrusted,
        "\(path): \(TrustFile.shortfall(have: have, need: need))"
      )
    }
  }
}

extension ModelSignature {
  /// What lies at the top of a folder and is not the model's by our reading, but what was signed of it.
  func unsignedNames(in folder: String) throws(ModelSigningError) -> IgnoredPaths {
    let signed = Set(
      manifest.files.map { file in
        ByteString(bytes: Array(file.name.utf8.prefix { $0 != UInt8(ascii: "/") }))
      })
    do throws(StorageError) {
      guard try FileStatus(of: folder).kind == .directory else { return IgnoredPaths() }
      let names = try Folder.names(in: folder).filter {
        Checkpoint.excludedNames.contains($0) || Checkpoint.isUnfinished($0)
      }
      return IgnoredPaths(names.filter { !signed.contains(ByteString($0)) })
    } catch { throw ModelSigningError(.storage(error)) }
  }
}
