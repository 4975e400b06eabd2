"""The returns of a benchmark on the sessions of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def align(benchmark: pd.Series, sessions: pd.DatetimeIndex) -> pd.Series:
    """Return the benchmark's return at each of these sessions, since the session before it.

    Where the market of the benchmark was closed, the return is 0; the next session has the whole return
    since then. The first session has the benchmark's return of that day, or 0. No return uses a later
    session.

    Examples
    --------
    The benchmark has no return on the second session:

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2019-01-02", "2019-01-03", "2019-01-04"])
    >>> benchmark = pd.Series([0.01, 0.02], days[[0, 2]])
    >>> align(benchmark, days).round(6).tolist()
    [0.01, 0.0, 0.02]
    """
    growth = (1 + benchmark.fillna(0.0)).cumprod()
    before = growth[growth.index < sessions[0]]
    level = growth.reindex(sessions, method="ffill").fillna(before.iloc[-1] if len(before) else 1.0)
    moved = level.pct_change(fill_method=None)
    moved.iloc[0] = benchmark.get(sessions[0], 0.0)
    return moved.fillna(0.0)
