// An activation as a separate layer.
#pragma once

#include "activations.h"
#include "layer.h"

namespace native {

template <class Activation>
class Pointwise : public Layer {
 public:
  explicit Pointwise(Shape in) : Layer(in, in) {}

  void forward(const float* x, float* y, const Pass&) override {
    for (size_t at = 0; at < in.floats(); at += WIDTH)
      store(y + at, Activation::of(load(x + at)));
  }

  void backward(const float*, const float* y, float* dy, float* dx, bool) override {
    if (!dx) return;
    for (size_t at = 0; at < in.floats(); at += WIDTH)
      store(dx + at, load(dy + at) * Activation::slope(load(y + at)));
  }

  bool in_place() const override { return true; }
  bool reads_answer() const override { return true; }
};

}  // namespace native
