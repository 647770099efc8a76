import Attestation
public import Safetensors
import Storage

extension CompactPatch {
  /// Gives the same patch with its values as they are, in a file that has no name any more.
  ///
  /// The file is the one that was compressed, byte for byte, where the model is the base; whether it is shows in
  /// the digests of the statement. Memory stays at a few blocks.
  ///
  /// - Parameters:
  ///   - checkpoint: The model; for the encoding `compact` it must be the base.
  ///   - path: A hidden name on a file system with room for the values.
  ///   - statement: What was signed: the base's touched bytes are held against it as they are read.
  /// - Throws: `wrongBase` or `alreadyApplied` where the touched bytes are not the base's.
  public func expand(
    against checkpoint: Checkpoint, at path: String, expecting statement: PatchStatement? = nil
  ) throws(PatchError) -> PatchFile {
    try expand(checkpoint, path, statement) {
      (job, patch: borrowing PatchFile) throws(PatchError) -> [UInt8]? in
      guard self.encoding.needsBase else { return nil }
      return try storing { () throws(StorageError) in
        var reader = try BaseValues(of: job.edit, in: checkpoint)
        return try reader.read(job.part, of: patch, values: job.values)
      }
    }
  }

  /// The same with the former values from an undo capsule, for a model that is not the base any more.
  ///
  /// - Parameter inverse: Must be bound to the same model; ``PatchTarget/checkInverse(_:)`` tells whether it has the base's values.
  public func expand(
    against checkpoint: Checkpoint, over inverse: borrowing PatchFile, at path: String
  ) throws(PatchError) -> PatchFile {
    let former = try inverse.bind(to: checkpoint)
    return try expand(checkpoint, path, nil) {
      (job, _: borrowing PatchFile) throws(PatchError) -> [UInt8]? in
      guard self.encoding.needsBase else { return nil }
      guard let edit = former.first(where: { $0.info.name == job.edit.info.name }),
        let part = edit.parts.first(where: { $0.kind == job.part.kind }),
        case let values = inverse.valueBytes(part.part), values.byteCount == job.part.runs.byteCount
      else {
        throw PatchError(
          .mismatch("the undo capsule has other \(job.part.kind.rawValue)"), path: inverse.path,
          tensor: job.edit.info.name)
      }
      return values.extracting(job.values).copied()
    }
  }

  private func expand(
    _ checkpoint: Checkpoint, _ path: String, _ statement: PatchStatement?,
    old: @Sendable (BlockJob, borrowing PatchFile) throws(PatchError) -> [UInt8]?
  ) throws(PatchError) -> PatchFile {
    let file = try storing { () throws(StorageError) in
      let file = try Descriptor(path, .create(mode: 0o600))
      // Held for as long as the name is there, so that no one takes it for a leftover.
      try file.lock()
      return file
    }
    do throws(PatchError) {
      try writeIndices(checkpoint, into: file)
      let found = try writeValues(checkpoint, into: file, old)
      if let statement { try statement.check(touched: found, checkpoint.path) }
      let patch = try PatchFile(path: path)
      try storing { () throws(StorageError) in try Folder.remove(path) }
      return patch
    } catch {
      try storing { () throws(StorageError) in try Folder.remove(path) }
      throw error
    }
  }

  /// Writes header and indices, and room for the values.
  private func writeIndices(_ checkpoint: Checkpoint, into file: borrowing Descriptor)
    throws(PatchError)
  {
    var entries: [Layout.Entry] = []
    var sources: [ByteString: (list: TensorInfo, limit: Int, kind: EditKind)] = [:]
    for edit in edits {
      guard let info = checkpoint[edit.tensor]?.info else {
        throw PatchError(
          .foreignModel("the model has no such tensor"), path: path, tensor: edit.tensor)
      }
      let geometry = Geometry(info)
      for part in edit.parts {
        let count = try count(of: part, info, geometry)
        entries += PatchWriter.entries(part.kind, count: count, of: info)
        if let list = part.header.list {
          sources[part.kind.entryName(edit.tensor)] =
            (lists[list], geometry.limit(part.kind), part.kind)
        }
      }
    }
    let layout = try PatchWriter.layout(entries, path)
    try storing { () throws(StorageError) in
      let free = try Folder.freeByteCount(at: Paths.parent(of: file.path))
      guard free > layout.fileByteCount else {
        throw StorageError(
          .noSpace(needed: layout.fileByteCount, free: free), path: Paths.parent(of: file.path))
      }
      try file.setByteCount(layout.fileByteCount)
      try file.write(layout.headerBytes.rawSpan, at: 0)
    }
    for entry in layout.tensors {
      guard let source = sources[entry.name] else { continue }
      try writeIndices(
        source.list, below: source.limit, byteCount: source.kind == .elements ? 8 : 4, into: file,
        at: layout.headerBytes.count + entry.dataRange.lowerBound)
    }
  }

