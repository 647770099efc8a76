// The kernels for one type: REAL, with names made by NAME. Included once for each.
#include "include/kernels.h"
#include "clones.h"
#include "functions.h"

// Sums and products.

CK_CLONES
void NAME(add_bias)(REAL *restrict x, const REAL *restrict bias, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++) x[r * columns + c] += bias[c];
}

CK_CLONES
void NAME(add_column_sums)(const REAL *restrict x, size_t ld, size_t rows, size_t columns,
                           REAL *restrict sum) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++) sum[c] += x[r * ld + c];
}

CK_CLONES
void NAME(add)(const REAL *restrict x, REAL *restrict y, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] += x[i];
}

CK_CLONES
void NAME(add_product)(const REAL *restrict x, const REAL *restrict y, REAL *restrict sum, size_t count) {
  for (size_t i = 0; i < count; i++) sum[i] += x[i] * y[i];
}

CK_CLONES
void NAME(scale)(REAL *restrict x, REAL factor, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] *= factor;
}

CK_CLONES
void NAME(scale_columns)(REAL *restrict x, const REAL *restrict factor, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++) x[r * columns + c] *= factor[c];
}

CK_CLONES
void NAME(add_square)(const REAL *restrict x, REAL *restrict sum, size_t count) {
  for (size_t i = 0; i < count; i++) sum[i] += x[i] * x[i];
}

CK_CLONES
REAL NAME(dot)(const REAL *restrict x, const REAL *restrict y, size_t count) {
  CK_REASSOCIATE
  REAL sum = 0;
  for (size_t i = 0; i < count; i++) sum += x[i] * y[i];
  return sum;
}

CK_CLONES
void NAME(few_rows)(const REAL *restrict a, size_t ld_a, const REAL *restrict b, size_t ld_b, REAL *restrict c,
                    size_t ld_c, size_t rows, size_t columns, size_t inner, int adding) {
  CK_REASSOCIATE
  for (size_t j = 0; j < columns; j++) {
    for (size_t i = 0; i < rows; i++) {
      const REAL *x = a + i * ld_a, *y = b + j * ld_b;
      REAL sum = 0;
      for (size_t l = 0; l < inner; l++) sum += x[l] * y[l];
      c[i * ld_c + j] = adding ? c[i * ld_c + j] + sum : sum;
    }
  }
}

CK_CLONES
double NAME(square_sum)(const REAL *restrict x, size_t count) {
  CK_REASSOCIATE
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)x[i] * (double)x[i];
  return sum;
}

// Activations.

#define SIGMOID(x) (1 / (1 + NAME(exp)(-(x))))
#define GELU_SLOPE ((REAL)1.5957691216057308)  // 2 sqrt(2 / pi): x (1 + tanh u) / 2 = x sigmoid(2 u)
#define GELU_CUBE ((REAL)0.044715)

static inline REAL NAME(normal_cdf)(REAL x) {
  return (REAL)0.5 * (1 + NAME(erf)(x * (REAL)0.70710678118654752440));
}

static inline REAL NAME(gelu_tanh)(REAL x) {
  return x * SIGMOID(GELU_SLOPE * (x + GELU_CUBE * x * x * x));
}

static inline REAL NAME(gelu_slope)(REAL x) {
  return NAME(normal_cdf)(x) + x * (REAL)0.39894228040143267794 * NAME(exp)((REAL)-0.5 * x * x);
}

static inline REAL NAME(gelu_tanh_slope)(REAL x) {
  REAL s = SIGMOID(GELU_SLOPE * (x + GELU_CUBE * x * x * x));
  return s + x * s * (1 - s) * GELU_SLOPE * (1 + 3 * GELU_CUBE * x * x);
}

static inline REAL NAME(silu_slope)(REAL x) {
  REAL s = SIGMOID(x);
  return s * (1 + x * (1 - s));
}

static inline REAL NAME(tanh_slope)(REAL x) {
  REAL t = NAME(tanh)(x);
  return 1 - t * t;
}

// Runs `statement` for each kind with VALUE(x) and SLOPE(x) as that kind's function and derivative.
#define FOR_KIND(kind, statement)                                                        \
  switch (kind) {                                                                        \
  case CK_GELU: { statement(x * NAME(normal_cdf)(x), NAME(gelu_slope)(x)) } break;        \
  case CK_GELU_TANH: { statement(NAME(gelu_tanh)(x), NAME(gelu_tanh_slope)(x)) } break;  \
  case CK_RELU: { statement(x > 0 ? x : 0, x > 0 ? 1 : 0) } break;                       \
  case CK_SILU: { statement(x * SIGMOID(x), NAME(silu_slope)(x)) } break;                \
  case CK_TANH: { statement(NAME(tanh)(x), NAME(tanh_slope)(x)) } break;                 \
  default: break;                                                                        \
  }

