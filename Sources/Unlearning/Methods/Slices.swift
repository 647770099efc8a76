import Training
public import Compute
public import Transformer

/// Numbers for what is trained, and for nothing else: by parameter, each matrix of its region's size.
public struct Slices<Element: Scalar>: Sendable, Equatable {
  /// Which regions.
  public let trainable: Trainable
  /// The numbers, by parameter.
  public internal(set) var matrices: [Int: Matrix<Element>]

  /// Takes numbers of the regions' sizes.
  init(_ trainable: Trainable, _ matrices: [Int: Matrix<Element>]) {
    self.trainable = trainable
    self.matrices = matrices
  }

  /// Takes what a backward pass summed.
  public init(_ gradients: Gradients<Element>) {
    self.init(gradients.trainable, gradients.sums)
  }

  /// The model's own parameters.
  public init(of model: Model<Element>, _ trainable: Trainable) {
    var matrices: [Int: Matrix<Element>] = [:]
    for parameter in trainable.parameters {
      matrices[parameter] = Self.slice(of: model, trainable[parameter], parameter)
    }
    self.init(trainable, matrices)
  }

  private static func slice(
    of model: Model<Element>, _ region: Trainable.Region?, _ parameter: Int
  ) -> Matrix<Element> {
    let whole = model.parameters[parameter]
    return switch region {
    case nil: Matrix(rows: 0, columns: 0)
    case .all: whole
    case .rows(let indices): model.workers.rows(of: whole, at: indices)
    case .columns(let indices): model.workers.columns(of: whole, at: indices)
    }
  }

  /// The numbers of fewer regions.
  ///
  /// - Parameter other: Whose every region lies within one of these.
  func restricted(to other: Trainable, _ workers: Workers) throws(ComputationError) -> Slices {
    var kept: [Int: Matrix<Element>] = [:]
    for parameter in other.parameters {
      guard let region = other[parameter], let matrix = matrices[parameter] else {
        throw .mismatch("the kept sums do not cover parameter \(parameter)")
      }
      func places(_ part: [Int32], in whole: [Int32]) throws(ComputationError) -> [Int32] {
        var at: [Int32: Int32] = [:]
        for (place, index) in whole.enumerated() { at[index] = Int32(place) }
        var places: [Int32] = []
        for index in part {
          guard let place = at[index] else {
            throw .mismatch("the kept sums do not cover all units that are updated")
          }
          places.append(place)
        }
        return places
      }
      switch (trainable[parameter], region) {
      case (.all, .all): kept[parameter] = matrix
      case (.all, .rows(let part)): kept[parameter] = workers.rows(of: matrix, at: part)
      case (.all, .columns(let part)): kept[parameter] = workers.columns(of: matrix, at: part)
      case (.rows(let whole), .rows(let part)):
        kept[parameter] = workers.rows(of: matrix, at: try places(part, in: whole))
      case (.columns(let whole), .columns(let part)):
        kept[parameter] = workers.columns(of: matrix, at: try places(part, in: whole))
      default: throw .mismatch("the kept sums do not cover all units that are updated")
      }
    }
    return Slices(other, kept)
  }

  /// How many numbers there are.
  public var count: Int { matrices.values.reduce(0) { $0 + $1.count } }

  /// Σ |x|.
  public var magnitude: Double {
    trainable.parameters.reduce(0) { $0 + (matrices[$1].map { sumOfMagnitudes($0) } ?? 0) }
  }

  /// Σ x.
  public var sum: Double {
    trainable.parameters.reduce(0) { $0 + (matrices[$1].map { sumOfElements($0) } ?? 0) }
  }

  /// The Euclidean norm.
  public var norm: Double {
    trainable.parameters.reduce(0) {
      $0 + (matrices[$1].map { Workers(count: 1).squareSum($0) } ?? 0)
    }.squareRoot()
  }

  /// Puts the numbers in the place of the model's parameters; what is not trained is neither read nor written.
  public func replace(in model: inout Model<Element>) {
    for parameter in trainable.parameters {
      guard let region = trainable[parameter], let matrix = matrices[parameter] else { continue }
      let workers = model.workers
      switch region {
      case .all: model.parameters[parameter] = matrix
      case .rows(let indices):
        workers.replace(rowsOf: &model.parameters[parameter], at: indices, with: matrix)
      case .columns(let indices):
        workers.replace(columnsOf: &model.parameters[parameter], at: indices, with: matrix)
      }
    }
  }

  /// Adds `factor` times the numbers to the model's parameters: θ + factor · x, on the regions alone.
  public func add(times factor: Double, to model: inout Model<Element>) {
    let workers = model.workers
    var moved = Slices(of: model, trainable)
    for (parameter, matrix) in matrices {
      var scaled = matrix
      workers.scale(&scaled, by: Element(factor))
      workers.add(scaled, to: &moved.matrices[parameter, default: Matrix(rows: 0, columns: 0)])
    }
    moved.replace(in: &model)
  }
}
