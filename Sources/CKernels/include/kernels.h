// Inner loops that Swift's optimiser does not vectorise: one portable C body for each, compiled for several
// processors where the platform can choose among them when the program starts.
//
// No function checks a length or keeps a pointer: the callers in Compute do. Matrices are row-major; `ld` is
// the distance of two rows in elements.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

enum ck_activation {
  CK_GELU = 0,       // x Phi(x), with the error function
  CK_GELU_TANH = 1,  // the approximation by a hyperbolic tangent
  CK_RELU = 2,
  CK_SILU = 3,       // x sigmoid(x)
  CK_TANH = 4,
};

// Conversions. Widening is exact; narrowing rounds to nearest, ties to even, and keeps NaN a NaN.
void ck_bf16_to_f32(const void *source, float *target, size_t count);
void ck_f16_to_f32(const void *source, float *target, size_t count);
void ck_f32_to_bf16(const float *source, void *target, size_t count);
void ck_f32_to_f16(const float *source, void *target, size_t count);

#define CK_DECLARE(REAL, S)                                                                             \
  /* x[r, c] += bias[c] */                                                                              \
  void ck_add_bias_##S(REAL *x, const REAL *bias, size_t rows, size_t columns);                         \
  /* sum[c] += x[r, c] over all r */                                                                    \
  void ck_add_column_sums_##S(const REAL *x, size_t ld, size_t rows, size_t columns, REAL *sum);        \
  void ck_add_##S(const REAL *x, REAL *y, size_t count);                                                \
  void ck_add_product_##S(const REAL *x, const REAL *y, REAL *sum, size_t count);                       \
  void ck_scale_##S(REAL *x, REAL factor, size_t count);                                                \
  /* x[r, c] *= factor[c] */                                                                            \
  void ck_scale_columns_##S(REAL *x, const REAL *factor, size_t rows, size_t columns);                  \
  /* sum += x * x */                                                                                    \
  void ck_add_square_##S(const REAL *x, REAL *sum, size_t count);                                       \
  REAL ck_dot_##S(const REAL *x, const REAL *y, size_t count);                                          \
  /* c[i, j] = dot(a[i], b[j]), or adds it; for few rows of a, since b is read as it lies, and once */  \
  void ck_few_rows_##S(const REAL *a, size_t ld_a, const REAL *b, size_t ld_b, REAL *c, size_t ld_c,    \
                       size_t rows, size_t columns, size_t inner, int adding);                          \
  double ck_square_sum_##S(const REAL *x, size_t count);                                                \
  void ck_activate_##S(int kind, const REAL *x, REAL *y, size_t count);                                 \
  /* d *= f'(x) */                                                                                      \
  void ck_activate_backward_##S(int kind, const REAL *x, REAL *d, size_t count);                        \
  /* y = f(gate) up, each with its own ld; y is dense */                                                \
  void ck_gate_##S(int kind, const REAL *gate, size_t ld_gate, const REAL *up, size_t ld_up, REAL *y,   \
                   size_t rows, size_t columns);                                                        \
  void ck_gate_backward_##S(int kind, const REAL *gate, size_t ld_gate, const REAL *up, size_t ld_up,   \
                            const REAL *dy, REAL *dgate, REAL *dup, size_t rows, size_t columns);       \
  /* (x - mean) / sqrt(var + eps) * (weight + offset) + bias; bias may be null */                       \
  void ck_layer_norm_##S(const REAL *x, const REAL *weight, const REAL *bias, REAL eps, REAL *y,        \
                         REAL *mean, REAL *rstd, size_t rows, size_t columns);                          \
  void ck_layer_norm_backward_##S(const REAL *x, const REAL *weight, const REAL *mean,                  \
                                  const REAL *rstd, const REAL *dy, REAL *dx, REAL *dweight,            \
                                  REAL *dbias, size_t rows, size_t columns);                            \
  /* rows of `columns` elements, `ld` apart; also used for the heads of one row */                      \
  void ck_rms_norm_##S(const REAL *x, size_t ld, const REAL *weight, REAL offset, REAL eps, REAL *y,    \
                       size_t ld_y, REAL *rstd, size_t rows, size_t columns);                           \
  void ck_rms_norm_backward_##S(const REAL *x, size_t ld, const REAL *weight, REAL offset,              \
                                const REAL *rstd, const REAL *dy, size_t ld_dy, REAL *dx, size_t ld_dx, \
                                REAL *dweight, size_t rows, size_t columns);                            \
  /* Softmax of scores[r, begin(r) ..< end(r)], zero elsewhere. */                                      \
  void ck_softmax_rows_##S(REAL *scores, size_t ld, size_t rows, size_t columns, ptrdiff_t first_row,   \
                           int causal, ptrdiff_t window);                                               \
  /* dp[r, c] = p[r, c] (dp[r, c] - sum(p[r] dp[r])) factor */                                          \
  void ck_softmax_backward_##S(const REAL *p, REAL *dp, size_t ld, size_t rows, size_t columns,         \
                               REAL factor);                                                            \
  /* Turns pairs (x[i], x[i + half]) of one row's head by cos, sin of the row's position. */            \
  void ck_rotate_##S(REAL *x, size_t ld, const REAL *cosine, const REAL *sine, const int32_t *position, \
                     REAL direction, size_t rows, size_t half);                                         \
  /* log sum exp of a row, in lse; the log-probability of the label in logp */                          \
  void ck_log_softmax_##S(const REAL *logits, size_t columns, int32_t label, REAL *lse, REAL *logp);    \
  /* logits = (softmax - onehot(label)) weight */                                                       \
  void ck_cross_entropy_backward_##S(REAL *logits, size_t columns, int32_t label, REAL lse,             \
                                     REAL weight);                                                      \
  void ck_adamw_##S(REAL *theta, const REAL *gradient, REAL *m, REAL *v, REAL beta1, REAL beta2,        \
                    REAL rate, REAL scale1, REAL scale2, REAL eps, REAL decay, size_t count);           \
  void ck_momentum_##S(REAL *theta, const REAL *gradient, REAL *m, REAL momentum, int nesterov,         \
                       REAL rate, REAL decay, size_t count);                                            \
  void ck_sophia_##S(REAL *theta, const REAL *gradient, REAL *m, const REAL *h, REAL beta1, REAL rate,  \
                     REAL gamma, REAL eps, REAL decay, size_t count);                                   \
  /* y[r, i] = x[r, index[i]], and back */                                                              \
  void ck_gather_columns_##S(const REAL *x, size_t ld, const int32_t *index, size_t rows, size_t count, \
                             REAL *y);                                                                  \
  void ck_scatter_columns_##S(const REAL *x, const int32_t *index, size_t rows, size_t count, REAL *y,  \
                              size_t ld);

CK_DECLARE(float, f32)
CK_DECLARE(double, f64)
#undef CK_DECLARE

#endif
