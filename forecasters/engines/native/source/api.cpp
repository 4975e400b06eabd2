// The C interface. The caller owns all memory; nothing is stored between two calls.
#include <cstring>

#include "network.h"
#include "philox.h"

using namespace native;

#define EXPORT extern "C" __attribute__((visibility("default")))

// The caller's description of a network, and its memory.
struct Plan {
  const Description* layers;
  int32_t count, lookback, channels, loss;
  uint64_t seed;
  float* parameters;
  float* gradients;
  float* workspace;
};

static Network network_of(const Plan* plan) {
  return Network(plan->layers, plan->count, {plan->lookback, plan->channels}, plan->seed,
                 plan->parameters, plan->gradients, plan->workspace);
}

// The name of the build that fits this processor.
EXPORT const char* native_processor() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return "avx512";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "avx2";
#endif
  return "portable";
}

EXPORT const char* native_isa() { return ISA; }

// The sha256 of the sources that this library was built from (setup.py).
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
EXPORT const char* native_source() { return TEXT(NATIVE_SOURCE); }

EXPORT const char* native_compiler() { return __VERSION__; }

// The number of floats of the parameters (also of the gradients and of each moment of Adam) and of
// the workspace.
EXPORT void native_size(const Plan* plan, uint64_t* parameters, uint64_t* workspace) {
  const Network network = network_of(plan);
  *parameters = network.parameter_floats();
  *workspace = network.workspace_floats();
}

EXPORT void native_set_parameters(const Plan* plan, const float* torch) {
  network_of(plan).set_parameters(torch);
}

EXPORT void native_get_parameters(const Plan* plan, float* torch) {
  network_of(plan).get_parameters(torch);
}

// The answers [count] to windows X [count][lookback][channels].
EXPORT void native_answer(const Plan* plan, const float* X, int64_t count, float* answers) {
  network_of(plan).answer({X, nullptr}, count, answers);
}

// The gradient of one batch in torch's order, still to be multiplied by `scale`; returns the loss.
EXPORT double native_gradient(const Plan* plan, const float* X, const float* y, const int64_t* rows,
                              int32_t count, uint32_t step, float* torch, float* scale) {
  Network network = network_of(plan);
  const Network::Slope slope =
      network.differentiate({X, y}, rows, count, static_cast<Loss>(plan->loss), step);
  network.get_gradients(torch);
  *scale = slope.scale;
  return slope.loss;
}

// Train through `epochs` x `count` rows; losses[epoch] is the sum over rows of their batch's loss.
// Another thread may end the call: before each step `stop` is read, unless it is null, and if it is
// not zero the call returns. Returns the number of finished epochs.
EXPORT int32_t native_train(const Plan* plan, const float* X, const float* y, const int64_t* rows,
                            int64_t count, int32_t epochs, int32_t batch, double learning_rate,
                            double epsilon, const uint8_t* frozen, float* first, float* second,
                            int64_t* step, double* losses, const volatile int32_t* stop) {
  Network network = network_of(plan);
  for (int epoch = 0; epoch < epochs; ++epoch)
    if (!network.train({X, y}, rows + epoch * count, count, batch, static_cast<Loss>(plan->loss),
                       {learning_rate, epsilon}, frozen, first, second, *step, losses[epoch], stop))
      return epoch;
  return epochs;
}

// The upper limit for a benchmark: independent fused multiply-adds in registers. Returns the number
// of floating-point operations.
EXPORT double native_ceiling(int64_t rounds, float* sum) {
  constexpr int CHAINS = 12;  // more than latency x units, and not more than the registers of AVX2
  Vector chain[CHAINS];
  for (int i = 0; i < CHAINS; ++i) chain[i] = broadcast(static_cast<float>(i));
  const Vector factor = broadcast(*sum), term = broadcast(1.0f);
  for (int64_t round = 0; round < rounds; ++round) {
    UNROLL
    for (int i = 0; i < CHAINS; ++i) chain[i] = fma(chain[i], factor, term);
  }
  for (int i = 1; i < CHAINS; ++i) chain[0] += chain[i];
  *sum = chain[0][0];
  return 2.0 * WIDTH * CHAINS * static_cast<double>(rounds);
}

// The words of `count` counters, for a test against published words.
EXPORT void native_philox(const uint32_t* counters, uint64_t key, int64_t count, uint32_t* words) {
  for (int64_t i = 0; i < count; ++i) {
    uint32_t one[4][1];
    std::memcpy(one, counters + 4 * i, sizeof one);
    philox(one, key);
    std::memcpy(words + 4 * i, one, sizeof one);
  }
}