CK_CLONES
void NAME(activate)(int kind, const REAL *restrict input, REAL *restrict y, size_t count) {
#define FORWARD(value, slope)              \
  for (size_t i = 0; i < count; i++) {     \
    REAL x = input[i];                     \
    y[i] = value;                          \
  }
  FOR_KIND(kind, FORWARD)
#undef FORWARD
}

CK_CLONES
void NAME(activate_backward)(int kind, const REAL *restrict input, REAL *restrict d, size_t count) {
#define BACKWARD(value, slope)             \
  for (size_t i = 0; i < count; i++) {     \
    REAL x = input[i];                     \
    d[i] *= (slope);                       \
  }
  FOR_KIND(kind, BACKWARD)
#undef BACKWARD
}

CK_CLONES
void NAME(gate)(int kind, const REAL *restrict gate, size_t ld_gate, const REAL *restrict up, size_t ld_up,
                REAL *restrict y, size_t rows, size_t columns) {
#define FORWARD(value, slope)                                \
  for (size_t r = 0; r < rows; r++)                          \
    for (size_t c = 0; c < columns; c++) {                   \
      REAL x = gate[r * ld_gate + c];                        \
      y[r * columns + c] = (value)*up[r * ld_up + c];        \
    }
  FOR_KIND(kind, FORWARD)
#undef FORWARD
}

CK_CLONES
void NAME(gate_backward)(int kind, const REAL *restrict gate, size_t ld_gate, const REAL *restrict up,
                         size_t ld_up, const REAL *restrict dy, REAL *restrict dgate, REAL *restrict dup,
                         size_t rows, size_t columns) {
#define BACKWARD(value, slope)                                          \
  for (size_t r = 0; r < rows; r++)                                     \
    for (size_t c = 0; c < columns; c++) {                              \
      REAL x = gate[r * ld_gate + c], d = dy[r * columns + c];          \
      dgate[r * ld_gate + c] = d * up[r * ld_up + c] * (slope);         \
      dup[r * ld_up + c] = d * (value);                                 \
    }
  FOR_KIND(kind, BACKWARD)
#undef BACKWARD
}

// Normalisation.

CK_CLONES
void NAME(layer_norm)(const REAL *restrict x, const REAL *restrict weight, const REAL *restrict bias, REAL eps,
                      REAL *restrict y, REAL *restrict mean, REAL *restrict rstd, size_t rows,
                      size_t columns) {
  CK_REASSOCIATE
  for (size_t r = 0; r < rows; r++) {
    const REAL *row = x + r * columns;
    REAL *out = y + r * columns;
    REAL sum = 0, squares = 0;
    for (size_t c = 0; c < columns; c++) sum += row[c];
    REAL centre = sum / (REAL)columns;
    for (size_t c = 0; c < columns; c++) squares += (row[c] - centre) * (row[c] - centre);
    REAL scale = 1 / (REAL)sqrt((double)(squares / (REAL)columns + eps));
    mean[r] = centre;
    rstd[r] = scale;
    if (bias)
      for (size_t c = 0; c < columns; c++) out[c] = (row[c] - centre) * scale * weight[c] + bias[c];
    else
      for (size_t c = 0; c < columns; c++) out[c] = (row[c] - centre) * scale * weight[c];
  }
}

CK_CLONES
void NAME(layer_norm_backward)(const REAL *restrict x, const REAL *restrict weight, const REAL *restrict mean,
                               const REAL *restrict rstd, const REAL *restrict dy, REAL *restrict dx,
                               REAL *restrict dweight, REAL *restrict dbias, size_t rows, size_t columns) {
  CK_REASSOCIATE
  for (size_t r = 0; r < rows; r++) {
    const REAL *row = x + r * columns, *d = dy + r * columns;
    REAL *out = dx + r * columns;
    REAL centre = mean[r], scale = rstd[r], sum = 0, projection = 0;
    for (size_t c = 0; c < columns; c++) {
      REAL g = d[c] * weight[c];
      sum += g;
      projection += g * (row[c] - centre);
    }
    REAL average = sum / (REAL)columns;
    REAL slope = projection * scale * scale / (REAL)columns;
    for (size_t c = 0; c < columns; c++)
      out[c] = (d[c] * weight[c] - average - (row[c] - centre) * slope) * scale;
    if (dweight)
      for (size_t c = 0; c < columns; c++) dweight[c] += d[c] * (row[c] - centre) * scale;
    if (dbias)
      for (size_t c = 0; c < columns; c++) dbias[c] += d[c];
  }
}

