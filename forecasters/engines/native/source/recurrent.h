// The common part of the recurrent layers: weights, and the two products of each session.
//
//     gates[t] = bias + W_input x[t] + W_hidden h[t - 1]          h[-1] = 0
//
// A layer of H units has GATES * H gates, gate after gate as in torch. Their memory is used three
// times: for their sums, for the activations of the sums, and in the backward pass for the
// gradient.
#pragma once

#include <algorithm>

#include "activations.h"
#include "layer.h"

namespace native {

class Recurrent : public Layer {
 public:
  // `biased`: 0, 1 (that of the input) or 2 (also torch's second bias, of the hidden state).
  Recurrent(Shape in, int gate_count, int hidden, int biased, Workplace& place)
      : Layer(in, {in.positions, hidden}),
        hidden(hidden),
        width(gate_count * hidden),
        input_weight(place.matrix(in.features, width)),
        hidden_weight(place.matrix(hidden, width)),
        gates(place.activations.take(static_cast<size_t>(in.positions) * width * LANES)),
        start(place.activations.take(width)),
        scratch(place.scratch) {
    parameters = {{input_weight}, {hidden_weight}};
    if (biased > 0) parameters.push_back({input_bias = place.matrix(1, width)});
    if (biased > 1) parameters.push_back({hidden_bias = place.matrix(1, width)});
    place.scratch.need(Transposed::floats(in.positions, round_up(width)));
  }

  bool reads_answer() const override { return true; }

 protected:
  // The first row of session t, of its gates or of values of H rows.
  float* gates_of(int t) const { return gates + static_cast<size_t>(t) * width * LANES; }
  template <class Float>
  Float* units_of(Float* values, int t) const {
    return values + static_cast<size_t>(t) * unit_floats();
  }
  size_t unit_floats() const { return static_cast<size_t>(hidden) * LANES; }

  // The gates' gradient with windows and gates exchanged.
  Transposed transposed() const { return {scratch.start, in.positions, round_up(width)}; }

  // Set the start of the sums of the first `count` gates: the biases that exist.
  void begin(int count) {
    for (int n = 0; n < width; ++n)
      start[n] = (input_bias.exists() ? input_bias.value[n] : 0.0f) +
                 (hidden_bias.exists() && n < count ? hidden_bias.value[n] : 0.0f);
  }

  // The sums of the first `count` gates of session t; `begin` must have set their start.
  void sum(int t, int count, const float* x, const float* h) {
    const Matrix w = input_weight.outputs_from(0, count), u = hidden_weight.outputs_from(0, count);
    const float* now = x + static_cast<size_t>(t) * in.features * LANES;
    if (t == 0)
      native::forward(w, now, start, gates_of(t), 1, 0);
    else
      native::forward(w, now, u, units_of(h, t - 1), start, gates_of(t));
  }

  // From the gates' gradient: that of W_input, and of x unless `dx` is null.
  void collect_input(const float* x, float* dx, bool adds) {
    transpose(gates, width, transposed());
    weights(input_weight, x, transposed(), in.features, adds);
    if (input_bias.exists()) biases(input_bias, transposed(), adds);
    if (dx) native::backward(input_weight, gates, dx, in.positions, in.features);
  }

  // From the gates' gradient, which `collect_input` has transposed: that of W_hidden.
  void collect_hidden(const float* h, bool adds) {
    weights(hidden_weight, h, transposed(), hidden, adds, 1);  // session 0 has no h before it
    if (hidden_bias.exists()) biases(hidden_bias, transposed(), adds);
  }

  const int hidden, width;
  Matrix input_weight, hidden_weight, input_bias, hidden_bias;
  float* const gates;  // [T][GATES * H] rows
  float* const start;  // [GATES * H] numbers

 private:
  const Scratch& scratch;
};

// Call visit(place) for each register of H rows of a session.
template <class Visit>
inline void each_register(size_t floats, Visit visit) {
  for (size_t i = 0; i < floats; i += WIDTH) visit(i);
}

}  // namespace native
