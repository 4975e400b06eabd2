"""What depends on where the bars begin. No fault: the plan is anchored there on purpose."""

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
    whole = subject.features(bars)
    names: dict[str, None] = {}
    said = []
    expected = subject.forecasts({ticker: bars})[ticker]
    for move in MOVES:
        later = bars.rows(slice(move, None))
        features = subject.features(later)
        a, b = whole.X[move + features.warmup :], features.X[features.warmup :]
        differ = (a != b).any(axis=0)  # [C]
        names |= dict.fromkeys(
            name for name, other in zip(whole.names, differ, strict=True) if other
        )
        made = subject.forecasts({ticker: later}).get(ticker)
        if made is None:
            continue
        _, mine, theirs = np.intersect1d(expected.as_of, made.as_of, return_indices=True)
        gap = np.abs(made.close[theirs] / expected.close[mine] - 1)
        kept = np.isfinite(gap)
        same = np.intersect1d(np.unique(expected.fold), np.unique(made.fold)).size
        if kept.any():
            said.append(
                f"begun {count(move, 'session')} later, forecasts move by {np.median(gap[kept]):.2%} of the "
                f"price in the median, {gap[kept].max():.2%} at most, and {same} of {np.unique(made.fold).size} "
                "folds keep their date"
            )
    inputs = (
        f"inputs {', '.join(names)} depend on the first bar"
        if names
        else ("no input depends on the first bar")
    )
    return (Finding(Status.REPORTED, "; ".join([inputs, *said])),)
