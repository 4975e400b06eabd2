// Layers that only select or reorder rows.
#pragma once

#include <algorithm>

#include "layer.h"

namespace native {

// Positions become features and features positions.
class SwapAxes : public Layer {
 public:
  explicit SwapAxes(Shape in) : Layer(in, {in.features, in.positions}) {}

  void forward(const float* x, float* y, const Pass&) override { exchange(in, x, y); }

  void backward(const float*, const float*, float* dy, float* dx, bool) override {
    if (dx) exchange(out, dy, dx);
  }

 private:
  static void exchange(Shape from, const float* x, float* y) {
    for (int p = 0; p < from.positions; ++p)
      for (int f = 0; f < from.features; ++f, x += LANES)
        std::copy_n(x, LANES, y + (static_cast<size_t>(f) * from.positions + p) * LANES);
  }
};

// Only the last position.
class LastStep : public Layer {
 public:
  explicit LastStep(Shape in) : Layer(in, {1, in.features}) {}

  void forward(const float* x, float* y, const Pass&) override {
    std::copy_n(x + before(), out.floats(), y);
  }

  void backward(const float*, const float*, float* dy, float* dx, bool) override {
    if (!dx) return;
    std::fill_n(dx, before(), 0.0f);
    std::copy_n(dy, out.floats(), dx + before());
  }

 private:
  size_t before() const { return in.floats() - out.floats(); }
};

}  // namespace native
