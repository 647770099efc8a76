public import Architecture
public import Compute
public import Storage
import StrictJSON
public import Training
import Transformer

// The file is described in docs/successive-requests.md.
extension SecondOrderMemory<Float> {
  private static var format: String { "unlearn-patch/second-order-memory/v1" }

  /// Writes the sums, whole or not at all.
  ///
  /// - Parameters:
  ///   - units: Whose slices the sums are of.
  ///   - model: What θ* is: a digest of its files.
  public func write(
    units: UnitMask, model digest: Digest, of plan: ModelPlan, to path: String
  ) throws(DataError) {
    var contents = StateContents(format: Self.format, fingerprint: digest)
    try contents.put(units.json, as: "units")
    contents.texts["retained"] = String(retain.examples)
    contents.texts["dataset_size"] = String(datasetSize)
    contents.texts["forgotten"] = String(forgotten)
    contents.add("squares", retain.sums.sums, of: plan)
    // Without a request the other sum is zeros, which are as many bytes again.
    if forgotten > 0 { contents.add("forget", forget.sums, of: plan) }
    try contents.write(to: path)
  }

  /// Reads sums that were taken at θ*.
  ///
  /// - Parameters:
  ///   - digest: What θ* is; sums of another model are refused.
  ///   - options: How the gradients of further examples are taken.
  /// - Returns: The sums, and the units whose slices they are of.
  public static func read(
    _ path: String, model digest: Digest, map: UnitMap, of plan: ModelPlan,
    options: ExampleGradients = ExampleGradients()
  ) throws(DataError) -> (memory: SecondOrderMemory, units: UnitMask) {
    let file = try StateFile(path: path, format: format)
    guard file.text("fingerprint") == digest.hex else {
      throw DataError(
        "\(path): the sums of another model; they hold at the model that they were taken of (--start)"
      )
    }
    let counts: UnitCounts
    do throws(ArchitectureError) { counts = try UnitCounts(plan.dimensions) } catch {
      throw DataError(error.description)
    }
    let units: UnitMask
    do throws(JSONDocumentError) {
      units = try UnitMask(parsing: file.bytes("units"), of: counts)
    } catch { throw DataError("\(path): units: \(error)") }
    let trainable = Trainable(units.units, of: map, in: plan)
    let (retained, size) = (try file.count("retained"), try file.count("dataset_size"))
    let forgotten = try file.count("forgotten")
    guard retained <= size else {
      throw DataError("\(path): \(retained) examples can't stand for \(size)")
    }
    var memory = SecondOrderMemory(trainable, of: plan, options: options)
    memory.restore(
      squares: try file.matrices("squares", trainable, of: plan), of: retained, datasetSize: size,
      forget: forgotten > 0 ? try file.matrices("forget", trainable, of: plan) : [:],
      forgotten: forgotten)
    return (memory, units)
  }
}
