"""The long-run variance of a mean whose terms may depend on each other."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from forecasters.bars import Floats


def bandwidth(n: int, horizon: int = 1) -> int:
    """Return the number of autocovariances that enter, of n rows forecast `horizon` ahead.

    1.3 sqrt(n), which with fixed-b critical values errs little in size and costs little power
    (Lazarus, Lewis, Stock and Watson 2018, section 4), and at least the horizon - 1 over which
    forecasts overlap (Diebold and Mariano 1995).
    """
    return max(horizon - 1, math.ceil(1.3 * math.sqrt(n)))


def long_run_covariance(columns: Sequence[Floats], lag: int) -> Floats:
    """Return the long-run covariance matrix [M, M] of M series [T], by Bartlett's kernel.

    Autocovariance j weighs 1 - j / (lag + 1), all over T: never negative (Newey and West 1987,
    equation 5). `lag` is below T.
    """
    x = np.stack(columns)  # [M, T]
    x = x - x.mean(axis=1, keepdims=True)
    n = x.shape[1]
    total = _products(x, x)
    for j in range(1, lag + 1):
        shifted = _products(x[:, j:], x[:, : n - j])
        total = total + (1.0 - j / (lag + 1)) * (shifted + shifted.T)
    return np.asarray(total / n)


def _products(left: Floats, right: Floats) -> Floats:
    """Return the sums of products, [M, M], added up in one order whatever the machine's BLAS."""
    return np.asarray((left[:, None, :] * right[None, :, :]).sum(axis=-1))
