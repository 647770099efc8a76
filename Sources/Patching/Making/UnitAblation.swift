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
    try UnitSlices.draft(
      units, map: map, checkpoint: checkpoint, roles: [.output],
      reason: "can't be set to zero slice by slice"
    ) { $0.isFloatWithZero && $0.byteWidth != nil }
  }
}
