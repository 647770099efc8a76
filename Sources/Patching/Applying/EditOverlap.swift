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
    _ first: PatchIndices, _ second: PatchIndices, statement: PatchStatement, map: UnitMap?
  ) {
    var shapes: [ByteString: PatchStatement.Edit] = [:]
    for edit in statement.edits where shapes[edit.tensor] == nil { shapes[edit.tensor] = edit }
    var shared: Set<Unit> = []
    for tensor in first.tensors {
      guard let left = first.parts[tensor], let right = second.parts[tensor],
        let info = shapes[tensor]?.info
      else { continue }
      let geometry = Geometry(info)
      let meets = left.contains { one in
        right.contains { other in Self.meet(one, other, geometry) }
      }
      guard meets else { continue }
      tensors.append(tensor)
      if let share = map?.share(of: tensor) {
        shared.formUnion(
          Self.units(left, info, share).intersection(Self.units(right, info, share)))
      }
    }
    units = shared.sorted()
  }

  /// Whether two parts touch a common byte.
  private static func meet(
    _ left: PatchIndices.Part, _ right: PatchIndices.Part, _ geometry: Geometry
  ) -> Bool {
    guard geometry.byteCount > 0 else { return false }
    switch (left.kind, right.kind) {
    case (.whole, _), (_, .whole): return true
    case (.rows, .columns), (.columns, .rows): return true
    case (.rows, .rows), (.columns, .columns), (.elements, .elements):
      return left.indices.contains { right.contains($0) }
    case (.elements, .rows), (.elements, .columns):
      guard let length = geometry.rowLength else { return true }
      return left.indices.contains {
        right.contains(right.kind == .rows ? $0 / length : $0 % length)
      }
    case (.rows, .elements), (.columns, .elements): return meet(right, left, geometry)
    }
  }

  private static func units(
    _ parts: [PatchIndices.Part], _ info: TensorInfo, _ share: UnitMap.Share
  ) -> Set<Unit> {
    var units: Set<Unit> = []
    for part in parts {
      share.collect(
        part.kind, info, count: part.indices.count, indexAt: { part.indices[$0] }, into: &units)
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
