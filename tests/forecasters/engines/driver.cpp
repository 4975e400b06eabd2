// Trains one network of every kind of layer on exactly as much memory as it asks for; built with
// sanitizers by test_sanitizers.py, which end the program at the first step out of it.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "network.h"

using namespace native;

static float* memory(size_t floats) {
  const size_t bytes = (floats * sizeof(float) + 63) / 64 * 64;
  float* start = static_cast<float*>(std::aligned_alloc(64, bytes ? bytes : 64));
  for (size_t i = 0; i < floats; ++i) start[i] = 0.0f;
  return start;
}

static bool learns(const std::vector<Description>& layers, Shape input, Loss loss, int rows = 45,
                   int batch = 19, int epochs = 30) {
  const int count = static_cast<int>(layers.size());
  const Network asked(layers.data(), count, input, 7);
  float* parts[4];
  for (float*& part : parts) part = memory(asked.parameter_floats());
  float* workspace = memory(asked.workspace_floats());
  Network network(layers.data(), count, input, 7, parts[0], parts[1], workspace);
  for (size_t i = 0; i < asked.parameter_floats(); ++i)
    parts[0][i] = 0.1f * std::sin(static_cast<float>(i));
  std::vector<float> X(static_cast<size_t>(rows) * input.rows()), y(rows), answers(rows);
  std::vector<int64_t> order(rows);
  for (size_t i = 0; i < X.size(); ++i) X[i] = 0.5f + 0.5f * std::cos(static_cast<float>(3 * i));
  for (int i = 0; i < rows; ++i) y[i] = 0.3f, order[i] = (i * 7) % rows;
  const std::vector<uint8_t> frozen(64, 0);
  int64_t step = 0;
  double first = 0.0, last = 0.0;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    network.train({X.data(), y.data()}, order.data(), rows, batch, loss, {0.01, 1e-7},
                  frozen.data(), parts[2], parts[3], step, last);
    if (epoch == 0) first = last;
  }
  network.answer({X.data(), nullptr}, rows, answers.data());
  for (float* part : parts) std::free(part);
  std::free(workspace);
  const bool lower = epochs == 1 || last < first;
  return std::isfinite(last) && lower && std::isfinite(answers[0]);
}

static Description layer(Kind kind, int outputs = 0, int biases = 0,
                         Function function = Function::NONE, int kernel = 1) {
  return {kind, outputs, kernel, kernel, biases, function, 1, 0, 0.25};
}

int main() {
  const Description dense = layer(Kind::CONVOLUTION, 1, 1), last = layer(Kind::LAST_STEP);
  bool fine = true;
  const Kind kinds[] = {Kind::LSTM, Kind::RNN, Kind::GRU};
  const Function functions[] = {Function::TANH, Function::SOFTSIGN, Function::RELU};
  for (Kind kind : kinds)
    for (Function function : functions)
      for (int lookback : {1, 5}) {
        const Description one = layer(kind, 17, 2, function), two = layer(kind, 3, 1, function);
        const Description dropout = layer(Kind::DROPOUT);
        fine &= learns({one, two, last, dropout, dense}, {lookback, 5}, Loss::MSE);
      }
  const Description convolution = layer(Kind::CONVOLUTION, 13, 1, Function::NONE, 3);
  const Description tanh = layer(Kind::POINTWISE, 0, 0, Function::TANH);
  const Description pool = layer(Kind::MAX_POOLING, 0, 0, Function::NONE, 3);
  const Description swap = layer(Kind::SWAP_AXES), flatten = layer(Kind::FLATTEN);
  fine &= learns({convolution, tanh, pool, swap, flatten, dense}, {20, 7}, Loss::RMSE);
  // Shapes at the edges of blocks, registers and tiles: one epoch each, its last batch ragged.
  for (int batch : {1, 33, 256})
    for (int units : {1, 16, 31, 130}) {
      const int rows = batch + batch / 2 + 3, deep = units > 100 ? 1 : 4;
      std::vector<Description> stack;
      for (int depth = 0; depth < deep; ++depth)
        stack.push_back(layer(kinds[depth % 3], units, 2, Function::TANH));
      stack.insert(stack.end(), {last, dense});
      for (int lookback : {1, 3}) fine &= learns(stack, {lookback, 40}, Loss::RMSE, rows, batch, 1);
      const Description filters = layer(Kind::CONVOLUTION, units, 1, Function::NONE, 3);
      const Description relu = layer(Kind::POINTWISE, 0, 0, Function::RELU);
      fine &= learns({filters, relu, filters, relu, pool, swap, layer(Kind::DROPOUT), flatten, dense},
                     {8, 15}, Loss::MSE, rows, batch, 1);
    }
  fine &= learns({layer(Kind::LSTM, 7, 1, Function::SOFTSIGN), last, dense}, {60, 1}, Loss::MSE);
  std::puts(fine ? "every network learned" : "a network did not learn");
  return fine ? 0 : 1;
}
