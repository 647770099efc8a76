/// Which tensors go to which file of a model that is too large for one.
///
/// The split is that of `huggingface_hub` and so of transformers: in the given order, a new file where the next
/// tensor would make one too large; a tensor larger than the limit gets a file of its own and does not close the
/// current one.
public struct ShardPlan: Hashable, Sendable {
  /// What tools that take a limit as text call `5GB`.
  public static let defaultByteLimit = 5_000_000_000

  /// For each file, the positions of its tensors among those given, ascending; at least one file.
  public let shards: [[Int]]

  /// Splits tensors.
  ///
  /// - Parameter byteLimit: The most bytes of tensors that a file of several has.
  /// - Throws: ``HeaderError`` where a size overflows or has no whole bytes.
  public init(_ entries: [Layout.Entry], byteLimit: Int = defaultByteLimit) throws(HeaderError) {
    var byteCounts: [Int] = []
    for entry in entries {
      do throws(HeaderError.Reason) {
        byteCounts.append(
          Int(clamping: try TensorInfo.byteCount(dtype: entry.dtype, shape: entry.shape)))
      } catch { throw HeaderError(error, tensor: entry.name, at: 0) }
    }
    self.init(byteCounts: byteCounts, byteLimit: byteLimit)
  }

  /// Splits tensors of so many bytes.
  public init(byteCounts: [Int], byteLimit: Int = defaultByteLimit) {
    var shards: [[Int]] = []
    var current: [Int] = []
    var size = 0
    for (position, count) in byteCounts.enumerated() {
      if count > byteLimit {
        shards.append([position])
        continue
      }
      let (sum, overflow) = size.addingReportingOverflow(count)
      if overflow || sum > byteLimit {
        shards.append(current)
        (current, size) = ([position], count)
      } else {
        current.append(position)
        size = sum
      }
    }
    if !current.isEmpty || shards.isEmpty { shards.append(current) }
    self.shards = shards
  }

  /// The name of a file, counted from 0: `model.safetensors` for the only one, else `model-00001-of-00005.safetensors`.
  public static func fileName(_ shard: Int, of count: Int) -> String {
    count == 1
      ? "model.safetensors" : "model-\(digits(shard + 1))-of-\(digits(count)).safetensors"
  }

  private static func digits(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, 5 - text.utf8.count)) + text
  }
}
