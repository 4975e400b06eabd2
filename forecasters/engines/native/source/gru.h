// The gated recurrent unit in torch's form, gates r, z, n:
//
//     n[t] = tanh(W_n x[t] + b_n + r (U_n h[t - 1] + c_n))
//     h[t] = (1 - z) n[t] + z h[t - 1]                        r, z: sigmoid of sums, as in an LSTM
//
// r multiplies a separate sum, `recalled`, so the two biases cannot be joined: c, that of the
// hidden state, reaches n through r. If c is frozen at zero, as `initialise` does it, n has the
// bias b alone.
#pragma once

#include "recurrent.h"

namespace native {

class GRU : public Recurrent {
 public:
  GRU(Shape in, int hidden, int biased, Workplace& place)
      : Recurrent(in, 3, hidden, biased, place),
        recalled(place.activations.take(out.floats())) {}

  void forward(const float* x, float* h, const Pass&) override {
    begin(2 * hidden);
    for (int t = 0; t < in.positions; ++t) {
      sum(t, 2 * hidden, x, h);
      sum_n(t, x, t > 0 ? units_of(h, t - 1) : nullptr);
      advance(t, t > 0 ? units_of(h, t - 1) : nullptr, units_of(h, t));
    }
  }

  void backward(const float* x, const float* h, float* dh, float* dx, bool adds) override {
    for (int t = in.positions - 1; t >= 0; --t) {
      retreat(t, t > 0 ? units_of(h, t - 1) : nullptr, units_of(dh, t),
              t > 0 ? units_of(dh, t - 1) : nullptr);
      if (t == 0) continue;
      float* dh_before = units_of(dh, t - 1);
      native::backward(of_r_and_z(hidden_weight), gates_of(t), dh_before, 1, hidden, true);
      native::backward(of_n(hidden_weight), units_of(recalled, t), dh_before, 1, hidden, true);
    }
    collect_input(x, dx, adds);
    // The weights of the hidden state reach n through r: the gradient of that sum replaces that of
    // n.
    for (int t = 0; t < in.positions; ++t)
      std::copy_n(units_of(recalled, t), unit_floats(), n_of(t));
    transpose(gates, width, transposed());
    collect_hidden(h, adds);
  }

 private:
  Matrix of_r_and_z(const Matrix& m) const { return m.outputs_from(0, 2 * hidden); }
  Matrix of_n(const Matrix& m) const { return m.outputs_from(2 * hidden, hidden); }
  float* n_of(int t) const { return gates_of(t) + 2 * unit_floats(); }

  // The two sums of n: that of x in its gate, that of the hidden state in `recalled`.
  void sum_n(int t, const float* x, const float* before) {
    native::forward(of_n(input_weight), x + static_cast<size_t>(t) * in.features * LANES,
                    start + 2 * hidden, n_of(t), 1, 0);
    const float* bias = hidden_bias.exists() ? of_n(hidden_bias).value : nullptr;
    if (before)
      native::forward(of_n(hidden_weight), before, bias, units_of(recalled, t), 1, 0);
    else
      fill(units_of(recalled, t), hidden, bias);
  }

  void advance(int t, const float* before, float* h) {
    float *r = gates_of(t), *z = r + unit_floats(), *n = z + unit_floats();
    const float* u = units_of(recalled, t);
    each_register(unit_floats(), [=](size_t at) {
      Vector reset = load(r + at), update = load(z + at);
      Sigmoid::of(reset, update);
      const Vector candidate = Tanh::of(fma(reset, load(u + at), load(n + at)));
      const Vector kept = before ? load(before + at) : Vector{};
      store(r + at, reset);
      store(z + at, update);
      store(n + at, candidate);
      store(h + at, fma(update, kept - candidate, candidate));
    });
  }

  // Replaces the gates of session t, and `recalled`, by their gradients.
  void retreat(int t, const float* before, const float* dh, float* dh_before) {
    float *r = gates_of(t), *z = r + unit_floats(), *n = z + unit_floats();
    float* u = units_of(recalled, t);
    each_register(unit_floats(), [=](size_t at) {
      const Vector reset = load(r + at), update = load(z + at), candidate = load(n + at);
      const Vector slope = load(dh + at), sum = load(u + at);
      const Vector kept = before ? load(before + at) : Vector{};
      const Vector dn = slope * (1.0f - update) * Tanh::slope(candidate);
      store(r + at, dn * sum * Sigmoid::slope(reset));
      store(z + at, slope * (kept - candidate) * Sigmoid::slope(update));
      store(n + at, dn);
      store(u + at, dn * reset);
      if (dh_before) store(dh_before + at, fma(slope, update, load(dh_before + at)));
    });
  }

  float* const recalled;  // U_n h + c_n, [T][H] rows
};

}  // namespace native
