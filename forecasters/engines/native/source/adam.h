// Adam, computed as in torch's fused version, with the bias corrections in double: in float,
// 1 - 0.999^t of the first steps loses so many digits that the loss changes.
//
// Kingma and Ba 2015, Adam: a method for stochastic optimization.
#pragma once

#include <cmath>

#include "vector.h"

namespace native {

struct Adam {
  double learning_rate, epsilon;

  // One step on `floats` values; `step` is counted from 1. The gradient is first multiplied by
  // `scale`.
  void update(float* value, float* first, float* second, const float* gradient, size_t floats,
              int64_t step, float scale) const {
    const double t = static_cast<double>(step);
    const Vector rate = broadcast(static_cast<float>(learning_rate / (1.0 - std::pow(0.9, t))));
    const Vector correction =
        broadcast(static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(0.999, t))));
    const Vector small = broadcast(static_cast<float>(epsilon));
    const Vector tenth = broadcast(0.1f), thousandth = broadcast(0.001f), most = broadcast(0.999f);
    for (size_t at = 0; at < floats; at += WIDTH) {
      const Vector g = load(gradient + at) * scale;
      const Vector m = fma(g - load(first + at), tenth, load(first + at));
      const Vector v = fma(g * g, thousandth, load(second + at) * most);
      store(first + at, m);
      store(second + at, v);
      const Vector denominator = fma(square_root(v), correction, small);
      store(value + at, load(value + at) - rate * m / denominator);
    }
  }
};

}  // namespace native
