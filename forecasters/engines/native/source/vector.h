// One SIMD register of floats, and the few operations on it that the kernels need.
//
// The same source is compiled for AVX-512, for AVX2 and for any processor. The first two must give
// the same bits, so the compiler decides nothing here: every fused multiply-add is written as one,
// the flags forbid the compiler to fuse others (-ffp-contract=off), and no function of libm is
// called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

namespace native {

#if defined(__AVX512F__)
constexpr int WIDTH = 16;  // floats in a register
constexpr const char* ISA = "avx512";
#elif defined(__AVX2__)
constexpr int WIDTH = 8;
constexpr const char* ISA = "avx2";
#else
constexpr int WIDTH = 4;
constexpr const char* ISA = "portable";
#endif

using Vector = float __attribute__((vector_size(WIDTH * sizeof(float)), may_alias));
using Integers = int32_t __attribute__((vector_size(WIDTH * sizeof(int32_t)), may_alias));

inline Vector load(const float* from) { return *reinterpret_cast<const Vector*>(from); }
inline void store(float* to, Vector x) { *reinterpret_cast<Vector*>(to) = x; }

inline Vector broadcast(float x) {
#if defined(__AVX512F__)
  return _mm512_set1_ps(x);
#elif defined(__AVX2__)
  return _mm256_set1_ps(x);
#else
  return Vector{} + x;
#endif
}

// a * b + c, rounded once if the processor can do that.
inline Vector fma(Vector a, Vector b, Vector c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(a, b, c);
#elif defined(__AVX2__)
  return _mm256_fmadd_ps(a, b, c);
#elif defined(__FP_FAST_FMAF)
  UNROLL
  for (int i = 0; i < WIDTH; ++i) c[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return c;
#else
  return a * b + c;
#endif
}

inline Vector square_root(Vector x) {
  UNROLL
  for (int i = 0; i < WIDTH; ++i) x[i] = __builtin_sqrtf(x[i]);
  return x;
}

// The smaller of two numbers; NaN if x is NaN.
inline Vector min_of(Vector limit, Vector x) {
#if defined(__AVX512F__)
  return _mm512_mask_min_ps(x, 0xffff, limit, x);  // gcc 12 warns of the form without a mask
#elif defined(__AVX2__)
  return _mm256_min_ps(limit, x);
#else
  return limit < x ? limit : x;
#endif
}

// The larger of two numbers; NaN if x is NaN.
inline Vector max_of(Vector limit, Vector x) {
#if defined(__AVX512F__)
  return _mm512_mask_max_ps(x, 0xffff, limit, x);
#elif defined(__AVX2__)
  return _mm256_max_ps(limit, x);
#else
  return limit > x ? limit : x;
#endif
}

inline Vector magnitude(Vector x) {
  return reinterpret_cast<Vector>(reinterpret_cast<Integers>(x) & 0x7fffffff);
}

// Elements of a and b, chosen by their number; the elements of b are counted after those of a.
template <int... FROM>
inline Vector pick(Vector a, Vector b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, FROM...);
#else
  return __builtin_shuffle(a, b, Integers{FROM...});
#endif
}

}  // namespace native
