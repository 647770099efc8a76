import ArgumentParser
import Attestation
import Ledger
import PatchRecords
import Patching
import Provenance
import Safetensors
import Storage
import StrictJSON

struct Compose: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes one patch of several that follow each other.",
    discussion: """
      Exact: the base and the composed patch give the last result byte for byte. Each patch must be made for
      the result of the one before it; its bundle, or its statement where it is not signed, lies beside it.
      Example: unlearn-patch compose a.patch.safetensors b.patch.safetensors --base bert -o ab.patch.safetensors
      """)
  @OptionGroup var common: CommonOptions
  @Option(name: .long, help: "The model that the first patch was made for.", completion: .directory)
  var base: String
  @Flag(name: .long, help: "Replace an existing patch of that name.")
  var force = false
  @Flag(name: .long, help: "Do every check, print what would be written, and write nothing.")
  var dryRun = false
  @Option(
    name: [.short, .long], help: "The patch file, NAME.patch.safetensors.", completion: .file())
  var output: String
  @Argument(
    help: "The patches, in the order in which they were applied.",
    completion: .file(extensions: ["safetensors"]))
  var patches: [String]

  func validate() throws {
    guard output.hasSuffix(".patch.safetensors") else {
      throw ValidationError("the output must be named NAME.patch.safetensors, not '\(output)'")
    }
    guard patches.count > 1 else { throw ValidationError("composing takes at least two patches") }
  }

  func run() throws {
    try common.run { surroundings in
      if !force, try FileStatus.ifExists(output) != nil {
        throw StorageError(.exists, path: output)
      }
      let checkpoint = try Safetensors.Checkpoint(path: base)
      let chain = try PatchChain(patches, base: checkpoint, surroundings)
      let union = try chain.union()
      let workspace = try common.findWorkspace()
      // A request of another ledger is not this one's to record.
      let isOurs = chain.request.map { $0.origin == workspace?.verifierKey.name } ?? true
      if dryRun {
        var plan = try chain.summary(union, to: output)
        if workspace != nil, isOurs { plan.leaves = [LeafType.patchCreated.rawValue] }
        return Console.Answer(plan: plan, of: "compose")
      }
      let (map, note) = MakingOptions.unitMap(checkpoint)
      let statement = try chain.write(
        union, to: output, map: map, replacing: force, surroundings)
      if let workspace, isOurs {
        try workspace.record(
          try PatchEvents.made(statement), in: try workspace.openLedger(.append),
          at: surroundings.now)
      }
      var notes = note.map { [$0] } ?? []
      if statement.request == nil, chain.links.contains(where: { $0.statement.request != nil }) {
        notes.append(
          "the parts answer several requests; the composed patch names none as its own and lists them in its parameters"
        )
      }
      return Console.Answer(
        "compose",
        [
          "patch": .text(output), "sha256": .text(statement.patchDigest.hex),
          "base": .text(statement.base.root.hex), "result": .text(statement.resultRoot.hex),
          "parts": .array(chain.links.map { .text($0.statement.patchDigest.hex) }),
          "request": statement.request.map { .text($0) }, "units": statement.units.json,
          "notes": .array(notes.map { .text($0) }),
        ],
        [
          "patch   \(output)", "sha256  \(statement.patchDigest)",
          "base    \(statement.base.root)", "result  \(statement.resultRoot)",
          "parts   \(chain.links.count)",
        ] + LayerMap.lines(statement.units) + notes
          + ["Next: unlearn-patch sign \(output) --key KEY.key.pem"])
    }
  }
}
