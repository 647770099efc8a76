public import Architecture
import Storage

/// Which parts of which parameters are trained; gradients of all else are never formed.
public struct Trainable: Sendable, Hashable {
  /// A part of one parameter's matrix.
  public enum Region: Sendable, Hashable {
    /// All of it.
    case all
    /// Whole rows, in ascending order.
    case rows([Int32])
    /// Whole columns, in ascending order; the elements of a vector are columns.
    case columns([Int32])
  }

  /// The regions, by the index of their parameter.
  public let regions: [Int: Region]

  /// Trains the given regions.
  public init(_ regions: [Int: Region]) { self.regions = regions }

  /// Trains nothing: for passes that want mask gradients alone.
  public static let nothing = Trainable([:])

  /// Trains every parameter.
  public static func everything(of plan: ModelPlan) -> Trainable {
    Trainable(Dictionary(uniqueKeysWithValues: plan.parameters.indices.map { ($0, .all) }))
  }

  /// Trains what the given units own.
  public init(_ units: some Sequence<Unit>, of map: UnitMap, in plan: ModelPlan) {
    var places: [ByteString: Int] = [:]
    for (index, parameter) in plan.parameters.enumerated() { places[parameter.name] = index }
    var rows: [Int: [Int32]] = [:]
    var columns: [Int: [Int32]] = [:]
    for unit in units {
      for slice in map.slices(of: unit) {
        guard let parameter = places[slice.tensor] else { continue }
        let indices = slice.ranges.flatMap { $0.map { Int32($0) } }
        if slice.axis == .rows {
          rows[parameter, default: []] += indices
        } else {
          columns[parameter, default: []] += indices
        }
      }
    }
    var regions: [Int: Region] = [:]
    for (parameter, indices) in rows { regions[parameter] = .rows(Set(indices).sorted()) }
    for (parameter, indices) in columns { regions[parameter] = .columns(Set(indices).sorted()) }
    self.regions = regions
  }

  /// What is trained of a parameter; nil for nothing.
  public subscript(parameter: Int) -> Region? { regions[parameter] }

  /// The parameters of which something is trained, in ascending order.
  public var parameters: [Int] { regions.keys.sorted() }

  /// The size of a region's matrix: what is gathered of the parameter.
  public func size(of parameter: Int, in plan: ModelPlan) -> (rows: Int, columns: Int) {
    let whole = plan.parameters[parameter]
    return switch regions[parameter] {
    case nil: (0, 0)
    case .all: (whole.rows, whole.columns)
    case .rows(let indices): (indices.count, whole.columns)
    case .columns(let indices): (whole.rows, indices.count)
    }
  }

  /// How many numbers are trained.
  public func count(in plan: ModelPlan) -> Int {
    regions.keys.reduce(0) {
      let size = size(of: $1, in: plan)
      return $0 + size.rows * size.columns
    }
  }
}
