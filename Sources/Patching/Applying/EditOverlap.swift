public import Architecture
import Safetensors
public import Storage

/// What two patches both give: the tensors in which they touch the same bytes, and the units concerned.
///
/// Exact: rows, columns and elements are compared index by index, so that two filters of one tensor, or a row and
/// an element of another row, are apart.
public struct EditOverlap: Sendable {
  /// The tensors in which both touch the same bytes.
  public private(set) var tensors: [ByteString] = []
  /// The heads and filters that both touch there.
  public private(set) var units: [Unit] = []

  /// Whether the patches are apart.
  public var isEmpty: Bool { tensors.isEmpty }

  /// Compares two patches of one model.
  ///
  /// - Parameters:
  ///   - statement: The statement of the first, which knows the tensors' shapes.
  ///   - map: Names the units; none are named where it is nil.
  public init(
    _ first: borrowing PatchFile, _ second: borrowing PatchFile, statement: PatchStatement,
    map: UnitMap?
  ) {
    var shapes: [ByteString: TensorInfo] = [:]
    for edit in statement.edits where shapes[edit.tensor] == nil { shapes[edit.tensor] = edit.info }
    var others: [ByteString: PatchFile.Edit] = [:]
    for edit in second.edits { others[edit.tensor] = edit }
    var shared: Set<Unit> = []
    for edit in first.edits {
      guard let other = others[edit.tensor], let info = shapes[edit.tensor] else { continue }
      let geometry = Geometry(info)
      var meets = false
      for left in edit.parts where !meets {
        for right in other.parts where !meets {
          meets = Self.meet(first, left, second, right, geometry)
        }
      }
      guard meets else { continue }
      tensors.append(edit.tensor)
      if let share = map?.share(of: edit.tensor) {
        shared.formUnion(
          first.units(of: edit, info, share).intersection(second.units(of: other, info, share)))
      }
    }
    units = shared.sorted()
  }

  /// Whether two parts touch a common byte.
  private static func meet(
    _ first: borrowing PatchFile, _ left: PatchFile.Part, _ second: borrowing PatchFile,
    _ right: PatchFile.Part, _ geometry: Geometry
  ) -> Bool {
    guard geometry.byteCount > 0 else { return false }
    switch (left.kind, right.kind) {
    case (.whole, _), (_, .whole): return true
    case (.rows, .columns), (.columns, .rows): return true
    case (.rows, .rows), (.columns, .columns), (.elements, .elements):
      return first.hasIndex(of: left, in: second, right) { $0 }
    case (.elements, .rows), (.elements, .columns):
      guard let length = geometry.rowLength else { return true }
      return first.hasIndex(of: left, in: second, right) {
        right.kind == .rows ? $0 / length : $0 % length
      }
    case (.rows, .elements), (.columns, .elements):
      guard let length = geometry.rowLength else { return true }
      return second.hasIndex(of: right, in: first, left) {
        left.kind == .rows ? $0 / length : $0 % length
      }
    }
  }
}

extension PatchFile {
  /// Whether an index of a part, turned into one of the other's kind, is in a part of another patch.
  fileprivate func hasIndex(
    of part: Part, in other: borrowing PatchFile, _ otherPart: Part, as turn: (Int) -> Int
  ) -> Bool {
    for place in 0..<part.count where other.contains(otherPart, turn(index(part, at: place))) {
      return true
    }
    return false
  }

  fileprivate func units(of edit: Edit, _ info: TensorInfo, _ share: UnitMap.Share) -> Set<Unit> {
    let geometry = Geometry(info)
    var units: Set<Unit> = []
    for part in edit.parts {
      let runs = EditRuns(
        kind: part.kind, geometry: geometry, count: part.count, indexAt: { index(part, at: $0) })
      collect(BoundPart(part: part, runs: runs), info, share, into: &units)
    }
    return units
  }
}

extension Geometry {
  /// How many elements a row has; nil where elements or rows share bytes.
  var rowLength: Int? {
    guard rowByteCount > 0, elementByteCount > 0 else { return nil }
    return rowByteCount / elementByteCount
  }
}

extension PatchStatement.Edit {
  /// The tensor as the statement describes it; its place in the file is not told.
  var info: TensorInfo {
    var byteCount = 0
    do throws(HeaderError.Reason) {
      byteCount = Int(
        clamping: try TensorInfo.byteCount(dtype: dtype, shape: shape))
    } catch {
      // A shape that has no size touches nothing.
      byteCount = 0
    }
    return TensorInfo(name: tensor, dtype: dtype, shape: shape, dataRange: 0..<byteCount)
  }
}
