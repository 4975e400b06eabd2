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
    project(x, hidden_bias);
    for (int t = 0; t < in.positions; ++t) {
      if (t > 0) native::forward(hidden_weight, units_of(h, t - 1), gates_of(t), 1, 0);
      const float* sum = gates_of(t);
      float* now = units_of(h, t);
      each_register(unit_floats(),
                    [=](size_t at) { store(now + at, Activation::of(load(sum + at))); });
    }
  }

  void backward(const float* x, const float* h, float* dh, float* dx) override {
    for (int t = in.positions - 1; t >= 0; --t) {
      float* gradient = gates_of(t);
      const float *now = units_of(h, t), *slope = units_of(dh, t);
      each_register(unit_floats(), [=](size_t at) {
        store(gradient + at, load(slope + at) * Activation::slope(load(now + at)));
      });
      if (t > 0) native::backward(hidden_weight, gradient, units_of(dh, t - 1), 1, 0);
    }
    collect_input(x, dx);
    collect_hidden(h);
  }
};

}  // namespace native
