import Provenance
import Safetensors
import Storage
import StrictJSON

/// What the numbers of each tensor are like, as `inspect --statistics` shows it.
struct StatisticsListing {
  private var tensors: [(name: ByteString, dtype: DType, statistics: TensorStatistics?)] = []

  /// Reads every tensor of some files.
  init(_ sources: [StatisticsPass.Source], _ surroundings: Surroundings) throws(TensorFileError) {
    let pass = StatisticsPass(sources)
    let total = pass.byteCount
    let found = try pass.run { surroundings.progress("reading", $0, total) }
    for (header, found) in zip(sources.map(\.header), found) {
      for (position, statistics) in zip(header.tensors.indices, found) {
        let dtype = header.tensors.placement(at: position).dtype
        tensors.append((header.tensors.name(at: position), dtype, statistics))
      }
    }
    tensors.sort { $0.name < $1.name }
  }

  /// A line for each tensor.
  var lines: [String] {
    tensors.map { name, dtype, statistics in
      guard let statistics else {
        return "  \(name)  \(dtype.rawValue) elements share bytes and are not read"
      }
      let (least, greatest) = (Self.text(statistics.minimum), Self.text(statistics.maximum))
      return
        "  \(name)  min \(least) max \(greatest) mean|x| \(Self.text(statistics.meanMagnitude)) zeros \(statistics.zeros) nan \(statistics.nans) inf \(statistics.infinities) of \(statistics.count)"
    }
  }

  /// The same for machines.
  var json: JSONValue {
    .array(
      tensors.map { name, dtype, statistics in
        var object = JSONObject([("name", .string(name)), ("dtype", .text(dtype.rawValue))])
        guard let statistics else { return .object(object) }
        object["count"] = .integer(Int64(statistics.count))
        object["zeros"] = .integer(Int64(statistics.zeros))
        object["nans"] = .integer(Int64(statistics.nans))
        object["infinities"] = .integer(Int64(statistics.infinities))
        object["minimum"] = statistics.minimum.map { .text("\($0)") }
        object["maximum"] = statistics.maximum.map { .text("\($0)") }
        object["mean_magnitude"] = statistics.meanMagnitude.map { .text("\($0)") }
        return .object(object)
      })
  }

  private static func text(_ number: Double?) -> String { number.map { "\($0)" } ?? "none" }
}
