public import Architecture
public import Safetensors
import Storage

/// The draft of a patch that gives the slices of chosen units anew.
public enum UnitSlices {
  /// Drafts what the units own.
  ///
  /// - Parameters:
  ///   - roles: Which sides of the units.
  ///   - accepts: Whether values of a tensor's type can be given; else the draft is refused with `reason`.
  /// - Throws: Where the model has no such unit, or a tensor's type is not accepted.
  public static func draft(
    _ units: some Sequence<Unit>, map: UnitMap, checkpoint: Checkpoint,
    roles: Set<Slice.Role> = [.input, .output], reason: String = "can't be given slice by slice",
    accepting accepts: (DType) -> Bool = { $0.byteWidth != nil }
  ) throws(PatchError) -> PatchDraft {
    var rows: [Checkpoint.Place: Set<Int>] = [:]
    var columns: [Checkpoint.Place: Set<Int>] = [:]
    for unit in units {
      guard map.contains(unit) else {
        let dimensions = map.dimensions
        throw PatchError(
          .unsuitable(
            "the model has no unit \(unit): \(dimensions.layers) layers of \(dimensions.groups) head units and \(dimensions.filters) filters, counted from 0"
          ), path: checkpoint.path)
      }
      for slice in map.slices(of: unit) where roles.contains(slice.role) {
        guard let place = checkpoint[slice.tensor] else { continue }
        guard accepts(place.info.dtype) else {
          throw PatchError(
            .unsuitable("its type \(place.info.dtype.rawValue) \(reason)"),
            path: checkpoint.path, tensor: slice.tensor)
        }
        for range in slice.ranges {
          // Elements of a vector are its rows: their indices are half as wide.
          if slice.axis == .columns {
            columns[place, default: []].formUnion(range)
          } else {
            rows[place, default: []].formUnion(range)
          }
        }
      }
    }
    var draft = PatchDraft()
    for (place, indices) in rows.sorted(by: { $0.key.info.name < $1.key.info.name }) {
      draft.add(TensorDraft(info: place.info, rows: indices.sorted()))
    }
    for (place, indices) in columns.sorted(by: { $0.key.info.name < $1.key.info.name }) {
      draft.add(TensorDraft(info: place.info, columns: indices.sorted()))
    }
    return draft
  }
}
