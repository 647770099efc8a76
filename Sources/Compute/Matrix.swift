#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A dense row-major matrix of floats; a vector is a matrix of one row.
///
/// A value: copies share storage until one of them is written. Storage is aligned to a cache line.
public struct Matrix<Element: Scalar>: Sendable {
  /// How many rows there are.
  public let rows: Int
  /// How many columns there are.
  public let columns: Int
  private var storage: MatrixStorage<Element>

  /// Makes a matrix of zeros.
  public init(rows: Int, columns: Int) {
    self.init(uninitializedRows: rows, columns: columns)
    storage.clear()
  }

  /// Makes a matrix whose every element the caller writes before it is read; of a pool's memory where one is given.
  init(uninitializedRows rows: Int, columns: Int, pool: MatrixPool? = nil) {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    precondition(rows >= 0 && columns >= 0 && !overflow, "\(rows) × \(columns) is no size")
    self.rows = rows
    self.columns = columns
    storage = MatrixStorage(count: count, pool: pool)
  }

  /// Makes a matrix from its elements, row by row.
  public init(rows: Int, columns: Int, _ elements: some Collection<Element>) {
    precondition(
      elements.count == rows * columns, "\(elements.count) elements, not \(rows) × \(columns)")
    self.init(uninitializedRows: rows, columns: columns)
    var index = 0
    for element in elements {
      unsafe storage.pointer[index] = element
      index += 1
    }
  }

  /// How many elements there are.
  public var count: Int { rows * columns }

  /// One element.
  public subscript(row: Int, column: Int) -> Element {
    get {
      precondition((0..<rows).contains(row) && (0..<columns).contains(column))
      return unsafe storage.pointer[row * columns + column]
    }
    set {
      precondition((0..<rows).contains(row) && (0..<columns).contains(column))
      unsafe mutablePointer()[row * columns + column] = newValue
    }
  }

  /// Sets every element to zero.
  public mutating func clear() {
    if isKnownUniquelyReferenced(&storage) {
      storage.clear()
    } else {
      self = Matrix(rows: rows, columns: columns)
    }
  }

  /// The elements as an array, row by row.
  public var array: [Element] {
    unsafe Array(UnsafeBufferPointer(start: storage.pointer, count: count))
  }

  /// One row's elements.
  public func row(_ row: Int) -> [Element] {
    precondition((0..<rows).contains(row))
    return unsafe Array(UnsafeBufferPointer(start: storage.pointer + row * columns, count: columns))
  }

  // The two below are how this module's kernels reach the elements. A pointer is taken from a parameter,
  // which its caller keeps alive for the call, and never outlives it.

  /// The first element, to be read.
  var pointer: UnsafePointer<Element> { unsafe UnsafePointer(storage.pointer) }

  /// The first element, to be written; the storage is this value's alone from now on.
  mutating func mutablePointer() -> UnsafeMutablePointer<Element> {
    if !isKnownUniquelyReferenced(&storage) { storage = storage.copy() }
    return unsafe storage.pointer
  }
}

/// What a matrix owns.
///
/// Written only through `Matrix.mutablePointer`, which makes it unique first.
@safe
private final class MatrixStorage<Element: Scalar>: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Element>
  let count: Int
  private let pool: MatrixPool?
  /// Where the elements are, if that is a block of the pool's.
  private let block: MatrixPool.Block?

  init(count: Int, pool: MatrixPool?) {
    self.count = count
    self.pool = pool
    let bytes = max(count, 1) * MemoryLayout<Element>.stride
    block = bytes < MatrixPool.smallest ? nil : pool?.take(bytes)
    let raw = unsafe block?.address ?? .allocate(byteCount: bytes, alignment: 64)
    unsafe pointer = raw.bindMemory(to: Element.self, capacity: max(count, 1))
  }

  deinit {
    if let block {
      pool?.give(block)
    } else {
      unsafe pointer.deallocate()
    }
  }

  /// Sets all bytes to zero, which is zero in every binary float.
  func clear() {
    unsafe UnsafeMutableRawBufferPointer(
      start: pointer, count: count * MemoryLayout<Element>.stride
    ).initializeMemory(as: UInt8.self, repeating: 0)
  }

  func copy() -> MatrixStorage {
    let other = MatrixStorage(count: count, pool: pool)
    unsafe UnsafeMutableRawPointer(other.pointer).copyMemory(
      from: pointer, byteCount: count * MemoryLayout<Element>.stride)
    return other
  }
}

extension Matrix: Equatable {
  /// Whether two matrices have the same size and equal bits; NaN equals itself, and 0 differs from −0.
  public static func == (left: Self, right: Self) -> Bool {
    guard left.rows == right.rows, left.columns == right.columns else { return false }
    return unsafe memcmp(left.pointer, right.pointer, left.count * MemoryLayout<Element>.stride)
      == 0
  }
}
