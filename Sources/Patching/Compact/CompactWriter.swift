public import Safetensors
import Storage

/// Writes a patch file whose values are compressed, from one whose values are as they are.
public enum CompactWriter {
  /// Writes the file, whole or not at all.
  ///
  /// - Parameters:
  ///   - patch: Must be what ``PatchWriter`` makes: where a row and a column cross, both have the row's value.
  ///   - base: The model that the patch is for.
  ///   - encoding: `compact` or `replace-compressed`.
  ///   - replacing: Whether an existing file of that name may be replaced.
  public static func write(
    _ patch: borrowing PatchFile, base: Checkpoint, encoding: PatchEncoding, to path: String,
    replacing: Bool
  ) throws(PatchError) {
    let edits = try patch.bind(to: base).sorted { $0.info.name < $1.info.name }
    // How long the entries are stands in front of what they hold, so that is written aside first.
    let spoolPath = Paths.hiddenSibling(of: path)
    let spool = try storing { () throws(StorageError) in
      let spool = try Descriptor(spoolPath, .create(mode: 0o600))
      try Folder.remove(spoolPath)
      return spool
    }
    let entries = try storing { () throws(StorageError) in
      try compress(edits, patch, base, encoding, into: spool)
    }
    let layout = try PatchWriter.layout(
      entries.map { name, entry in
        Layout.Entry(name: name, dtype: .u8, shape: [UInt64(entry.byteCount)])
      }, encoding: encoding, path)
    try storing { () throws(StorageError) in
      var file = try AtomicFile(path: path)
      try file.append(layout.headerBytes.rawSpan)
      var buffer = [UInt8](repeating: 0, count: 1 << 20)
      for tensor in layout.tensors {
        guard let entry = entries[tensor.name] else { continue }
        try file.append(entry.head.rawSpan)
        for start in stride(from: entry.body.lowerBound, to: entry.body.upperBound, by: 1 << 20) {
          let count = min(1 << 20, entry.body.upperBound - start)
          try spool.readExactly(into: &buffer, count: count, at: start)
          try file.append(buffer.rawSpan.extracting(first: count))
        }
      }
      try file.commit(replacing: replacing)
    }
  }

  /// An entry of the file: bytes in memory, and bytes that lie aside.
  private struct Entry {
    var head: [UInt8]
    var body: Range<Int>

    var byteCount: Int { head.count + body.count }
  }

  private static func compress(
    _ edits: [BoundEdit], _ patch: borrowing PatchFile, _ base: Checkpoint,
    _ encoding: PatchEncoding, into spool: borrowing Descriptor
  ) throws(StorageError) -> [ByteString: Entry] {
    var entries: [ByteString: Entry] = [:]
    var numbers: [[UInt8]: Int] = [:]
    var jobs: [BlockJob] = []
    for edit in edits {
      for part in edit.parts {
        let length = BlockSize.chosen(elementByteCount: part.wordByteCount)
        jobs += BlockJob.jobs(edit, part, length: length)
      }
    }
    var (end, start) = (0, 0)
    var sizes: [Int] = []
    for batch in BlockJob.batches(jobs.count) {
      let blocks = try encode(jobs, batch, patch, base, encoding)
      for (block, index) in zip(blocks, batch) {
        let job = jobs[index]
        try spool.write(block.rawSpan, at: end)
        end += block.count
        sizes.append(block.count)
        guard job.values.upperBound == job.part.runs.byteCount else { continue }
        entries[CompactPatch.changeName(job.edit.info.name, job.part.kind)] = Entry(
          head: ChangeHeader.encode(
            list: list(of: job.part, patch, &numbers), width: job.width,
            elementCount: job.values.upperBound / job.width,
            blockLength: BlockSize.chosen(elementByteCount: job.width), blockByteCounts: sizes),
          body: start..<end)
        start = end
        sizes.removeAll()
      }
    }
    for (list, number) in numbers {
      entries[CompactPatch.listName(number)] = Entry(head: list, body: 0..<0)
    }
    return entries
  }

  /// The number of a part's list of indices, nil for a whole tensor; a list that is known already is shared.
  private static func list(
    of part: BoundPart, _ patch: borrowing PatchFile, _ numbers: inout [[UInt8]: Int]
  ) -> Int? {
    if part.kind == .whole { return nil }
    let list = IndexList.encode(count: part.part.count) { patch.index(part.part, at: $0) }
    if let number = numbers[list] { return number }
    numbers[list] = numbers.count
    return numbers.count - 1
  }

  private static func encode(
    _ jobs: [BlockJob], _ batch: Range<Int>, _ patch: borrowing PatchFile, _ base: Checkpoint,
    _ encoding: PatchEncoding
  ) throws(StorageError) -> [[UInt8]] {
    try Parallel.map(batch.count) { number throws(StorageError) in
      let job = jobs[batch.lowerBound + number]
      var old: [UInt8]?
      if encoding.needsBase {
        var reader = try BaseValues(of: job.edit, in: base)
        old = try reader.read(job.part, of: patch, values: job.values)
      }
      var encoder = BlockEncoder()
      return encoder.encode(
        old: old, new: patch.valueBytes(job.part.part).extracting(job.values), width: job.width)
    }
  }
}
