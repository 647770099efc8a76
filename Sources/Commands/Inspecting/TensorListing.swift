import Safetensors
import StrictJSON

/// What a safetensors file holds.
enum TensorListing {
  /// Shapes of more dimensions are not written out.
  private static let rankLimit = 64

  static func answer(
    _ header: Header, path: String, byteCount: Int, statistics: StatisticsListing?
  ) -> Console.Answer {
    let alignment = Alignment(header)
    var lines = [
      "tensors: \(header.tensors.count)", "header: \(header.dataOffset) bytes",
      "file: \(byteCount) bytes",
      "alignment: data at a multiple of \(alignment.dataSection), \(alignment.misaligned) tensors misaligned",
    ]
    for member in header.metadata.map({ Array($0) }) ?? [] {
      lines.append("metadata \(member.key) = \(member.value)")
    }
    let metadata = header.metadata.map { members in
      JSONValue.object(JSONObject(members.map { ($0.key, .string($0.value)) }))
    }
    return Console.Answer(
      "inspect-file",
      [
        "path": .text(path), "bytes": .integer(Int64(byteCount)),
        "header_bytes": .integer(Int64(header.dataOffset)), "metadata": metadata,
        "data_alignment": .integer(Int64(alignment.dataSection)),
        "misaligned_tensors": .integer(Int64(alignment.misaligned)),
        "tensors": .array(header.tensors.indices.map { json(header.tensors, $0) }),
        "statistics": statistics?.json,
      ], lines + header.tensors.indices.map { line(header.tensors, $0) } + (statistics?.lines ?? [])
    )
  }

  private static func line(_ tensors: TensorTable, _ position: Int) -> String {
    let (dtype, range) = tensors.placement(at: position)
    let rank = tensors.rank(at: position)
    let shape = rank <= rankLimit ? tensors[position].shapeText : "\(rank) dimensions"
    return
      "  \(tensors.name(at: position))  \(dtype.rawValue) \(shape)  \(range.count) bytes at \(range.lowerBound)"
  }

  private static func json(_ tensors: TensorTable, _ position: Int) -> JSONValue {
    let (dtype, range) = tensors.placement(at: position)
    let rank = tensors.rank(at: position)
    let shape = rank <= rankLimit ? tensors[position].shape : []
    return .members([
      "name": .string(tensors.name(at: position)), "dtype": .text(dtype.rawValue),
      "rank": .integer(Int64(rank)), "shape": .array(shape.map { .text(String($0)) }),
      "begin": .integer(Int64(range.lowerBound)), "end": .integer(Int64(range.upperBound)),
    ])
  }
}
