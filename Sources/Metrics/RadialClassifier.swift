private import CLibSVM

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Two classes told apart by a support vector machine (C-SVC) with the kernel `exp(−‖a − b‖²)`.
///
/// Trained by libsvm, as scikit-learn's `SVC`, with its tolerance of 0.001; then only numbers are left of it.
struct RadialClassifier: Hashable, Sendable {
  private let vectors: [[Double]]
  private let coefficients: [Double]
  private let offset: Double

  /// `Σ c K(v, point) − offset`: above 0 for the first class, else the second.
  func decision(_ point: [Double]) -> Double {
    zip(coefficients, vectors).reduce(-offset) { sum, term in
      let distance = zip(term.1, point).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      return sum + term.0 * exp(-distance)
    }
  }

  /// Trains on points with equally many finite coordinates, at least one point a class.
  ///
  /// The same points in the same order give the same classifier: nothing is drawn by lot.
  init(first: [[Double]], second: [[Double]], cost: Double) {
    let points = first + second
    let isWhole = points.allSatisfy { $0.count == points[0].count && $0.allSatisfy(\.isFinite) }
    precondition(!first.isEmpty && !second.isEmpty && isWhole, "no classes of finite points")
    Self.silence
    let width = points[0].count + 1
    var labels = [Double](repeating: 0, count: first.count)
    labels += [Double](repeating: 1, count: second.count)
    var nodes = points.flatMap { point in
      point.enumerated().map { svm_node(index: Int32($0 + 1), value: $1) }
        + [svm_node(index: -1, value: 0)]
    }
    var parameter = unsafe svm_parameter()
    unsafe parameter.svm_type = Int32(C_SVC)
    unsafe parameter.kernel_type = Int32(RBF)
    unsafe parameter.gamma = 1
    unsafe parameter.C = cost
    unsafe parameter.eps = 1e-3
    unsafe parameter.cache_size = 100
    unsafe parameter.shrinking = 1

    // libsvm reads each row up to the index −1 that ends it. Its model points into the rows and is destroyed while
    // they are there; what is kept is copied. An index of a support vector is that of its point, counted from 1.
    (coefficients, vectors, offset) = unsafe nodes.withUnsafeMutableBufferPointer { nodes in
      var rows = unsafe points.indices.map { unsafe nodes.baseAddress?.advanced(by: $0 * width) }
      return unsafe rows.withUnsafeMutableBufferPointer { rows in
        unsafe labels.withUnsafeMutableBufferPointer { labels in
          var problem = unsafe svm_problem(
            l: Int32(points.count), y: labels.baseAddress, x: rows.baseAddress)
          var model = unsafe svm_train(&problem, &parameter)
          defer { unsafe svm_free_and_destroy_model(&model) }
          guard let trained = unsafe model?.pointee, let weights = unsafe trained.sv_coef[0] else {
            preconditionFailure("no memory for libsvm")
          }
          let found = 0..<Int(unsafe trained.l)
          return unsafe (
            found.map { unsafe weights[$0] },
            found.map { unsafe points[Int(trained.sv_indices[$0]) - 1] }, trained.rho[0]
          )
        }
      }
    }
  }

  /// Stops libsvm from writing to the standard output.
  private static let silence: Void = unsafe svm_set_print_string_function { _ in }
}
