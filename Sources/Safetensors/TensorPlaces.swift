import Storage

/// Finds tensors by name over the headers of several shards.
struct TensorPlaces: Sendable {
  /// A tensor of a shard, by their positions.
  struct Place: Hashable, Sendable {
    let shard: Int
    let tensor: Int
  }

  /// Two tensors of one name in two shards, where there are some.
  let duplicate: (first: Place, second: Place)?
  private let index: NameIndex
  /// For each shard the number of tensors in those before it.
  private let starts: [Int]

  init(_ tables: [TensorTable]) {
    var starts: [Int] = []
    var count = 0
    for table in tables {
      starts.append(count)
      count += table.count
    }
    var index = NameIndex(count: count)
    var duplicate: (first: Place, second: Place)?
    for (shard, table) in tables.enumerated() {
      for position in table.indices {
        let name = table.details.rawSpan.extracting(table.nameRange(at: position))
        let known = index.insert(
          starts[shard] + position, hash: NameIndex.hash(name),
          isSame: { number in
            let other = Self.place(number, starts)
            return tables[other.shard].hasName(at: other.tensor, name)
          })
        if let known, duplicate == nil {
          duplicate = (Self.place(known, starts), Place(shard: shard, tensor: position))
        }
      }
    }
    self.index = index
    self.starts = starts
    self.duplicate = duplicate
  }

  /// The place of a tensor's number.
  private static func place(_ number: Int, _ starts: [Int]) -> Place {
    var (low, high) = (0, starts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= number { low = middle } else { high = middle }
    }
    return Place(shard: low, tensor: number - starts[low])
  }

  func find(_ name: ByteString, in shards: [Checkpoint.Shard]) -> Place? {
    let span = name.bytes.rawSpan
    let number = index.find(hash: NameIndex.hash(span)) { number in
      let place = Self.place(number, starts)
      return shards[place.shard].header.tensors.hasName(at: place.tensor, span)
    }
    return number.map { Self.place($0, starts) }
  }
}
