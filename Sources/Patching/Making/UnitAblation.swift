public import Architecture
public import Safetensors

/// Selective pruning: the output slices of chosen units are set to zero.
///
/// A unit whose output slice is zero adds nothing to the residual stream, which is what multiplying its
/// activation by 0 does. Blunt, but a real unlearning method (Pochinkov & Schoots, arXiv 2403.01267).
public enum UnitAblation {
  /// Drafts the patch for a list of units.
  ///
  /// - Throws: Where the model has no such unit, or its weights are of a type in which zero bits are not zero.
  public static func draft(_ units: [Unit], map: UnitMap, checkpoint: Checkpoint)
    throws(PatchError) -> PatchDraft
  {
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
      for slice in map.slices(of: unit) where slice.role == .output {
        guard let place = checkpoint[slice.tensor] else { continue }
        guard place.info.dtype.isFloatWithZero, place.info.dtype.byteWidth != nil else {
          throw PatchError(
            .unsuitable(
              "its type \(place.info.dtype.rawValue) can't be set to zero slice by slice"),
            path: checkpoint.path, tensor: slice.tensor)
        }
        for range in slice.ranges {
          if slice.axis == .rows {
            rows[place, default: []].formUnion(range)
          } else {
            columns[place, default: []].formUnion(range)
          }
        }
      }
    }
    var draft = PatchDraft()
    for (place, indices) in rows {
      draft.add(TensorDraft(info: place.info, rows: indices.sorted()))
    }
    for (place, indices) in columns {
      draft.add(TensorDraft(info: place.info, columns: indices.sorted()))
    }
    return draft
  }
}
