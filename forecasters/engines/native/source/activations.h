// Activations in vector code: the same bits in every build, which libm does not promise.
//
// Each is a type with `of(x)` and `slope(y)`, the derivative computed from the answer y = of(x).
#pragma once

#include "vector.h"

namespace native {

// e^x as 2^n + 2^n (e^r - 1), where x = n ln 2 + r and |r| <= 0.35.
struct Exponential {
  Vector power, rest;  // 2^n, e^r - 1

  Vector value() const { return fma(power, rest, power); }
  Vector minus_1() const { return fma(power, rest, power - 1.0f); }  // accurate also where small
};

// NaN stays NaN. e^r - 1 is r + r^2 (five terms, fitted to the smallest relative error: less than a
// quarter of the last bit). Beyond 29 the activations below are constant in float, and three such
// numbers can still be multiplied.
inline Exponential exponential(Vector x) {
  x = max_of(broadcast(-29.0f), min_of(broadcast(29.0f), x));
  const Vector rounder = broadcast(12582912.0f);  // 1.5 * 2^23: adding it rounds to whole numbers
  const Vector rounded = fma(x, broadcast(1.44269504f), rounder);
  const Vector n = rounded - rounder;
  Vector r = fma(n, broadcast(-0.693359375f), x);  // ln 2 in two parts, the first exact
  r = fma(n, broadcast(2.12194440e-4f), r);
  Vector series = broadcast(1.38825213e-3f);
  series = fma(series, r, broadcast(8.36651865e-3f));
  series = fma(series, r, broadcast(4.16672006e-2f));
  series = fma(series, r, broadcast(0.166665435f));
  series = fma(series, r, broadcast(0.49999997f));
  // The last bits of `rounded` are n; the shift drops the others: 127 + n is the exponent.
  const Integers power = (reinterpret_cast<Integers>(rounded) << 23) + (127 << 23);
  return {reinterpret_cast<Vector>(power), fma(series * r, r, r)};
}

struct Sigmoid {
  static Vector of(Vector x) { return 1.0f / below(x); }
  static Vector slope(Vector y) { return y * (1.0f - y); }

  // Two or three at once: a division takes as long as everything else together.
  static void of(Vector& x, Vector& y) {
    const Vector a = below(x), b = below(y), inverse = 1.0f / (a * b);
    x = inverse * b;
    y = inverse * a;
  }
  static void of(Vector& x, Vector& y, Vector& z) {
    const Vector a = below(x), b = below(y), c = below(z), ab = a * b;
    const Vector inverse = 1.0f / (ab * c);
    x = inverse * (b * c);
    y = inverse * (a * c);
    z = inverse * ab;
  }

 private:
  static Vector below(Vector x) { return exponential(-x).value() + 1.0f; }
};

struct Tanh {
  static Vector of(Vector x) {
    const Vector e = exponential(x + x).minus_1();
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
