import Architecture
import ArgumentParser
import Attestation
import Patching
import Provenance
import Safetensors
import Storage
import StrictJSON

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what a model, a safetensors file or a patch holds.",
    discussion: "Example: unlearn-patch inspect bert")
  @OptionGroup var common: CommonOptions
  @OptionGroup var unsealing: UnsealingOptions
  @Flag(name: .long, help: "Hash a model's files and show each digest and the root.")
  var digests = false
  @Flag(
    name: .long,
    help:
      "Read every tensor of a model or safetensors file; show range, mean, zeros, NaNs and infinities."
  )
  var statistics = false
  @Argument(help: "A model's folder, a safetensors file or a patch.", completion: .file())
  var path: String

  func run() throws {
    var isRefused = false
    try common.run(
      { surroundings in
        guard let status = try FileStatus.ifExists(path) else {
          throw ProvenanceError(.inputOutput, "\(path): there is nothing of that name")
        }
        if status.kind == .directory { return try model(surroundings) }
        if try SealedPatch.isSealed(path) { return try sealed() }
        let faults = try TensorReader.faults(path: path)
        guard faults.count == 0 else {
          isRefused = true
          return RefusedFile.answer(faults, path: path)
        }
        let file = try TensorReader(path: path)
        let isPatch = file.header.metadata?["format"] == ByteString(PatchFile.format)
        if isPatch { return try patch() }
        let source = StatisticsPass.Source(path: path, header: file.header, status: file.status)
        return TensorListing.answer(
          file.header, path: path, byteCount: file.status.byteCount,
          statistics: try statistics ? StatisticsListing([source], surroundings) : nil)
      }, code: { isRefused ? Exit.code(.invalid) : 0 })
  }

  private func model(_ surroundings: Surroundings) throws -> Console.Answer {
    let checkpoint = try Safetensors.Checkpoint(path: path)
    let (map, note) = MakingOptions.unitMap(checkpoint)
    let total = checkpoint.byteCount
    let types = TypeCounts(checkpoint)
    let digest =
      try digests ? ModelDigest(checkpoint) { surroundings.progress("hashing", $0, total) } : nil
    let statistics =
      try statistics
      ? StatisticsListing(
        checkpoint.shards.map {
          StatisticsPass.Source(
            path: checkpoint.fullPath($0.name), header: $0.header, status: $0.status)
        }, surroundings) : nil
    var lines = [
      "model   \(path)",
      "files   \(checkpoint.files.count), \(total) bytes",
      "shards  \(checkpoint.shards.map(\.name).joined(separator: ", "))",
      "tensors \(checkpoint.tensorCount), \(checkpoint.parameterCount) elements",
      "types   \(types.text)",
      "aligned \(types.misaligned) of \(checkpoint.tensorCount) tensors are not",
    ]
    if let map {
      let sizes = map.dimensions
      lines.append(
        "family  \(map.family): \(sizes.layers) layers, each \(sizes.groups) head units (of \(sizes.queryHeads / sizes.groups) query heads) and \(sizes.filters) filters"
      )
    }
    if let note { lines.append(note) }
    if let digest {
      lines += digest.files.map { "sha256  \($0.digest)  \($0.name)" }
      lines.append("root    \(digest.root)")
    }
    lines += statistics?.lines ?? []
    return Console.Answer(
      "inspect-model",
      [
        "path": .text(path), "files": .integer(Int64(checkpoint.files.count)),
        "bytes": .integer(Int64(total)),
        "shards": .array(checkpoint.shards.map { .text($0.name) }),
        "tensors": .integer(Int64(checkpoint.tensorCount)), "dtypes": types.json,
        "misaligned_tensors": .integer(Int64(types.misaligned)),
        "parameters": .integer(Int64(checkpoint.parameterCount)),
        "family": map.map { .text($0.family) },
        "layers": map.map { .integer(Int64($0.dimensions.layers)) },
        "head_units_per_layer": map.map { .integer(Int64($0.dimensions.groups)) },
        "filters_per_layer": map.map { .integer(Int64($0.dimensions.filters)) },
        "digests": digest.map { .array($0.files.map(Self.json)) },
        "root": digest.map { .text($0.root.hex) }, "statistics": statistics?.json,
      ], lines)
  }

  private static func json(_ file: ModelDigest.File) -> JSONValue {
    .members(["name": .text(file.name), "sha256": .text(file.digest.hex)])
  }

  private func patch() throws -> Console.Answer {
    let file = try DistributedPatch(path: path)
    var lines = [
      "patch   \(path), \(file.encoding.rawValue), \(file.bytes.byteCount) bytes",
      "sha256  \(file.digest)", "tensors \(file.tensors.count)",
    ]
    let blocks = try file.encoding == .replace ? [] : CompactPatch(path: path).formCounts()
    lines += blocks.map {
      "blocks  \($0.blocks) \($0.form.name): \($0.elements) elements in \($0.byteCount) bytes"
    }
    var statement: PatchStatement?
    let bundlePath = SignedPatch.bundlePath(path)
    let statementPath = SignedPatch.statementPath(path)
    if try FileStatus.ifExists(bundlePath) != nil {
      let signed = try SignedPatch(path: path)
      statement = signed.statement
      lines.append("signed  by \(signed.envelope.signatures.count) key(s); `verify` judges them")
    } else if try FileStatus.ifExists(statementPath) != nil {
      let bytes = try Folder.read(statementPath, limit: SigstoreBundle.byteLimit)
      statement = try PatchStatement(Statement(parsing: bytes))
      lines.append("not signed")
    }
    if let statement {
      lines += [
        "method  \(statement.method.name)", "request \(statement.request ?? "none")",
        "base    \(statement.base.root)", "result  \(statement.resultRoot)",
      ]
      lines += LayerMap.lines(statement.units)
    }
    return Console.Answer(
      "inspect-patch",
      [
        "path": .text(path), "sha256": .text(file.digest.hex),
        "encoding": .text(file.encoding.rawValue), "bytes": .integer(Int64(file.bytes.byteCount)),
        "blocks": blocks.isEmpty
          ? nil
          : .array(
            blocks.map {
              .members([
                "form": .text($0.form.name), "count": .integer(Int64($0.blocks)),
                "elements": .integer(Int64($0.elements)), "bytes": .integer(Int64($0.byteCount)),
              ])
            }),
        "tensors": .array(file.tensors.map { .string($0) }),
        "base": statement.map { .text($0.base.root.hex) },
        "result": statement.map { .text($0.resultRoot.hex) },
        "method": statement.map { .text($0.method.name) },
        "request": statement?.request.map { .text($0) },
        "units": statement?.units.json,
      ], lines)
  }
}
