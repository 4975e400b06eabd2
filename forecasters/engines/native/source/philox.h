// Philox 4x32-10: four random words from a counter of four words and a key of two, without state.
//
// Salmon, Moraes, Dror and Shaw 2011, Parallel random numbers: as easy as 1, 2, 3. The same function
// in NumPy, and what the counters mean, stands in forecasters/engines/philox.py.
#pragma once

#include <cstdint>

namespace native {

struct Words {
  uint32_t at[4];
};

inline Words philox(Words counter, uint64_t key) {
  uint32_t key_low = static_cast<uint32_t>(key), key_high = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t first = static_cast<uint64_t>(0xD2511F53u) * counter.at[0];
    const uint64_t third = static_cast<uint64_t>(0xCD9E8D57u) * counter.at[2];
    counter = {static_cast<uint32_t>(third >> 32) ^ counter.at[1] ^ key_low,
               static_cast<uint32_t>(third),
               static_cast<uint32_t>(first >> 32) ^ counter.at[3] ^ key_high,
               static_cast<uint32_t>(first)};
    key_low += 0x9E3779B9u;
    key_high += 0xBB67AE85u;
  }
  return counter;
}

}  // namespace native
