// Elementary functions that vectorise. Binary32 has its own; binary64, which only tests use, takes libm's.
//
// They must not stand under CK_REASSOCIATE: the rounding trick in ck_exp_f32 would be folded away. Inlined
// code keeps the rules of the place where it is written.
#include <math.h>
#include <stdint.h>
#include <string.h>

// e^x for binary32, within 2 units in the last place; 0x1p-126 and below is given as about 1.2e-38.
// n = round(x log2 e) by adding 1.5 * 2^23; e^r by a polynomial on |r| <= ln 2 / 2 (Cephes expf).
static inline float ck_exp_f32(float x) {
  x = x < -87.33f ? -87.33f : x;
  x = x > 88.72f ? 88.72f : x;
  float shifted = x * 1.44269504088896341f + 12582912.0f;
  float n = shifted - 12582912.0f;
  float r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  uint32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  // Two factors, so that n = 128 does not overflow the exponent's field.
  int32_t exponent = (int32_t)(bits << 9) >> 9;
  uint32_t low = (uint32_t)(exponent / 2 + 127) << 23;
  uint32_t high = (uint32_t)(exponent - exponent / 2 + 127) << 23;
  float first, second;
  memcpy(&first, &low, sizeof first);
  memcpy(&second, &high, sizeof second);
  return p * first * second;
}

// The error function for binary32 by a rational approximation on |x| <= 4; beyond it is 1 to the last place.
static inline float ck_erf_f32(float x) {
  x = x < -4.0f ? -4.0f : x;
  x = x > 4.0f ? 4.0f : x;
  float s = x * x;
  float p = -2.72614225801306e-10f;
  p = p * s + 2.77068142495902e-08f;
  p = p * s + -2.10102402082508e-06f;
  p = p * s + -5.69250639462346e-05f;
  p = p * s + -7.34990630326855e-04f;
  p = p * s + -2.95459980854025e-03f;
  p = p * s + -1.60960333262415e-02f;
  float q = -1.45660718464996e-05f;
  q = q * s + -2.13374055278905e-04f;
  q = q * s + -1.68282697438203e-03f;
  q = q * s + -7.37332916720468e-03f;
  q = q * s + -1.42647390514189e-02f;
  return x * p / q;
}

static inline float ck_tanh_f32(float x) { return tanhf(x); }
static inline double ck_exp_f64(double x) { return exp(x); }
static inline double ck_erf_f64(double x) { return erf(x); }
static inline double ck_tanh_f64(double x) { return tanh(x); }
