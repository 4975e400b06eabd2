// Philox 4x32-10: four random words from a counter of four words and a key of two, without state.
//
// Salmon, Moraes, Dror and Shaw 2011, Parallel random numbers: as easy as 1, 2, 3. The same
// function in NumPy, and the meaning of the counters, are in forecasters/engines/philox.py.
#pragma once

#include <cstdint>

namespace native {

// The words of COUNT counters; they replace the counters. Each word of all counters is stored side
// by side, so that the compiler can draw several at once.
template <int COUNT>
inline void philox(uint32_t (&counter)[4][COUNT], uint64_t key) {
  uint32_t key_low = static_cast<uint32_t>(key), key_high = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < COUNT; ++i) {
      const uint64_t first = static_cast<uint64_t>(0xD2511F53u) * counter[0][i];
      const uint64_t third = static_cast<uint64_t>(0xCD9E8D57u) * counter[2][i];
      counter[0][i] = static_cast<uint32_t>(third >> 32) ^ counter[1][i] ^ key_low;
      counter[1][i] = static_cast<uint32_t>(third);
      counter[2][i] = static_cast<uint32_t>(first >> 32) ^ counter[3][i] ^ key_high;
      counter[3][i] = static_cast<uint32_t>(first);
    }
    key_low += 0x9E3779B9u;
    key_high += 0xBB67AE85u;
  }
}

}  // namespace native
