public import Safetensors
import Storage

/// An edit that has been checked against the tensor it is for: every index is in range.
public struct BoundEdit: Sendable {
  /// The tensor of the base.
  public let info: TensorInfo
  /// The index of its shard.
  public let shard: Int
  /// The parts in the order in which they are written.
  let parts: [BoundPart]

  /// How many elements are given.
  public var elementCount: Int { parts.reduce(0) { $0 + $1.elementCount } }
}

/// One part of a bound edit, with the runs of bytes that it covers.
struct BoundPart: Sendable {
  let part: PatchFile.Part
  let runs: EditRuns

  var kind: EditKind { part.kind }
  var elementCount: Int { part.values.elementCount }
}

extension PatchFile {
  /// Checks all edits against a checkpoint.
  ///
  /// - Throws: Where a tensor is missing, of another type or shape, an index is out of range or not
  ///   ascending, or an element is given twice.
  public func bind(to checkpoint: Checkpoint) throws(PatchError) -> [BoundEdit] {
    var bound: [BoundEdit] = []
    for edit in edits {
      guard let place = checkpoint[edit.tensor] else {
        throw PatchError(
          .foreignModel("the model has no such tensor"), path: path, tensor: edit.tensor)
      }
      bound.append(try bind(edit, to: place))
    }
    return bound.sorted {
      ($0.shard, $0.info.dataRange.lowerBound) < ($1.shard, $1.info.dataRange.lowerBound)
    }
  }

  private func bind(_ edit: Edit, to place: Checkpoint.Place) throws(PatchError) -> BoundEdit {
    let info = place.info
    guard edit.dtype == info.dtype else {
      throw PatchError(
        .foreignModel(
          "the patch has type \(edit.dtype.rawValue), the model \(info.dtype.rawValue)"),
        path: path, tensor: edit.tensor)
    }
    let geometry = Geometry(info)
    var parts: [BoundPart] = []
    for part in edit.parts {
      try checkIndices(part, edit.tensor, limit: geometry.limit(part.kind))
      let shape = geometry.valueShape(part.kind, count: part.count, of: info.shape)
      guard part.values.shape == shape else {
        throw PatchError(
          .foreignModel(
            "the values of \(part.kind.rawValue) have shape \(part.values.shapeText), expected \(shape)"
          ), path: path, tensor: edit.tensor)
      }
      let runs = EditRuns(
        kind: part.kind, geometry: geometry, count: part.count,
        indexAt: { index(part, at: $0) })
      parts.append(BoundPart(part: part, runs: runs))
    }
    try checkElementsStandAlone(edit, geometry)
    return BoundEdit(info: info, shard: place.shard, parts: parts)
  }

  private func checkIndices(_ part: Part, _ tensor: ByteString, limit: Int) throws(PatchError) {
    guard part.indices != nil else { return }
    var last = -1
    for place in 0..<part.count {
      let index = index(part, at: place)
      guard index > last else {
        throw PatchError(
          .malformed(
            "the \(part.kind.rawValue) do not ascend at place \(place): \(last), \(index)"),
          path: path, tensor: tensor)
      }
      guard index < limit else {
        throw PatchError(
          .foreignModel("\(part.kind.rawValue) index \(index), the tensor has \(limit)"),
          path: path, tensor: tensor)
      }
      last = index
    }
  }

  /// An element that is given singly lies in no row and no column that is given.
  private func checkElementsStandAlone(_ edit: Edit, _ geometry: Geometry) throws(PatchError) {
    guard let elements = edit.parts.first(where: { $0.kind == .elements }), edit.parts.count > 1,
      geometry.rowCount > 0
    else { return }
    let rowLength = geometry.limit(.elements) / geometry.rowCount
    for other in edit.parts where other.kind == .rows || other.kind == .columns {
      for place in 0..<elements.count {
        let element = index(elements, at: place)
        let wanted = other.kind == .rows ? element / rowLength : element % rowLength
        if contains(other, wanted) {
          throw PatchError(
            .malformed("element \(element) is given singly and in the \(other.kind.rawValue)"),
            path: path, tensor: edit.tensor)
        }
      }
    }
  }

  func contains(_ part: Part, _ wanted: Int) -> Bool {
    var (low, high) = (0, part.count)
    while low < high {
      let middle = low + (high - low) / 2
      let found = index(part, at: middle)
      if found == wanted { return true }
      if found < wanted { low = middle + 1 } else { high = middle }
    }
    return false
  }

  /// Calls `body` with each run of a part that meets a window of the tensor, and where its values begin.
  func forEachRun<Failure: Error>(
    of bound: BoundPart, in window: Range<Int>,
    _ body: (Range<Int>, Int) throws(Failure) -> Void
  ) throws(Failure) {
    try bound.runs.forEach(in: window, indexAt: { index(bound.part, at: $0) }, body)
  }

  /// Calls `body` with each run of a part that meets a range of its values, and where its values begin.
  func forEachRun<Failure: Error>(
    of bound: BoundPart, values: Range<Int>,
    _ body: (Range<Int>, Int) throws(Failure) -> Void
  ) throws(Failure) {
    try bound.runs.forEach(values: values, indexAt: { index(bound.part, at: $0) }, body)
  }
}
