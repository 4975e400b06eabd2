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
    begin(width);
    for (int t = 0; t < in.positions; ++t) {
      sum(t, width, x, h);
      advance(t, units_of(h, t));
    }
  }

  void backward(const float* x, const float* h, float* dh, float* dx, bool adds) override {
    std::fill_n(dc, unit_floats(), 0.0f);
    for (int t = in.positions - 1; t >= 0; --t) {
      retreat(t, units_of(dh, t));
      if (t > 0) native::backward(hidden_weight, gates_of(t), units_of(dh, t - 1), 1, hidden, true);
    }
    collect_input(x, dx, adds);
    collect_hidden(h, adds);
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
      store(i + at, input);
      store(f + at, forget);
      store(g + at, candidate);
      store(o + at, output);
      store(c + at, fma(forget, kept, input * candidate));
    });
    // By itself, as the processor does not see far enough ahead to begin the next unit's sigmoids.
    each_register(unit_floats(), [=](size_t at) {
      const Vector shown = Activation::of(load(c + at));
      store(a + at, shown);
      store(h + at, load(o + at) * shown);
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
