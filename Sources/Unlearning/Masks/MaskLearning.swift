public import Architecture
public import Compute
public import Training
public import Transformer

/// Passing data through a model for what masks are learned from.
public enum MaskLearning {
  /// Each example's gradient in every unit's gate, one backward pass a batch (MAPE-Unlearn, equation 3).
  ///
  /// The loss of an example is the mean over its labels, so that a long answer weighs no more than a short one.
  ///
  /// - Parameter datasetSize: How many examples the given ones stand for.
  public static func gradients(
    of model: Model<Float>, on examples: [EncodedExample], datasetSize: Int,
    tokensPerPass: Int = 4096, advance: (Int) -> Void = { _ in }
  ) throws(ComputationError) -> PerExampleMaskGradients {
    var collected: PerExampleMaskGradients
    do throws(ArchitectureError) {
      collected = PerExampleMaskGradients(
        try UnitCounts(model.plan.dimensions), datasetSize: datasetSize, model: nil)
    } catch { throw .mismatch(error.description) }
    var none = Gradients<Float>(.nothing, of: model.plan)
    for pass in try ExamplePass.cut(examples, tokens: tokensPerPass, name: "mask") {
      let masks = try computing { () throws(InputError) in
        var masks: MaskGradients<Float>? = model.blankMasks(pass.batch)
        let forward = try model.forward(pass.batch, keeping: .everything, for: pass.targets)
        _ = try model.backward(
          forward, pass.targets, .meanOfEachExample, into: &none, masks: &masks)
        return masks
      }
      if let masks {
        do throws(MaskError) { try collected.append(masks) } catch {
          throw .mismatch(error.description)
        }
      }
      advance(pass.range.count)
    }
    return collected
  }

  /// The norm of the summed gradient of each unit's own parameters: the scores of NORM.
  public static func norms(
    of model: Model<Float>, map: UnitMap, on examples: [EncodedExample], tokensPerPass: Int = 4096
  ) throws(ComputationError) -> UnitScores {
    let mask: UnitMask
    let counts: UnitCounts
    do throws(ArchitectureError) {
      counts = try UnitCounts(model.plan.dimensions)
      mask = UnitMask(all: counts)
    } catch { throw .mismatch(error.description) }
    var gradients = Gradients<Float>(
      Trainable(mask.units, of: map, in: model.plan), of: model.plan)
    for pass in try ExamplePass.cut(examples, tokens: tokensPerPass, name: "mask") {
      try computing { () throws(InputError) in
        let forward = try model.forward(pass.batch, keeping: .everything, for: pass.targets)
        _ = try model.backward(forward, pass.targets, .meanOfEachExample, into: &gradients)
      }
    }
    return try scores(counts, gradients.sums, of: map, in: model.plan, gradients.trainable)
  }

  /// The norm of each unit's own parameters: the scores of magnitude selection.
  public static func magnitudes(of model: Model<Float>, map: UnitMap) throws(ComputationError)
    -> UnitScores
  {
    let counts: UnitCounts
    do throws(ArchitectureError) { counts = try UnitCounts(model.plan.dimensions) } catch {
      throw .mismatch(error.description)
    }
    let trainable = Trainable.everything(of: model.plan)
    let matrices = Dictionary(uniqueKeysWithValues: model.parameters.enumerated().map { ($0, $1) })
    return try scores(counts, matrices, of: map, in: model.plan, trainable)
  }

  /// The Euclidean norm of each unit's slices of the given matrices.
  private static func scores(
    _ counts: UnitCounts, _ matrices: [Int: Matrix<Float>], of map: UnitMap, in plan: ModelPlan,
    _ trainable: Trainable
  ) throws(ComputationError) -> UnitScores {
    // Squares of whole rows and columns once; a unit's are then added up.
    var rows: [Int: [Double]] = [:]
    var columns: [Int: [Double]] = [:]
    for (parameter, matrix) in matrices {
      var (byRow, byColumn) = (
        Array(repeating: 0.0, count: matrix.rows), Array(repeating: 0.0, count: matrix.columns)
      )
      for row in 0..<matrix.rows {
        for (column, value) in matrix.row(row).enumerated() {
          let square = Double(value) * Double(value)
          byRow[row] += square
          byColumn[column] += square
        }
      }
      rows[parameter] = byRow
      columns[parameter] = byColumn
    }
    let places = Dictionary(
      uniqueKeysWithValues: plan.parameters.enumerated().map { ($1.name, $0) })
    var offsets: [Int: [Int32: Int]] = [:]
    for parameter in matrices.keys {
      switch trainable[parameter] {
      case .rows(let indices), .columns(let indices):
        offsets[parameter] = Dictionary(
          uniqueKeysWithValues: indices.enumerated().map { ($1, $0) })
      default: break
      }
    }
    do throws(MaskError) {
      return try UnitScores(counts) { unit in
        var sum = 0.0
        for slice in map.slices(of: unit) {
          guard let parameter = places[slice.tensor] else { continue }
          let sums = slice.axis == .rows ? rows[parameter] : columns[parameter]
          for index in slice.ranges.joined() {
            let at = offsets[parameter].map { $0[Int32(index)] ?? -1 } ?? index
            if let sums, sums.indices.contains(at) { sum += sums[at] }
          }
        }
        return sum.squareRoot()
      }
    } catch { throw .mismatch(error.description) }
  }
}