  /// How many indices a part has; its count of elements must be that of so many rows, columns or elements.
  private func count(of part: Part, _ info: TensorInfo, _ geometry: Geometry) throws(PatchError)
    -> Int
  {
    let limit = geometry.limit(part.kind)
    var count = 1
    do throws(CompactFault) {
      if let list = part.header.list {
        count = try IndexList.count(of: bytes(of: lists[list]), atMost: limit)
      }
    } catch {
      throw PatchError(
        .foreignModel("the list of \(part.kind.rawValue) \(error.what)"), path: path,
        tensor: info.name)
    }
    let width = max(1, geometry.elementByteCount)
    let (byteCount, overflow) = count.multipliedReportingOverflow(
      by: geometry.valueByteCount(part.kind))
    guard part.header.width == width, !overflow, byteCount == part.header.elementCount * width
    else {
      throw PatchError(
        .foreignModel(
          "the change of \(count) \(part.kind.rawValue) has \(part.header.elementCount) elements of \(part.header.width) bytes; in the model, \(info.dtype.rawValue) \(info.shapeText), they have \(byteCount / width) of \(width)"
        ), path: path, tensor: info.name)
    }
    return count
  }

  private func writeIndices(
    _ list: TensorInfo, below limit: Int, byteCount width: Int, into file: borrowing Descriptor,
    at start: Int
  ) throws(PatchError) {
    var pending: [UInt8] = []
    var offset = start
    try IndexList.forEachRun(
      of: bytes(of: list), below: limit,
      wrap: { PatchError(.malformed("\(list.name): \($0.what)"), path: path) }
    ) { run throws(PatchError) in
      for index in run {
        pending.appendInteger(UInt64(index), byteCount: width)
        if pending.count >= 1 << 16 {
          try storing { () throws(StorageError) in try file.write(pending.rawSpan, at: offset) }
          offset += pending.count
          pending.removeAll(keepingCapacity: true)
        }
      }
    }
    try storing { () throws(StorageError) in try file.write(pending.rawSpan, at: offset) }
  }

  /// Fills the values in; gives the digests of the former bytes, part by part, where they were read.
  private func writeValues(
    _ checkpoint: Checkpoint, into file: borrowing Descriptor,
    _ old: @Sendable (BlockJob, borrowing PatchFile) throws(PatchError) -> [UInt8]?
  ) throws(PatchError) -> [PatchStatement.Touched] {
    // Indices are whole by now, and binding checks them against the model as those of any patch.
    let patch = try PatchFile(path: file.path)
    var jobs: [BlockJob] = []
    var sources: [(part: Part, start: Int)] = []
    for edit in try patch.bind(to: checkpoint) {
      for part in edit.parts {
        guard let source = self.part(of: edit.info.name, part.kind) else { continue }
        let new = BlockJob.jobs(edit, part, length: source.header.blockLength)
        jobs += new
        sources += new.map { _ in
          (source, patch.header.fileRange(of: part.part.values).lowerBound)
        }
      }
    }
    var touched: [PatchStatement.Touched] = []
    var hash = SHA256()
    for batch in BlockJob.batches(jobs.count) {
      let blocks = try decode(jobs, sources.map(\.part), batch, patch, old)
      for (block, index) in zip(blocks, batch) {
        let job = jobs[index]
        try storing { () throws(StorageError) in
          try file.write(block.new.rawSpan, at: sources[index].start + job.values.lowerBound)
        }
        guard let former = block.old else { continue }
        hash.update(former.rawSpan)
        guard job.values.upperBound == job.part.runs.byteCount else { continue }
        touched.append(
          PatchStatement.Touched(
            tensor: job.edit.info.name, kind: job.part.kind, digest: hash.finalize()))
        hash = SHA256()
      }
    }
    return touched
  }

  private func part(of tensor: ByteString, _ kind: EditKind) -> Part? {
    edits.first { $0.tensor == tensor }?.parts.first { $0.kind == kind }
  }

  private func decode(
    _ jobs: [BlockJob], _ parts: [Part], _ batch: Range<Int>, _ patch: borrowing PatchFile,
    _ old: @Sendable (BlockJob, borrowing PatchFile) throws(PatchError) -> [UInt8]?
  ) throws(PatchError) -> [(old: [UInt8]?, new: [UInt8])] {
    try Parallel.map(batch.count) { number throws(PatchError) in
      let index = batch.lowerBound + number
      let job = jobs[index]
      let former = try old(job, patch)
      do throws(CompactFault) {
        var decoder = BlockDecoder()
        let new = try decoder.decode(
          block(job.block, of: parts[index]), count: job.values.count / job.width,
          width: job.width, old: former)
        return (former, new)
      } catch {
        throw PatchError(
          .malformed("block \(job.block) of the \(job.part.kind.rawValue): \(error.what)"),
          path: path, tensor: job.edit.info.name)
      }
    }
  }
}

extension PatchStatement {
  /// The bytes that a part touches, as they were found.
  struct Touched {
    let tensor: ByteString
    let kind: EditKind
    let digest: Digest
  }

  /// Holds the touched bytes of a model against the base.
  ///
  /// - Throws: `alreadyApplied` where all are the result's, else `wrongBase` where any is not the base's.
  func check(touched: [Touched], _ path: String) throws(PatchError) {
    let pairs = touched.compactMap { found in
      edit(of: found.tensor, found.kind).map { (found: found, stated: $0) }
    }
    guard let other = pairs.first(where: { $0.found.digest != $0.stated.before }) else { return }
    if pairs.allSatisfy({ $0.found.digest == $0.stated.after }) {
      throw PatchError(.alreadyApplied, path: path)
    }
    throw PatchError(
      .wrongBase(expected: other.stated.before, found: other.found.digest), path: path,
      tensor: other.found.tensor)
  }
}
