import ArgumentParser
import Provenance

/// Whether and from what a model is made anew for comparison.
struct RebuildingOptions: ParsableArguments {
  @Flag(name: .long, help: "Make the model anew from its base and patches, and compare.")
  var deep = false
  @Option(
    name: .long, help: "A copy of the model as it was registered (with --deep).",
    completion: .directory)
  var base: String?
  @Option(
    name: .long,
    help: "Where a patched copy may lie meanwhile (with --deep; default: TMPDIR, else /tmp).",
    completion: .directory)
  var scratch: String?

  func validate() throws {
    if !deep && (base != nil || scratch != nil) {
      throw ValidationError("--base and --scratch are for --deep")
    }
  }

  var source: RebuildingSource? {
    guard deep else { return nil }
    let folder = Console.environment("TMPDIR").flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    return RebuildingSource(base: base, scratch: scratch ?? folder)
  }
}
