// Between 16-bit floats and binary32, by bits: exact both ways for every value that both can hold.
#include "include/kernels.h"
#include "clones.h"
#include <string.h>

CK_CLONES
void ck_bf16_to_f32(const void *restrict source, float *restrict target, size_t count) {
  const unsigned char *bytes = source;
  for (size_t i = 0; i < count; i++) {
    uint16_t half;
    memcpy(&half, bytes + 2 * i, sizeof half);  // tensors are often misaligned
    uint32_t bits = (uint32_t)half << 16;
    memcpy(target + i, &bits, sizeof bits);
  }
}

CK_CLONES
void ck_f32_to_bf16(const float *restrict source, void *restrict target, size_t count) {
  unsigned char *bytes = target;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, source + i, sizeof bits);
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    uint32_t quiet = (bits >> 16) | 0x40;
    uint16_t half = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded);
    memcpy(bytes + 2 * i, &half, sizeof half);
  }
}

static inline uint32_t widen_f16(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16;
  uint32_t magnitude = half & 0x7fff;
  // Shift the exponent's field into place; the product by 2^112 corrects its bias, subnormals included.
  uint32_t shifted = magnitude << 13;
  float value;
  memcpy(&value, &shifted, sizeof value);
  value *= 0x1p112f;
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint32_t special = shifted | 0x7f800000;  // infinity and NaN
  return sign | (magnitude >= 0x7c00 ? special : bits);
}

CK_CLONES
void ck_f16_to_f32(const void *restrict source, float *restrict target, size_t count) {
  const unsigned char *bytes = source;
  for (size_t i = 0; i < count; i++) {
    uint16_t half;
    memcpy(&half, bytes + 2 * i, sizeof half);
    uint32_t bits = widen_f16(half);
    memcpy(target + i, &bits, sizeof bits);
  }
}

static inline uint16_t narrow_f16(uint32_t bits) {
  uint32_t sign = (bits >> 16) & 0x8000;
  uint32_t magnitude = bits & 0x7fffffff;
  uint32_t normal = (magnitude + 0xfff + ((magnitude >> 13) & 1) - (112u << 23)) >> 13;
  // Adding 0.5 puts a subnormal result into the lowest bits, rounded by the hardware.
  float value;
  memcpy(&value, &magnitude, sizeof value);
  value += 0.5f;
  uint32_t sum;
  memcpy(&sum, &value, sizeof sum);
  uint32_t subnormal = sum - 0x3f000000;
  uint32_t nan = 0x7e00 | ((magnitude >> 13) & 0x3ff);
  uint32_t half = magnitude < 0x38800000 ? subnormal : normal;
  half = magnitude >= 0x477ff000 ? 0x7c00 : half;
  half = magnitude > 0x7f800000 ? nan : half;
  return (uint16_t)(sign | half);
}

CK_CLONES
void ck_f32_to_f16(const float *restrict source, void *restrict target, size_t count) {
  unsigned char *bytes = target;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, source + i, sizeof bits);
    uint16_t half = narrow_f16(bits);
    memcpy(bytes + 2 * i, &half, sizeof half);
  }
}
