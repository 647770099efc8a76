import Safetensors
import StrictJSON

/// How much of a model is of which type.
struct TypeCounts {
  private var counts: [DType: (tensors: Int, bytes: Int)] = [:]
  /// How many tensors begin at no multiple of their element's width.
  private(set) var misaligned = 0

  init(_ checkpoint: Safetensors.Checkpoint) {
    for shard in checkpoint.shards {
      misaligned += Alignment(shard.header).misaligned
      for position in shard.header.tensors.indices {
        let (dtype, range) = shard.header.tensors.placement(at: position)
        counts[dtype, default: (0, 0)].tensors += 1
        counts[dtype, default: (0, 0)].bytes += range.count
      }
    }
  }

  private var ordered: [(key: DType, value: (tensors: Int, bytes: Int))] {
    counts.sorted { ($1.value.bytes, $0.key.rawValue) < ($0.value.bytes, $1.key.rawValue) }
  }

  /// Each type with its counts, the one of most bytes first.
  var text: String {
    ordered.map { "\($0.key.rawValue) (\($0.value.tensors) tensors, \($0.value.bytes) bytes)" }
      .joined(separator: ", ")
  }

  /// The same for machines.
  var json: JSONValue {
    .array(
      ordered.map {
        .members([
          "dtype": .text($0.key.rawValue), "tensors": .integer(Int64($0.value.tensors)),
          "bytes": .integer(Int64($0.value.bytes)),
        ])
      })
  }
}
