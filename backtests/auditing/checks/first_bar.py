"""What depends on the first bar. This is no fault: the plan starts there on purpose."""

from __future__ import annotations

import numpy as np

from backtests.auditing.finding import Finding, Status
from backtests.auditing.subject import Subject
from backtests.writing.numbers import count

#: Sessions by which the first bar is moved.
MOVES = (1, 5)


def check_first_bar(subject: Subject) -> tuple[Finding, ...]:
    """Return which inputs, folds and forecasts change when the bars begin later."""
    ticker, bars = next(iter(subject.bars.items()))
    all_features = subject.features(bars)
    names: dict[str, None] = {}
    sentences = []
    expected = subject.forecasts({ticker: bars})[ticker]
    for move in MOVES:
        later = bars.rows(slice(move, None))
        features = subject.features(later)
        a, b = all_features.X[move + features.warmup :], features.X[features.warmup :]
        differ = (a != b).any(axis=0)  # [C]
        names |= dict.fromkeys(
            name for name, other in zip(all_features.names, differ, strict=True) if other
        )
        moved = subject.forecasts({ticker: later}).get(ticker)
        if moved is None:
            continue
        _, rows, moved_rows = np.intersect1d(expected.as_of, moved.as_of, return_indices=True)
        gap = np.abs(moved.close[moved_rows] / expected.close[rows] - 1)
        kept = np.isfinite(gap)
        same = np.intersect1d(np.unique(expected.fold), np.unique(moved.fold)).size
        if kept.any():
            sentences.append(
                f"with a start {count(move, 'session')} later, forecasts change by {np.median(gap[kept]):.2%} of the "
                f"price in the median, {gap[kept].max():.2%} at most, and {same} of {np.unique(moved.fold).size} "
                "folds keep their date"
            )
    inputs = (
        f"inputs {', '.join(names)} depend on the first bar"
        if names
        else ("no input depends on the first bar")
    )
    return (Finding(Status.REPORTED, "; ".join([inputs, *sentences])),)
