// The largest of `kernel` positions, feature by feature; positions left over at the end are
// ignored.
#pragma once

#include <algorithm>

#include "layer.h"

namespace native {

class MaxPooling : public Layer {
 public:
  MaxPooling(Shape in, int kernel, int stride)
      : Layer(in, {(in.positions - kernel) / stride + 1, in.features}),
        kernel(kernel),
        stride(stride) {}

  void forward(const float* x, float* y, const Pass&) override {
    for (int p = 0; p < out.positions; ++p)
      for (size_t at = 0; at < step(); at += WIDTH) {
        const float* first = x + p * stride * step() + at;
        Vector largest = load(first);
        for (int tap = 1; tap < kernel; ++tap) {
          const Vector next = load(first + tap * step());
          largest = next <= largest ? largest : next;  // NaN stays NaN
        }
        store(y + p * step() + at, largest);
      }
  }

  // The first of equal values gets the gradient, as in torch.
  void backward(const float* x, const float* y, float* dy, float* dx, bool) override {
    if (!dx) return;
    std::fill_n(dx, in.floats(), 0.0f);
    for (int p = 0; p < out.positions; ++p)
      for (size_t at = 0; at < step(); at += WIDTH) {
        const size_t first = p * stride * step() + at;
        const Vector largest = load(y + p * step() + at);
        Vector left = load(dy + p * step() + at);
        for (int tap = 0; tap < kernel; ++tap) {
          const auto is_largest = load(x + first + tap * step()) == largest;
          float* to = dx + first + tap * step();
          store(to, load(to) + (is_largest ? left : Vector{}));
          left = is_largest ? Vector{} : left;
        }
      }
  }

  bool reads_answer() const override { return true; }

 private:
  size_t step() const { return static_cast<size_t>(in.features) * LANES; }  // floats in a position

  const int kernel, stride;
};

}  // namespace native