CK_CLONES
void NAME(rms_norm)(const REAL *x, size_t ld, const REAL *restrict weight, REAL offset, REAL eps, REAL *y,
                    size_t ld_y, REAL *restrict rstd, size_t rows, size_t columns) {
  CK_REASSOCIATE
  for (size_t r = 0; r < rows; r++) {
    const REAL *row = x + r * ld;
    REAL *out = y + r * ld_y;
    REAL squares = 0;
    for (size_t c = 0; c < columns; c++) squares += row[c] * row[c];
    REAL scale = 1 / (REAL)sqrt((double)(squares / (REAL)columns + eps));
    rstd[r] = scale;
    _Pragma("clang loop vectorize(assume_safety)")
    for (size_t c = 0; c < columns; c++) out[c] = row[c] * scale * (weight[c] + offset);
  }
}

CK_CLONES
void NAME(rms_norm_backward)(const REAL *restrict x, size_t ld, const REAL *restrict weight, REAL offset,
                             const REAL *restrict rstd, const REAL *dy, size_t ld_dy, REAL *dx, size_t ld_dx,
                             REAL *restrict dweight, size_t rows, size_t columns) {
  CK_REASSOCIATE
  for (size_t r = 0; r < rows; r++) {
    const REAL *row = x + r * ld, *d = dy + r * ld_dy;
    REAL *out = dx + r * ld_dx;
    REAL scale = rstd[r], projection = 0;
    for (size_t c = 0; c < columns; c++) projection += d[c] * (weight[c] + offset) * row[c];
    REAL slope = projection * scale * scale / (REAL)columns;
    if (dweight)
      for (size_t c = 0; c < columns; c++) dweight[c] += d[c] * row[c] * scale;
    _Pragma("clang loop vectorize(assume_safety)")
    for (size_t c = 0; c < columns; c++)
      out[c] = (d[c] * (weight[c] + offset) - row[c] * slope) * scale;
  }
}

// Attention.

// The columns that row `r` may look at.
static inline void NAME(bounds)(ptrdiff_t r, size_t columns, int causal, ptrdiff_t window, size_t *begin,
                                size_t *end) {
  *end = causal && (size_t)(r + 1) < columns ? (size_t)(r + 1) : columns;
  *begin = window > 0 && r + 1 > window ? (size_t)(r + 1 - window) : 0;
}

static inline REAL NAME(row_maximum)(const REAL *row, size_t begin, size_t end) {
  CK_REASSOCIATE
  REAL top = row[begin];
  for (size_t c = begin; c < end; c++) top = row[c] > top ? row[c] : top;
  return top;
}

// Sums of a vocabulary's many small terms go by blocks: one running sum in binary32 loses two digits.
enum { NAME(block) = 512 };

static inline double NAME(row_exp_sum)(const REAL *row, REAL top, size_t begin, size_t end) {
  double total = 0;
  for (size_t first = begin; first < end; first += NAME(block)) {
    CK_REASSOCIATE
    size_t last = end - first < NAME(block) ? end : first + NAME(block);
    REAL sum = 0;
    for (size_t c = first; c < last; c++) sum += NAME(exp)(row[c] - top);
    total += (double)sum;
  }
  return total;
}

CK_CLONES
void NAME(softmax_rows)(REAL *restrict scores, size_t ld, size_t rows, size_t columns, ptrdiff_t first_row,
                        int causal, ptrdiff_t window) {
  for (size_t r = 0; r < rows; r++) {
    CK_REASSOCIATE
    REAL *row = scores + r * ld;
    size_t begin, end;
    NAME(bounds)(first_row + (ptrdiff_t)r, columns, causal, window, &begin, &end);
    REAL top = NAME(row_maximum)(row, begin, end), sum = 0;
    for (size_t c = 0; c < begin; c++) row[c] = 0;
    for (size_t c = begin; c < end; c++) {
      REAL e = NAME(exp)(row[c] - top);
      row[c] = e;
      sum += e;
    }
    for (size_t c = end; c < columns; c++) row[c] = 0;
    REAL inverse = 1 / sum;
    for (size_t c = begin; c < end; c++) row[c] *= inverse;
  }
}

// The row's mean of dp under p is taken of the same numbers that it is subtracted from: where nearly all of p is on one
// key, what is left is a small difference, and Σ out·dout, though equal on paper, is not exact enough for it.
CK_CLONES
void NAME(softmax_backward)(const REAL *restrict p, REAL *restrict dp, size_t ld, size_t rows, size_t columns,
                            REAL factor) {
  CK_REASSOCIATE
  for (size_t r = 0; r < rows; r++) {
    REAL dot = 0;
    for (size_t c = 0; c < columns; c++) dot += p[r * ld + c] * dp[r * ld + c];
    for (size_t c = 0; c < columns; c++) dp[r * ld + c] = p[r * ld + c] * (dp[r * ld + c] - dot) * factor;
  }
}

