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
  @Flag(name: .long, help: "Hash a model's files and show the root.")
  var digests = false
  @Argument(help: "A model's folder, a safetensors file or a patch.", completion: .file())
  var path: String

  func run() throws {
    try common.run { surroundings in
      guard let status = try FileStatus.ifExists(path) else {
        throw ProvenanceError(.inputOutput, "\(path): there is nothing of that name")
      }
      if status.kind == .directory { return try model(surroundings) }
      let file = try TensorFile(path: path)
      let isPatch =
        file.header.metadata?.contains {
          $0.key == "format" && $0.value == ByteString(PatchFile.format)
        } ?? false
      return isPatch ? try patch() : tensors(file)
    }
  }

  private func tensors(_ file: borrowing TensorFile) -> Console.Answer {
    let header = file.header
    var fields = [
      "tensors: \(header.tensors.count)", "header: \(header.dataOffset) bytes",
      "file: \(file.bytes.byteCount) bytes",
    ]
    for member in header.metadata ?? [] {
      fields.append("metadata \(member.key) = \(member.value)")
    }
    return Console.Answer(
      "inspect-file",
      [
        "path": .text(path), "bytes": .integer(Int64(file.bytes.byteCount)),
        "header_bytes": .integer(Int64(header.dataOffset)),
        "tensors": .array(header.tensors.map { Self.json($0) }),
      ],
      fields
        + header.tensors.map {
          "  \($0.name)  \($0.dtype.rawValue) \($0.shapeText)  \($0.byteCount) bytes at \($0.dataRange.lowerBound)"
        })
  }

  private static func json(_ tensor: TensorInfo) -> JSONValue {
    .members([
      "name": .string(tensor.name), "dtype": .text(tensor.dtype.rawValue),
      "shape": .array(tensor.shape.map { .text(String($0)) }),
      "begin": .integer(Int64(tensor.dataRange.lowerBound)),
      "end": .integer(Int64(tensor.dataRange.upperBound)),
    ])
  }

  private func model(_ surroundings: Surroundings) throws -> Console.Answer {
    let checkpoint = try Safetensors.Checkpoint(path: path)
    let (map, note) = MakingOptions.unitMap(checkpoint)
    let total = checkpoint.byteCount
    let root =
      try digests
      ? ModelDigest(checkpoint) { surroundings.progress("hashing", $0, total) }.root : nil
    var lines = [
      "model   \(path)",
      "files   \(checkpoint.files.count), \(total) bytes",
      "shards  \(checkpoint.shards.map(\.name).joined(separator: ", "))",
      "tensors \(checkpoint.tensorNames.count), \(checkpoint.parameterCount) elements",
    ]
    if let map {
      let sizes = map.dimensions
      lines.append(
        "family  \(map.family): \(sizes.layers) layers, each \(sizes.groups) head units (of \(sizes.queryHeads / sizes.groups) query heads) and \(sizes.filters) filters"
      )
    }
    if let note { lines.append(note) }
    if let root { lines.append("root    \(root)") }
    return Console.Answer(
      "inspect-model",
      [
        "path": .text(path), "files": .integer(Int64(checkpoint.files.count)),
        "bytes": .integer(Int64(total)),
        "shards": .array(checkpoint.shards.map { .text($0.name) }),
        "tensors": .integer(Int64(checkpoint.tensorNames.count)),
        "parameters": .integer(Int64(checkpoint.parameterCount)),
        "family": map.map { .text($0.family) },
        "layers": map.map { .integer(Int64($0.dimensions.layers)) },
        "head_units_per_layer": map.map { .integer(Int64($0.dimensions.groups)) },
        "filters_per_layer": map.map { .integer(Int64($0.dimensions.filters)) },
        "root": root.map { .text($0.hex) },
      ], lines)
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
