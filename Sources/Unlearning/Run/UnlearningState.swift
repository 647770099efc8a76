public import Architecture
import Compute
public import Storage
public import StrictJSON
public import Training

/// Where the making of a patch stands: the units that were chosen, and how far their update went.
///
/// Kept in one file that is replaced whole: the choice as texts, the trained slices (`parameter/NAME`), those of the
/// last state within the retain budget (`safe/NAME`), the optimiser's means (`first/NAME`, `second/NAME`) and the
/// record of the steps (`steps`, ``Unlearner/recordWidth`` numbers for each).
public struct UnlearningState: Sendable {
  private static let format = "unlearn-patch/unlearning-state/v1"
  private static let seriesLimit = 1 << 26

  /// The units.
  public var mask: UnitMask
  /// What is told of the choice: the search's report, times, counts.
  public var notes: JSONValue

  /// Notes the units.
  public init(mask: UnitMask, notes: JSONValue) {
    self.mask = mask
    self.notes = notes
  }

  /// Writes the state.
  ///
  /// - Parameter unlearner: How far the update went; nil where it has not begun.
  public func save(
    _ unlearner: Unlearner?, fingerprint: Digest, to path: String
  ) throws(DataError) {
    var contents = StateContents(format: Self.format, fingerprint: fingerprint)
    try contents.put(mask.json, as: "mask")
    try contents.put(notes, as: "notes")
    unlearner?.keep(in: &contents)
    try contents.write(to: path)
  }

  /// Reads the choice of a kept state; ``resume(_:fingerprint:from:)`` reads the rest.
  public init(path: String, fingerprint: Digest, of counts: UnitCounts) throws(DataError) {
    let file = try StateFile(path: path, format: Self.format, fingerprint: fingerprint)
    do throws(JSONDocumentError) {
      mask = try UnitMask(parsing: file.bytes("mask"), of: counts)
      notes = try JSONDocument.read(
        file.bytes("notes"), byteLimit: UnitMask.byteLimit
      ) { $0.value ?? .null }
    } catch { throw DataError("\(path): \(error)") }
  }

  /// Puts an update where the file says that it stands; leaves it at its beginning where it had not begun.
  public static func resume(
    _ unlearner: inout Unlearner, fingerprint: Digest, from path: String
  ) throws(DataError) {
    let file = try StateFile(path: path, format: format, fingerprint: fingerprint)
    guard file.holds(Unlearner.recordName) else { return }
    try unlearner.resume(
      from: file, record: try file.series(Unlearner.recordName, limit: seriesLimit))
  }
}
