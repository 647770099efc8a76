private import CKernels
private import COpenBLAS

/// The functions that layers apply elementwise.
public enum Activation: Int32, Sendable, Hashable {
  /// x Φ(x), with the error function (Hendrycks & Gimpel, 2016).
  case gelu = 0
  /// The approximation of GELU by a hyperbolic tangent.
  case geluTanh = 1
  /// max(x, 0).
  case relu = 2
  /// x σ(x).
  case silu = 3
  /// The hyperbolic tangent.
  case tanh = 4
}

/// The two float types that the engine computes in, with the kernels of each.
///
/// `Float` does the work; `Double` is what finite differences are taken in. The requirements are this
/// module's own: each is one C kernel, which checks nothing.
public protocol Scalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  /// The kernels; opaque outside the module.
  static var kernels: KernelTable<Self> { get }
}

/// One type's kernels; see `CKernels/include/kernels.h` for what each does.
@unsafe
public struct KernelTable<Element> {
  typealias In = UnsafePointer<Element>
  typealias Out = UnsafeMutablePointer<Element>

  // transpose a, transpose b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc
  let product: (Bool, Bool, Int, Int, Int, Element, In, Int, In, Int, Element, Out, Int) -> Void
  let addBias: (Out, In, Int, Int) -> Void
  let addColumnSums: (In, Int, Int, Int, Out) -> Void
  let add: (In, Out, Int) -> Void
  let addProduct: (In, In, Out, Int) -> Void
  let scale: (Out, Element, Int) -> Void
  let scaleColumns: (Out, In, Int, Int) -> Void
  let addSquare: (In, Out, Int) -> Void
  let dot: (In, In, Int) -> Element
  let fewRows: (In, Int, In, Int, Out, Int, Int, Int, Int, Int32) -> Void
  let squareSum: (In, Int) -> Double
  let activate: (Int32, In, Out, Int) -> Void
  let activateBackward: (Int32, In, Out, Int) -> Void
  let gate: (Int32, In, Int, In, Int, Out, Int, Int) -> Void
  let gateBackward: (Int32, In, Int, In, Int, In, Out, Out, Int, Int) -> Void
  let layerNorm: (In, In, In?, Element, Out, Out, Out, Int, Int) -> Void
  let layerNormBackward: (In, In, In, In, In, Out, Out?, Out?, Int, Int) -> Void
  let rmsNorm: (In, Int, In, Element, Element, Out, Int, Out, Int, Int) -> Void
  let rmsNormBackward: (In, Int, In, Element, In, In, Int, Out, Int, Out?, Int, Int) -> Void
  let softmaxRows: (Out, Int, Int, Int, Int, Int32, Int) -> Void
  let softmaxBackward: (In, Out, Int, Int, Int, Element) -> Void
  let rotate: (Out, Int, In, In, UnsafePointer<Int32>, Element, Int, Int) -> Void
  let logSoftmax: (In, Int, Int32, Out, Out) -> Void
  let crossEntropyBackward: (Out, Int, Int32, Element, Element) -> Void
  let adamW:
    (
      Out, In, Out, Out, Element, Element, Element, Element, Element, Element, Element, Int
    ) -> Void
  let momentum: (Out, In, Out, Element, Int32, Element, Element, Int) -> Void
  let sophia: (Out, In, Out, In, Element, Element, Element, Element, Element, Int) -> Void
  let gatherColumns: (In, Int, UnsafePointer<Int32>, Int, Int, Out) -> Void
  let scatterColumns: (In, UnsafePointer<Int32>, Int, Int, Out, Int) -> Void
}

extension Float: Scalar {
  /// The kernels in binary32.
  public static var kernels: KernelTable<Float> {
    unsafe KernelTable(
      product: {
        unsafe cblas_sgemm(
          CblasRowMajor, $0 ? CblasTrans : CblasNoTrans, $1 ? CblasTrans : CblasNoTrans,
          blasint($2), blasint($3), blasint($4), $5, $6, blasint($7), $8, blasint($9), $10, $11,
          blasint($12))
      },
      addBias: ck_add_bias_f32, addColumnSums: ck_add_column_sums_f32, add: ck_add_f32,
      addProduct: ck_add_product_f32, scale: ck_scale_f32, scaleColumns: ck_scale_columns_f32,
      addSquare: ck_add_square_f32, dot: ck_dot_f32, fewRows: ck_few_rows_f32,
      squareSum: ck_square_sum_f32, activate: ck_activate_f32,
      activateBackward: ck_activate_backward_f32, gate: ck_gate_f32,
      gateBackward: ck_gate_backward_f32, layerNorm: ck_layer_norm_f32,
      layerNormBackward: ck_layer_norm_backward_f32, rmsNorm: ck_rms_norm_f32,
      rmsNormBackward: ck_rms_norm_backward_f32, softmaxRows: ck_softmax_rows_f32,
      softmaxBackward: ck_softmax_backward_f32,
      rotate: ck_rotate_f32, logSoftmax: ck_log_softmax_f32,
      crossEntropyBackward: ck_cross_entropy_backward_f32, adamW: ck_adamw_f32,
      momentum: ck_momentum_f32, sophia: ck_sophia_f32,
      gatherColumns: ck_gather_columns_f32, scatterColumns: ck_scatter_columns_f32)
  }
}

extension Double: Scalar {
  /// The kernels in binary64.
  public static var kernels: KernelTable<Double> {
    unsafe KernelTable(
      product: {
        unsafe cblas_dgemm(
          CblasRowMajor, $0 ? CblasTrans : CblasNoTrans, $1 ? CblasTrans : CblasNoTrans,
          blasint($2), blasint($3), blasint($4), $5, $6, blasint($7), $8, blasint($9), $10, $11,
          blasint($12))
      },
      addBias: ck_add_bias_f64, addColumnSums: ck_add_column_sums_f64, add: ck_add_f64,
      addProduct: ck_add_product_f64, scale: ck_scale_f64, scaleColumns: ck_scale_columns_f64,
      addSquare: ck_add_square_f64, dot: ck_dot_f64, fewRows: ck_few_rows_f64,
      squareSum: ck_square_sum_f64, activate: ck_activate_f64,
      activateBackward: ck_activate_backward_f64, gate: ck_gate_f64,
      gateBackward: ck_gate_backward_f64, layerNorm: ck_layer_norm_f64,
      layerNormBackward: ck_layer_norm_backward_f64, rmsNorm: ck_rms_norm_f64,
      rmsNormBackward: ck_rms_norm_backward_f64, softmaxRows: ck_softmax_rows_f64,
      softmaxBackward: ck_softmax_backward_f64,
      rotate: ck_rotate_f64, logSoftmax: ck_log_softmax_f64,
      crossEntropyBackward: ck_cross_entropy_backward_f64, adamW: ck_adamw_f64,
      momentum: ck_momentum_f64, sophia: ck_sophia_f64,
      gatherColumns: ck_gather_columns_f64, scatterColumns: ck_scatter_columns_f64)
  }
}
