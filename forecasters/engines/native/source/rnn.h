// The plain recurrent layer: h[t] = act(W_input x[t] + W_hidden h[t - 1] + bias).
#pragma once

#include "recurrent.h"

namespace native {

template <class Activation>
class RNN : public Recurrent {
 public:
  RNN(Shape in, int hidden, int biased, Workplace& place)
      : Recurrent(in, 1, hidden, biased, place) {}

  void forward(const float* x, float* h, const Pass&) override {
    begin(width);
    for (int t = 0; t < in.positions; ++t) {
      sum(t, width, x, h);
      const float* gate = gates_of(t);
      float* now = units_of(h, t);
      each_register(unit_floats(),
                    [=](size_t at) { store(now + at, Activation::of(load(gate + at))); });
    }
  }

  void backward(const float* x, const float* h, float* dh, float* dx, bool adds) override {
    for (int t = in.positions - 1; t >= 0; --t) {
      float* gradient = gates_of(t);
      const float *now = units_of(h, t), *slope = units_of(dh, t);
      each_register(unit_floats(), [=](size_t at) {
        store(gradient + at, load(slope + at) * Activation::slope(load(now + at)));
      });
      if (t > 0) native::backward(hidden_weight, gradient, units_of(dh, t - 1), 1, hidden, true);
    }
    collect_input(x, dx, adds);
    collect_hidden(h, adds);
  }
};

}  // namespace native
