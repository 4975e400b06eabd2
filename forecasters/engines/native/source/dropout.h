// Inverted dropout: in training a value is set to zero, or divided by the share that is kept.
#pragma once

#include <algorithm>

#include "layer.h"
#include "philox.h"

namespace native {

class Dropout : public Layer {
 public:
  // `number` is the place of the layer in the network, `rate` the share that is dropped.
  Dropout(Shape in, double rate, uint32_t number, uint64_t seed, Workplace& place)
      : Layer(in, in),
        threshold(static_cast<uint32_t>(rate * 4294967296.0)),
        kept(static_cast<float>(1.0 / (1.0 - rate))),
        number(number),
        seed(seed),
        mask(place.activations.take(in.floats())) {}

  void forward(const float* x, float* y, const Pass& pass) override {
    if (!pass.training) {
      std::copy_n(x, in.floats(), y);
      return;
    }
    draw(pass);
    for (size_t at = 0; at < in.floats(); at += WIDTH)
      store(y + at, load(x + at) * load(mask + at));
  }

  void backward(const float*, const float*, float* dy, float* dx, bool) override {
    if (!dx) return;
    for (size_t at = 0; at < in.floats(); at += WIDTH)
      store(dx + at, load(dy + at) * load(mask + at));
  }

 private:
  // One draw gives the words of four rows in one window.
  void draw(const Pass& pass) {
    for (int row = 0; row < in.rows(); row += 4) {
      uint32_t words[4][LANES];
      for (int lane = 0; lane < LANES; ++lane) {
        words[0][lane] = static_cast<uint32_t>(row / 4);
        words[1][lane] = static_cast<uint32_t>(pass.first + lane);
        words[2][lane] = pass.step;
        words[3][lane] = number;
      }
      philox(words, seed);
      float* to = mask + static_cast<size_t>(row) * LANES;
      for (int i = 0; i < std::min(4, in.rows() - row); ++i, to += LANES)
        for (int lane = 0; lane < LANES; ++lane) to[lane] = words[i][lane] >= threshold ? kept : 0.0f;
    }
  }

  const uint32_t threshold;
  const float kept;
  const uint32_t number;
  const uint64_t seed;
  float* const mask;
};

}  // namespace native
