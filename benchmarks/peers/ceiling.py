"""The matrix product of the best library here, on matrices that stay in the second-level cache.

The GFLOP/s of one thread, kept up for a second: `python -m benchmarks.peers.ceiling`.
"""

import argparse
import json
import time

import numpy as np
import torch

from benchmarks.peers.peer import versions

#: Three square float32 matrices of these sizes take 0.2 to 1.8 MB.
SIZES = (128, 192, 256, 384)
TRIED, KEPT_UP = 0.1, 1.0


def main() -> None:
    """Print the rate of the best size of each library."""
    argparse.ArgumentParser().parse_known_args()  # a contestant's flags change nothing here
    torch.set_num_threads(1)
    rates = {name: best(product) for name, product in (("torch", by_torch), ("numpy", by_numpy))}
    print(json.dumps({"gflops": rates, "versions": versions()}), flush=True)


def best(product) -> float:
    """Return the GFLOP/s of the size that is fastest."""
    size = max(SIZES, key=lambda size: rate(product(size), size, TRIED))
    return rate(product(size), size, KEPT_UP)


def rate(multiply, size: int, seconds: float) -> float:
    """Return the GFLOP/s of one product repeated for so long."""
    multiply()
    count, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        for _ in range(20):
            multiply()
        count += 20
    return 2 * size**3 * count / passed / 1e9


def by_torch(size: int):
    a, b, out = (torch.rand(size, size) for _ in range(3))
    return lambda: torch.mm(a, b, out=out)


def by_numpy(size: int):
    rng = np.random.default_rng(0)
    a, b, out = (rng.random((size, size), dtype=np.float32) for _ in range(3))
    return lambda: np.matmul(a, b, out=out)


if __name__ == "__main__":
    main()
