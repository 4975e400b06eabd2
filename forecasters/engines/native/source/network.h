// A network: a chain of layers, its forward pass, its gradient and its training.
#pragma once

#include <memory>
#include <vector>

#include "adam.h"
#include "layer.h"

namespace native {

// The description of a layer; Python knows the numbers of `Kind` too (description.py).
enum class Kind : int32_t {
  LSTM = 1, RNN, GRU, CONVOLUTION, POINTWISE, MAX_POOLING, DROPOUT, SWAP_AXES, FLATTEN, LAST_STEP
};
enum class Function : int32_t { NONE = 0, TANH, SOFTSIGN, RELU };
enum class Loss : int32_t { MSE = 0, RMSE };

struct Description {
  Kind kind;
  int32_t outputs;    // units or filters
  int32_t kernel;     // of a convolution or a pool
  int32_t stride;     // of a pool
  int32_t biases;     // 0, 1, or for torch's recurrent layers 2
  Function function;  // of a pointwise or recurrent layer
  int32_t number;     // of a dropout: its place in the network
  int32_t reserved;
  double rate;        // of a dropout
};

struct Windows {
  const float* X;  // [N][lookback][channels]
  const float* y;  // [N]
};

class Network {
 public:
  // The caller owns the memory: parameters and gradients of `parameter_floats`, a workspace of
  // `workspace_floats`, each from the start of a cache line. The gradients must be zero at first:
  // the padding of the rows of a matrix is never written. A network without memory can only return
  // how much it needs.
  Network(const Description* descriptions, int count, Shape input, uint64_t seed,
          float* parameters = nullptr, float* gradients = nullptr, float* workspace = nullptr);
  Network(const Network&) = delete;  // layers refer to the workplace of their own network

  size_t parameter_floats() const { return place.values.used; }
  size_t workspace_floats() const { return place.activations.used; }

  // Parameters from and to torch's order, all tensors end to end; the gradients to that order.
  void set_parameters(const float* torch);
  void get_parameters(float* torch) const;
  void get_gradients(float* torch) const;

  // The answers [count] to the first `count` windows, as in evaluation.
  void answer(const Windows& windows, int64_t count, float* answers);

  // Compute the gradient of the loss over the windows `rows`; return the loss and the factor by
  // which the gradient must still be multiplied.
  struct Slope {
    double loss;
    float scale;
  };
  Slope differentiate(const Windows& windows, const int64_t* rows, int count, Loss loss,
                      uint32_t step);

  // One step of Adam for each batch of `rows`; `total` is the sum over rows of their batch's loss.
  // A tensor whose `frozen` is not zero does not change. Return false if `stop`, read before each
  // step unless it is null, was set: then the remaining rows were not used.
  bool train(const Windows& windows, const int64_t* rows, int64_t count, int batch, Loss loss,
             const Adam& adam, const uint8_t* frozen, float* first, float* second, int64_t& step,
             double& total, const volatile int32_t* stop = nullptr);

 private:
  void gather(const Windows& windows, const int64_t* rows, int count);
  void forward(const Pass& pass);
  void backward(bool adds);
  void freeze(const uint8_t* frozen);

  const Shape input;
  Workplace place;
  std::vector<std::unique_ptr<Layer>> layers;
  std::vector<float*> values;  // the input and each layer's output, of one block of windows; one
                               // and the same where a layer works in place
  float* slopes[2] = {};       // the gradient by a layer's output and by its input, by turns
};

}  // namespace native
