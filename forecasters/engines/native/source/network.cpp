#include "network.h"

#include <algorithm>
#include <cmath>

#include "convolution.h"
#include "dropout.h"
#include "gru.h"
#include "lstm.h"
#include "pointwise.h"
#include "pooling.h"
#include "rnn.h"
#include "rows.h"

namespace native {

namespace {

template <template <class> class LayerOf, class... Arguments>
std::unique_ptr<Layer> with(Function function, Arguments&&... arguments) {
  switch (function) {
    case Function::SOFTSIGN: return std::make_unique<LayerOf<Softsign>>(arguments...);
    case Function::RELU: return std::make_unique<LayerOf<ReLU>>(arguments...);
    default: return std::make_unique<LayerOf<Tanh>>(arguments...);
  }
}

std::unique_ptr<Layer> make(const Description& d, Shape in, uint64_t seed, Workplace& place) {
  switch (d.kind) {
    case Kind::LSTM: return with<LSTM>(d.function, in, d.outputs, d.biases, place);
    case Kind::RNN: return with<RNN>(d.function, in, d.outputs, d.biases, place);
    case Kind::GRU: return std::make_unique<GRU>(in, d.outputs, d.biases, place);
    case Kind::CONVOLUTION:
      return std::make_unique<Convolution>(in, d.outputs, d.kernel, d.biases > 0, place);
    case Kind::POINTWISE: return with<Pointwise>(d.function, in);
    case Kind::MAX_POOLING: return std::make_unique<MaxPooling>(in, d.kernel, d.stride);
    case Kind::DROPOUT:
      return std::make_unique<Dropout>(in, d.rate, static_cast<uint32_t>(d.number), seed, place);
    case Kind::SWAP_AXES: return std::make_unique<SwapAxes>(in);
    case Kind::LAST_STEP: return std::make_unique<LastStep>(in);
    case Kind::FLATTEN: break;
  }
  return nullptr;
}

}  // namespace

Network::Network(const Description* descriptions, int count, Shape input, uint64_t seed,
                 float* parameters, float* gradients, float* workspace)
    : input(input) {
  place.values.start = parameters;
  place.gradients.start = gradients;
  place.activations.start = workspace;
  values.push_back(place.activations.take(input.floats()));
  size_t widest = input.floats();
  Shape shape = input;
  for (int i = 0; i < count; ++i) {
    if (descriptions[i].kind == Kind::FLATTEN) {
      shape = {1, shape.rows()};  // the rows lie in this order already
      continue;
    }
    const bool free = !layers.empty() && !layers.back()->reads_answer();
    layers.push_back(make(descriptions[i], shape, seed, place));
    shape = layers.back()->out;
    values.push_back(free && layers.back()->in_place() ? values.back()
                                                       : place.activations.take(shape.floats()));
    widest = std::max(widest, shape.floats());
  }
  for (float*& slope : slopes) slope = place.activations.take(widest);
  place.scratch.start = place.activations.take(place.scratch.floats);
}

void Network::set_parameters(const float* torch) {
  std::fill_n(place.values.start, place.values.used, 0.0f);
  for (const auto& layer : layers)
    for (const Parameter& parameter : layer->parameters)
      parameter.each([&](size_t at) { parameter.matrix.value[at] = *torch++; });
}

void Network::get_parameters(float* torch) const {
  for (const auto& layer : layers)
    for (const Parameter& parameter : layer->parameters)
      parameter.each([&](size_t at) { *torch++ = parameter.matrix.value[at]; });
}

void Network::get_gradients(float* torch) const {
  for (const auto& layer : layers)
    for (const Parameter& parameter : layer->parameters)
      parameter.each([&](size_t at) { *torch++ = parameter.matrix.gradient[at]; });
}

// Windows become columns; the places of a block that no window takes are zero.
void Network::gather(const Windows& windows, const int64_t* rows, int count) {
  const int size = input.rows();
  float* to = values.front();
  if (count < LANES) std::fill_n(to, input.floats(), 0.0f);
  for (int lane = 0; lane < count; ++lane) {
    const float* window = windows.X + rows[lane] * size;
    for (int row = 0; row < size; ++row) to[static_cast<size_t>(row) * LANES + lane] = window[row];
  }
}

void Network::forward(const Pass& pass) {
  for (size_t i = 0; i < layers.size(); ++i) layers[i]->forward(values[i], values[i + 1], pass);
}

void Network::backward(bool adds) {
  for (size_t i = layers.size(); i-- > 0;) {
    float* dy = slopes[0];
    if (values[i] != values[i + 1]) std::swap(slopes[0], slopes[1]);
    layers[i]->backward(values[i], values[i + 1], dy, i > 0 ? slopes[0] : nullptr, adds);
  }
}

void Network::answer(const Windows& windows, int64_t count, float* answers) {
  for (int64_t first = 0; first < count; first += LANES) {
    const int here = static_cast<int>(std::min<int64_t>(LANES, count - first));
    int64_t rows[LANES];
    for (int lane = 0; lane < here; ++lane) rows[lane] = first + lane;
    gather(windows, rows, here);
    forward({false, 0, 0});
    std::copy_n(values.back(), here, answers + first);
  }
}

Network::Slope Network::differentiate(const Windows& windows, const int64_t* rows, int count,
                                      Loss loss, uint32_t step) {
  double squares = 0.0;
  for (int first = 0; first < count; first += LANES) {
    const int here = std::min(LANES, count - first);
    gather(windows, rows + first, here);
    forward({true, step, first});
    const float* answers = values.back();
    std::fill_n(slopes[0], LANES, 0.0f);
    for (int lane = 0; lane < here; ++lane) {
      const float error = answers[lane] - windows.y[rows[first + lane]];
      squares += static_cast<double>(error) * error;
      slopes[0][lane] = 2.0f * error / static_cast<float>(count);
    }
    backward(first > 0);
  }
  const double mean = squares / count;
  if (loss == Loss::MSE) return {mean, 1.0f};
  // The slope of the root of the mean; zero where nothing is left to learn.
  const double root = std::sqrt(mean);
  return {root, root > 0.0 ? static_cast<float>(0.5 / root) : 0.0f};
}

// A parameter whose gradient has been zero in every step is never moved by Adam.
void Network::freeze(const uint8_t* frozen) {
  for (const auto& layer : layers)
    for (const Parameter& parameter : layer->parameters)
      if (*frozen++)
        std::fill_n(parameter.matrix.gradient,
                    static_cast<size_t>(parameter.matrix.inputs) * parameter.matrix.stride, 0.0f);
}

bool Network::train(const Windows& windows, const int64_t* rows, int64_t count, int batch,
                    Loss loss, const Adam& adam, const uint8_t* frozen, float* first,
                    float* second, int64_t& step, double& total, const volatile int32_t* stop) {
  total = 0.0;
  for (int64_t from = 0; from < count; from += batch) {
    if (stop && *stop) return false;
    const int here = static_cast<int>(std::min<int64_t>(batch, count - from));
    const Slope slope =
        differentiate(windows, rows + from, here, loss, static_cast<uint32_t>(step));
    freeze(frozen);
    ++step;
    adam.update(place.values.start, first, second, place.gradients.start, place.values.used, step,
                slope.scale);
    total += slope.loss * here;
  }
  return true;
}

}  // namespace native
