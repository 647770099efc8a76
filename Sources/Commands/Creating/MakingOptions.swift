import Architecture
public import ArgumentParser
import Attestation
import Ledger
import PatchRecords
public import Patching
import Provenance
import Safetensors
import Storage
import StrictJSON

/// Options of the commands that write a patch.
struct MakingOptions: ParsableArguments {
  @Option(name: .long, help: "The request that the patch answers, urn:uuid:….")
  var request: String?
  @Flag(name: .long, help: "Replace an existing patch of that name.")
  var force = false
  @Option(
    name: [.short, .long], help: "The patch file, NAME.patch.safetensors.", completion: .file())
  var output: String
  @Option(
    name: .long,
    help: """
      How the patch gives new values: replace (any safetensors reader can apply it), compact (changes of the base, \
      much smaller) or replace-compressed.
      """)
  var encoding = PatchEncoding.replace

  func validate() throws {
    guard output.hasSuffix(".patch.safetensors") else {
      throw ValidationError("the output must be named NAME.patch.safetensors, not '\(output)'")
    }
  }

  /// Refuses what would keep the patch from being written, before any work is done for it.
  ///
  /// - Parameter replacing: Whether a patch of that name may be there without `--force`: a run's that is resumed.
  /// - Returns: The workspace where there is one, and the request with the ledger that it is in.
  @discardableResult
  func precheck(_ common: CommonOptions, replacing: Bool = false) throws -> (
    workspace: Workspace?, request: (id: String, origin: String)?
  ) {
    if !force, !replacing, try FileStatus.ifExists(output) != nil {
      throw StorageError(.exists, path: output)
    }
    let workspace = try common.findWorkspace()
    var asked: (id: String, origin: String)?
    if let request {
      guard let workspace else { _ = try common.needWorkspace(); throw ExitCode(4) }
      guard try workspace.openLedger(.read).state().request(request) != nil else {
        throw ProvenanceError(
          .state, "the request \(request) is not in the ledger \(workspace.verifierKey.name)",
          hint: "`unlearn-patch request list` shows those that are")
      }
      asked = (request, workspace.verifierKey.name)
    }
    return (workspace, asked)
  }

  /// Writes the patch, and records it where there is a workspace.
  func write(
    _ draft: PatchDraft, values: some ValueSource, base: Safetensors.Checkpoint, map: UnitMap?,
    method: PatchMethod, metrics: PatchMetrics = .none, schema: String, notes: [String],
    replacing: Bool = false, common: CommonOptions, _ surroundings: Surroundings
  ) throws -> Console.Answer {
    let (workspace, asked) = try precheck(common, replacing: replacing)
    let statement = try PatchMaking.write(
      draft, values: values, base: base, map: map, method: method, metrics: metrics,
      encoding: encoding, request: asked, to: output, replacing: force || replacing, surroundings)
    if let workspace {
      try workspace.record(
        try PatchEvents.made(statement), in: try workspace.openLedger(.append),
        at: surroundings.now)
    }
    let byteCount = try FileStatus(ofLink: output).byteCount
    return Console.Answer(
      schema,
      [
        "patch": .text(output), "sha256": .text(statement.patchDigest.hex),
        "encoding": .text(encoding.rawValue), "bytes": .integer(Int64(byteCount)),
        "base": .text(statement.base.root.hex), "result": .text(statement.resultRoot.hex),
        "units": statement.units.json, "metrics": .array(metrics.recorded),
        "notes": .array(notes.map { .text($0) }),
      ],
      [
        "patch   \(output), \(encoding.rawValue), \(byteCount) bytes",
        "sha256  \(statement.patchDigest)",
        "base    \(statement.base.root)", "result  \(statement.resultRoot)",
      ] + LayerMap.lines(statement.units) + notes
        + ["Next: unlearn-patch sign \(output) --key KEY.key.pem"])
  }

  /// The units of a model, or why they are not known.
  static func unitMap(_ checkpoint: Safetensors.Checkpoint) -> (map: UnitMap?, note: String?) {
    do throws(ArchitectureError) { return (try UnitMap(checkpoint), nil) } catch {
      return (nil, "units not known, patched at tensor level: \(error)")
    }
  }
}

extension PatchEncoding: ExpressibleByArgument {}
