// The interface of every layer, and the memory that layers work in.
#pragma once

#include <vector>

#include "matrix.h"

namespace native {

// A stretch of floats that the caller owns, given out from the front. Without a start it only
// counts, so the caller can ask how much memory is needed.
struct Memory {
  float* start = nullptr;
  size_t used = 0;

  float* take(size_t floats) {
    float* here = start ? start + used : nullptr;
    used += (floats + 15) / 16 * 16;  // whole cache lines
    return here;
  }
};

// Memory that layers use one after the other: as large as the largest layer needs.
struct Scratch {
  float* start = nullptr;
  size_t floats = 0;

  void need(size_t wanted) { floats = wanted > floats ? wanted : floats; }
};

struct Workplace {
  Memory values, gradients;  // parameters; in the same places the gradient of the loss by them
  Memory activations;        // kept from the forward pass for the backward pass
  Scratch scratch;

  Matrix matrix(int inputs, int outputs) {
    const int stride = padded(outputs);
    const size_t floats = static_cast<size_t>(inputs) * stride;
    return {inputs, outputs, stride, values.take(floats), gradients.take(floats)};
  }
};

// The place of torch's tensor [outputs][channels][taps] in a matrix: here the taps of a convolution
// come before its channels. A dense weight has one tap, a bias one channel.
struct Parameter {
  Matrix matrix;
  int taps = 1;

  // Call visit(place in the matrix) for each element in torch's order.
  template <class Visit>
  void each(Visit visit) const {
    const int channels = matrix.inputs / taps;
    for (int n = 0; n < matrix.outputs; ++n)
      for (int channel = 0; channel < channels; ++channel)
        for (int tap = 0; tap < taps; ++tap)
          visit(static_cast<size_t>(tap * channels + channel) * matrix.stride + n);
  }
};

// The step, and the place of the block of windows in its batch.
struct Pass {
  bool training;
  uint32_t step;  // steps of the optimiser before this one
  int first;      // place in the batch of the block's first window
};

class Layer {
 public:
  Layer(Shape in, Shape out) : in(in), out(out) {}
  virtual ~Layer() = default;

  virtual void forward(const float* x, float* y, const Pass& pass) = 0;

  // Write the gradients of the parameters, or add to them (`adds`: a later block of the same
  // batch), and write dx unless it is null. dy may be overwritten.
  virtual void backward(const float* x, const float* y, float* dy, float* dx, bool adds) = 0;

  // Whether forward may write y over x, and backward dx over dy.
  virtual bool in_place() const { return false; }

  // Whether backward reads y, so that no other layer may overwrite it.
  virtual bool reads_answer() const { return false; }

  const Shape in, out;
  std::vector<Parameter> parameters;  // in torch's order
};

}  // namespace native
