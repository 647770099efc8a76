public import Safetensors
import Storage

/// What a patch will change, before its values are read: indices only.
public struct PatchDraft: Sendable {
  /// The edits, one a tensor.
  public private(set) var edits: [TensorDraft] = []

  /// Makes an empty draft.
  public init() {}

  /// Whether nothing is changed.
  public var isEmpty: Bool { edits.isEmpty }

  /// Adds what is changed in one tensor.
  public mutating func add(_ edit: TensorDraft) {
    if !edit.parts.isEmpty { edits.append(edit) }
  }
}

/// What a patch will change in one tensor.
public struct TensorDraft: Sendable {
  /// The tensor of the base.
  public let info: TensorInfo
  /// The parts: ascending indices of a kind; none for a whole tensor.
  let parts: [(kind: EditKind, indices: [Int])]

  /// Makes an edit from ascending indices; empty lists are left out.
  public init(info: TensorInfo, rows: [Int] = [], columns: [Int] = [], elements: [Int] = []) {
    self.info = info
    parts = [(.rows, rows), (.columns, columns), (.elements, elements)].filter { !$0.1.isEmpty }
  }

  /// Makes an edit that gives the tensor anew.
  public init(whole info: TensorInfo) {
    self.info = info
    parts = [(.whole, [])]
  }
}

/// Where the new values of a patch come from.
public protocol ValueSource {
  /// Calls `body` with the new bytes of a range of a tensor, in one or more pieces, in order.
  func forEachPiece<Failure: Error>(
    of tensor: TensorInfo, in range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure)
}

/// Values that are all zero bits.
public struct ZeroValues: ValueSource {
  private let zeros = [UInt8](repeating: 0, count: 1 << 16)

  /// Makes the source.
  public init() {}

  /// Gives zeros.
  public func forEachPiece<Failure: Error>(
    of tensor: TensorInfo, in range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    var left = range.count
    while left > 0 {
      let count = min(left, zeros.count)
      try body(zeros.rawSpan.extracting(first: count))
      left -= count
    }
  }
}
