/// The name of a shard, `path:start:end` (OpenSSF Model Signing v1.0, 6.3.2): a range of bytes of a file that is hashed by
/// itself.
struct ShardName {
  /// The file.
  let path: String
  /// The bytes.
  let range: Range<Int>

  /// The name as it is written.
  var text: String { "\(path):\(range.lowerBound):\(range.upperBound)" }

  /// Reads a name; nil for anything that ``text`` does not give, or that is no shard of that size.
  init?(_ name: String, shardByteCount: Int) {
    // The path may hold colons itself.
    let parts = name.utf8.split(
      separator: UInt8(ascii: ":"), omittingEmptySubsequences: false
    ).map { String(decoding: Array($0), as: UTF8.self) }
    guard parts.count >= 3, let start = Int(parts[parts.count - 2]),
      let end = Int(parts[parts.count - 1]), start >= 0, start < end,
      end - start <= shardByteCount, start.isMultiple(of: shardByteCount)
    else { return nil }
    path = parts.dropLast(2).joined(separator: ":")
    range = start..<end
    guard text.utf8.elementsEqual(name.utf8) else { return nil }
  }

  private init(path: String, range: Range<Int>) {
    self.path = path
    self.range = range
  }

  /// The shards of a file; a file of no bytes has none.
  static func shards(of path: String, byteCount: Int, shardByteCount: Int) -> [ShardName] {
    stride(from: 0, to: byteCount, by: shardByteCount).map { start in
      let (end, overflow) = start.addingReportingOverflow(shardByteCount)
      return ShardName(path: path, range: start..<(overflow ? byteCount : min(end, byteCount)))
    }
  }
}
