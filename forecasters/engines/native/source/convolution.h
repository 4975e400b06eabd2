// A convolution over the positions (stride 1, no padding). With a kernel of 1 on a single position
// it is a dense layer.
#pragma once

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
    place.scratch.need(Transposed::floats(out.positions, round_up(filters)));
  }

  void forward(const float* x, float* y, const Pass&) override {
    native::forward(weight, x, bias.value, y, out.positions, in.features);
  }

  void backward(const float* x, const float*, float* dy, float* dx, bool adds) override {
    const Transposed turned(scratch.start, out.positions, round_up(out.features));
    transpose(dy, out.features, turned);
    weights(weight, x, turned, in.features, adds);
    if (bias.exists()) biases(bias, turned, adds);
    if (dx) native::backward(weight, dy, dx, out.positions, in.features);
  }

 private:
  Matrix weight, bias;
  const Scratch& scratch;
};

}  // namespace native
