"""Random numbers from a counter: dropout masks that two engines can both make.

Philox 4x32-10 turns a counter of four 32-bit words and a key of two into four words, without any
state. A dropout layer uses them so, with the fit's seed as the key:

    counter    [values / 4, window, step, layer]   window: its place in the batch
                                                   step: steps of the optimiser before this one
                                                   layer: its place in the nn.Sequential, from 0
    words      of values 4n, 4n + 1, 4n + 2, 4n + 3 of that window, in torch's order

A value is kept where its word is at least rate * 2^32. `source/dropout.h` does the same in C++.

References
----------
Salmon, Moraes, Dror and Shaw 2011, Parallel random numbers: as easy as 1, 2, 3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]

ROUNDS = 10
MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL = 0x9E3779B9, 0xBB67AE85
LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


def philox(counters: Words, key: int) -> Words:
    """Return four words for each counter: [N, 4] -> [N, 4]. `key` has 64 bits."""
    a, b, c, d = (counters[:, i].astype(np.uint64) for i in range(4))
    low, high = key & 0xFFFFFFFF, key >> 32
    for _ in range(ROUNDS):
        first, third = MULTIPLIERS[0] * a, MULTIPLIERS[1] * c
        a, b, c, d = (
            (third >> HALF) ^ b ^ np.uint64(low),
            third & LOW,
            (first >> HALF) ^ d ^ np.uint64(high),
            first & LOW,
        )
        low, high = (low + WEYL[0]) & 0xFFFFFFFF, (high + WEYL[1]) & 0xFFFFFFFF
    return np.stack([a, b, c, d], axis=1).astype(np.uint32)


def dropout_mask(
    rate: float, windows: int, values: int, step: int, layer: int, key: int
) -> NDArray[np.float32]:
    """Return what each value is multiplied by, 0 or 1 / (1 - rate): [windows, values]."""
    blocks = -(-values // 4)
    counters = np.empty((windows, blocks, 4), dtype=np.uint32)
    counters[..., 0] = np.arange(blocks)
    counters[..., 1] = np.arange(windows)[:, None]
    counters[..., 2], counters[..., 3] = step, layer
    words = philox(counters.reshape(-1, 4), key).reshape(windows, blocks * 4)[:, :values]
    kept = words >= np.uint32(rate * 2.0**32)
    return np.where(kept, np.float32(1.0 / (1.0 - rate)), np.float32(0.0))
