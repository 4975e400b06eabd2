// A convolution over the positions (stride 1, no padding). With a kernel of 1 on a single position
// it is a dense layer.
#pragma once

#include <algorithm>

#include "layer.h"

namespace native {

class Convolution : public Layer {
 public:
  Convolution(Shape in, int filters, int kernel, bool biased, Workplace& place)
      : Layer(in, {in.positions - kernel + 1, filters}),
        weight(place.matrix(kernel * in.features, filters)),
        scratch(place.scratch) {
    parameters.push_back({weight, kernel});
    if (biased) {
      bias = place.matrix(1, filters);
      parameters.push_back({bias});
    }
    place.scratch.need(static_cast<size_t>(out.positions) * LANES * weight.stride);
  }

  void forward(const float* x, float* y, const Pass&) override {
    fill(y, out.positions, out.features, bias);
    native::forward(weight, x, y, out.positions, in.features);
  }

  void backward(const float* x, const float*, float* dy, float* dx) override {
    const Transposed turned{scratch.start, out.positions, weight.stride};
    transpose(dy, out.features, turned);
    weights(weight, x, turned, in.features);
    if (bias.exists()) biases(bias, turned);
    if (!dx) return;
    std::fill_n(dx, in.floats(), 0.0f);
    native::backward(weight, dy, dx, out.positions, in.features);
  }

 private:
  Matrix weight, bias;
  const Scratch& scratch;
};

}  // namespace native