CK_CLONES
void NAME(rotate)(REAL *restrict x, size_t ld, const REAL *restrict cosine, const REAL *restrict sine,
                  const int32_t *restrict position, REAL direction, size_t rows, size_t half) {
  for (size_t r = 0; r < rows; r++) {
    REAL *low = x + r * ld, *high = low + half;
    const REAL *c = cosine + (size_t)position[r] * half, *s = sine + (size_t)position[r] * half;
    _Pragma("clang loop vectorize(assume_safety)")
    for (size_t i = 0; i < half; i++) {
      REAL a = low[i], b = high[i], turn = s[i] * direction;
      low[i] = a * c[i] - b * turn;
      high[i] = b * c[i] + a * turn;
    }
  }
}

// Loss.

CK_CLONES
void NAME(log_softmax)(const REAL *restrict logits, size_t columns, int32_t label, REAL *lse, REAL *logp) {
  REAL top = NAME(row_maximum)(logits, 0, columns);
  double rest = log(NAME(row_exp_sum)(logits, top, 0, columns));
  *lse = (REAL)((double)top + rest);
  *logp = label < 0 ? 0 : (REAL)((double)logits[label] - (double)top - rest);
}

// Probabilities are scaled to add up to 1: with a rounded lse they miss it all in the same direction, and so does the
// gradient.
CK_CLONES
void NAME(cross_entropy_backward)(REAL *restrict logits, size_t columns, int32_t label, REAL lse,
                                  REAL weight) {
  double total = 0;
  for (size_t first = 0; first < columns; first += NAME(block)) {
    CK_REASSOCIATE
    size_t last = columns - first < NAME(block) ? columns : first + NAME(block);
    REAL sum = 0;
    for (size_t c = first; c < last; c++) {
      REAL e = NAME(exp)(logits[c] - lse);
      logits[c] = e;
      sum += e;
    }
    total += (double)sum;
  }
  REAL factor = (REAL)((double)weight / total);
  for (size_t c = 0; c < columns; c++) logits[c] *= factor;
  if (label >= 0) logits[label] -= weight;
}

// Updates. Decay is decoupled: theta shrinks by rate * decay before the step (Loshchilov & Hutter).

CK_CLONES
void NAME(adamw)(REAL *restrict theta, const REAL *restrict gradient, REAL *restrict m, REAL *restrict v,
                 REAL beta1, REAL beta2, REAL rate, REAL scale1, REAL scale2, REAL eps, REAL decay,
                 size_t count) {
  for (size_t i = 0; i < count; i++) {
    REAL g = gradient[i];
    m[i] = beta1 * m[i] + (1 - beta1) * g;
    v[i] = beta2 * v[i] + (1 - beta2) * g * g;
    REAL root = sizeof(REAL) == 4 ? (REAL)__builtin_sqrtf((float)(v[i] * scale2))
                                  : (REAL)__builtin_sqrt((double)(v[i] * scale2));
    theta[i] = theta[i] * (1 - rate * decay) - rate * (m[i] * scale1) / (root + eps);
  }
}

CK_CLONES
void NAME(momentum)(REAL *restrict theta, const REAL *restrict gradient, REAL *restrict m, REAL momentum,
                    int nesterov, REAL rate, REAL decay, size_t count) {
  for (size_t i = 0; i < count; i++) {
    REAL g = gradient[i] + decay * theta[i];
    m[i] = momentum * m[i] + g;
    theta[i] -= rate * (nesterov ? g + momentum * m[i] : m[i]);
  }
}

CK_CLONES
void NAME(sophia)(REAL *restrict theta, const REAL *restrict gradient, REAL *restrict m, const REAL *restrict h,
                  REAL beta1, REAL rate, REAL gamma, REAL eps, REAL decay, size_t count) {
  for (size_t i = 0; i < count; i++) {
    m[i] = beta1 * m[i] + (1 - beta1) * gradient[i];
    REAL curvature = gamma * h[i] > eps ? gamma * h[i] : eps;
    REAL step = m[i] / curvature;
    step = step > 1 ? 1 : step < -1 ? -1 : step;
    theta[i] = theta[i] * (1 - rate * decay) - rate * step;
  }
}

// Gathering.

void NAME(gather_columns)(const REAL *restrict x, size_t ld, const int32_t *restrict index, size_t rows,
                          size_t count, REAL *restrict y) {
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < count; i++) y[r * count + i] = x[r * ld + (size_t)index[i]];
}

void NAME(scatter_columns)(const REAL *restrict x, const int32_t *restrict index, size_t rows, size_t count,
                           REAL *restrict y, size_t ld) {
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < count; i++) y[r * ld + (size_t)index[i]] = x[r * count + i];
}
