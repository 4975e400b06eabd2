// Long short-term memory, gates i, f, g, o as in torch:
//
//     c[t] = f c[t - 1] + i g        i, f, o: sigmoid      g and what is seen of c: ACTIVATION
//     h[t] = o act(c[t])
#pragma once

#include "recurrent.h"

namespace native {

template <class Activation>
class LSTM : public Recurrent {
 public:
  LSTM(Shape in, int hidden, int biased, Workplace& place)
      : Recurrent(in, 4, hidden, biased, place),
        cells(place.activations.take(out.floats())),
        seen(place.activations.take(out.floats())),
        dc(place.activations.take(unit_floats())) {}

  void forward(const float* x, float* h, const Pass&) override {
    project(x, hidden_bias);
    for (int t = 0; t < in.positions; ++t) {
      if (t > 0) native::forward(hidden_weight, units_of(h, t - 1), gates_of(t), 1, 0);
      advance(t, units_of(h, t));
    }
  }

  void backward(const float* x, const float* h, float* dh, float* dx) override {
    std::fill_n(dc, unit_floats(), 0.0f);
    for (int t = in.positions - 1; t >= 0; --t) {
      retreat(t, units_of(dh, t));
      if (t > 0) native::backward(hidden_weight, gates_of(t), units_of(dh, t - 1), 1, 0);
    }
    collect_input(x, dx);
    collect_hidden(h);
  }

 private:
  void advance(int t, float* h) {
    float *i = gates_of(t), *f = i + unit_floats(), *g = f + unit_floats(), *o = g + unit_floats();
    float *c = units_of(cells, t), *a = units_of(seen, t);
    const float* before = t > 0 ? units_of(cells, t - 1) : nullptr;
    each_register(unit_floats(), [=](size_t at) {
      Vector input = load(i + at), forget = load(f + at), output = load(o + at);
      Sigmoid::of(input, forget, output);
      const Vector candidate = Activation::of(load(g + at));
      const Vector kept = before ? load(before + at) : Vector{};
      const Vector cell = fma(forget, kept, input * candidate);
      const Vector shown = Activation::of(cell);
      store(i + at, input);
      store(f + at, forget);
      store(g + at, candidate);
      store(o + at, output);
      store(c + at, cell);
      store(a + at, shown);
      store(h + at, output * shown);
    });
  }

  // The gates of session t become their gradient; dc goes on to the session before.
  void retreat(int t, const float* dh) {
    float *i = gates_of(t), *f = i + unit_floats(), *g = f + unit_floats(), *o = g + unit_floats();
    const float* a = units_of(seen, t);
    const float* before = t > 0 ? units_of(cells, t - 1) : nullptr;
    float* carried = dc;
    each_register(unit_floats(), [=](size_t at) {
      const Vector input = load(i + at), forget = load(f + at), candidate = load(g + at);
      const Vector output = load(o + at), shown = load(a + at), slope = load(dh + at);
      const Vector kept = before ? load(before + at) : Vector{};
      const Vector cell = fma(slope * output, Activation::slope(shown), load(carried + at));
      store(i + at, cell * candidate * Sigmoid::slope(input));
      store(f + at, cell * kept * Sigmoid::slope(forget));
      store(g + at, cell * input * Activation::slope(candidate));
      store(o + at, slope * shown * Sigmoid::slope(output));
      store(carried + at, cell * forget);
    });
  }

  float* const cells;  // c
  float* const seen;   // act(c)
  float* const dc;     // of one session
};

}  // namespace native
