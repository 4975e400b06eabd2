// Activations in vector code of our own: the same bits in every build, which libm does not promise.
//
// Each is a type with `of(x)` and `slope(y)`, its derivative from its own answer y = of(x).
#pragma once

#include "vector.h"

namespace native {

// e^x - 1, accurate relative to itself also where it is small; NaN stays NaN.
//
// x = n ln 2 + r with |r| <= 0.35, so e^x - 1 = 2^n (e^r - 1) + (2^n - 1). The series of e^r - 1 to
// r^7 leaves less than a quarter of the last bit. Beyond 40 the activations below have long become
// constant; two such numbers can still be multiplied.
inline Vector exp_minus_1(Vector x) {
  const Vector most = broadcast(40.0f);
  x = x > most ? most : x;
  x = x < -most ? -most : x;
  const Vector rounder = broadcast(12582912.0f);  // 1.5 * 2^23: adding it rounds to whole numbers
  const Vector n = fma(x, broadcast(1.44269504f), rounder) - rounder;
  Vector r = fma(n, broadcast(-0.693359375f), x);  // ln 2 in two parts, the first exact
  r = fma(n, broadcast(2.12194440e-4f), r);
  Vector series = broadcast(1.0f / 5040.0f);
  series = fma(series, r, broadcast(1.0f / 720.0f));
  series = fma(series, r, broadcast(1.0f / 120.0f));
  series = fma(series, r, broadcast(1.0f / 24.0f));
  series = fma(series, r, broadcast(1.0f / 6.0f));
  series = fma(series, r, broadcast(0.5f));
  series = fma(series * r, r, r);
  const Vector power =
      reinterpret_cast<Vector>((__builtin_convertvector(n, Integers) + 127) << 23);  // 2^n
  return fma(power, series, power - 1.0f);
}

struct Sigmoid {
  static Vector of(Vector x) { return 1.0f / (exp_minus_1(-x) + 2.0f); }
  static Vector slope(Vector y) { return y * (1.0f - y); }
};

struct Tanh {
  static Vector of(Vector x) {
    const Vector e = exp_minus_1(x + x);
    return e / (e + 2.0f);
  }
  static Vector slope(Vector y) { return 1.0f - y * y; }
};

struct Softsign {
  static Vector of(Vector x) { return x / (magnitude(x) + 1.0f); }
  static Vector slope(Vector y) {
    const Vector rest = 1.0f - magnitude(y);
    return rest * rest;
  }
};

struct ReLU {
  static Vector of(Vector x) { return x < 0.0f ? Vector{} : x; }  // NaN stays NaN
  static Vector slope(Vector y) { return y > 0.0f ? broadcast(1.0f) : Vector{}; }
};

}  // namespace native
