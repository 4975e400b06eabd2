"""The ten indicators of S3, one value a session, from bars up to that session."""

from __future__ import annotations

import numpy as np

from forecasters.bars import Bars, Floats

#: Sessions of an indicator's window. Source: Patel et al. 2015.
N = 10
#: Sessions of the two averages of MACD and of its signal. Source: Patel et al. 2015.
FAST, SLOW, SIGNAL = 12, 26, 9
#: Sessions in the mean %D. Patel et al. print a mean over n; 3 is the usual length of the market.
SMOOTH, USUAL_SMOOTH = N, 3

NAMES = (
    "wma",
    "momentum",
    "stochastic_k",
    "stochastic_d",
    "rsi",
    "macd",
    "macd_signal",
    "williams_r",
    "obv",
    "cci",
)


def indicators(bars: Bars, smooth: int = SMOOTH) -> dict[str, Floats]:
    """Return the ten indicators by name, each of shape [T], NaN only in its first rows.

    The formulas are those of S3's source, with n = 10. TA-Lib computes those that are equal there. NumPy
    computes the others: TA-Lib has another formula, or keeps a running sum whose rounding stays after
    the prices that caused it. A halt counts as a session: its bar repeats the close.

    What the source leaves open is our choice. With no range in the window (highest high = lowest low)
    %K and %R are 50, their middle; without a move RSI is 50; without a deviation CCI is 0. OBV starts
    with the first volume, and the averages of MACD start with simple means, as in TA-Lib.

    wma : linearly weighted mean of 10 closes, the newest weighs most, in the currency
    momentum : close less the close 9 sessions before, in the currency
    stochastic_k, stochastic_d : the close in the range of 10 sessions, and its mean of `smooth`, 0 to 100
    rsi : simple mean of the ups of 10 sessions over that of all moves, 0 to 100 (Wilder smooths)
    macd, macd_signal : the averages' difference, and its average of 9 sessions, in the currency
    williams_r : 100 less %K, so positive, 0 to 100
    obv : sum of the volumes, signed by the move of the close, in shares
    cci : deviation of the typical price from its mean of 10, over 0.015 mean deviations

    Known when? Row t at the close of t. MACD and OBV depend on the first bar: always compute the
    indicators from the same first bar.

    References
    ----------
    Patel, Shah, Thakkar and Kotecha 2015, Predicting stock and stock price index movement, table 1;
    Granville 1963 for OBV.
    """
    import talib

    high, low, close, volume = bars.high, bars.low, bars.close, bars.volume
    flat = talib.MAX(high, N) == talib.MIN(low, N)  # NaN, in the first rows, equals nothing
    stochastic_k = talib.STOCHF(high, low, close, fastk_period=N, fastd_period=1)[0]
    stochastic_k[flat] = 50.0
    williams_r = 0.0 - talib.WILLR(high, low, close, N)
    williams_r[flat] = 50.0
    # MACD is the same for prices less a constant, and a series that never moved is then exactly 0.
    macd, macd_signal, _ = talib.MACD(close - close[0], FAST, SLOW, SIGNAL)
    columns = (
        _weighted_mean(close),
        talib.MOM(close, N - 1),
        stochastic_k,
        _mean(stochastic_k, smooth),
        _relative_strength(close),
        macd,
        macd_signal,
        williams_r,
        talib.OBV(close, volume),
        talib.CCI(high, low, close, N),
    )
    return dict(zip(NAMES, columns, strict=True))


def _lag(values: Floats, sessions: int) -> Floats:
    """Return `values` [T] as they were so many sessions (1 or more) before; NaN where none was."""
    before = np.full_like(values, np.nan)
    before[sessions:] = values[:-sessions]
    return before


# Each mean is the newest value and its distance from the others, so that in a flat stretch it is
# that value and not a rounding beside it.


def _mean(values: Floats, n: int) -> Floats:
    """Return the mean of n values [T]."""
    apart = sum((_lag(values, j) - values for j in range(1, n)), np.zeros(values.size))
    return values + apart / n


def _weighted_mean(values: Floats) -> Floats:
    """Return the mean of N values [T] with weights N, N - 1, ... 1, the newest first."""
    apart = sum(((N - j) * (_lag(values, j) - values) for j in range(1, N)), np.zeros(values.size))
    return values + apart / (N * (N + 1) / 2)


def _relative_strength(close: Floats) -> Floats:
    """Return 100 - 100 / (1 + ups / downs) of simple means over N moves [T]."""
    move = close - _lag(close, 1)
    ups, downs = np.maximum(move, 0.0), np.maximum(-move, 0.0)
    up, down = (sum((_lag(side, j) for j in range(1, N)), side) for side in (ups, downs))
    moved = up + down
    still = moved == 0
    return np.where(still, 50.0, 100.0 * up / np.where(still, 1.0, moved))
