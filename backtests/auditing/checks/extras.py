"""A column of `--extra` may describe the past; it may not hold the next return."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backtests.auditing.finding import PASSED, Finding, cannot_say, found
from backtests.auditing.subject import Subject
from forecasters.bars import Bars, Floats

#: Correlation with the next return that no honest daily column has, its standard errors at least, and
#: the fewest sessions on which it is judged.
STRONG, ERRORS, FEWEST = 0.3, 4.5, 40


def check_extras(subject: Subject) -> tuple[Finding, ...]:
    """Return whether a column goes with the return that comes after the close at which it is known."""
    bars_by_ticker = subject.run_bars or subject.bars
    judged = False
    for ticker, bars in bars_by_ticker.items():
        for extra in subject.extras:
            columns = extra.of(ticker, bars.sessions[-1]).align(bars.sessions)  # [T, K]
            for name, column in zip(extra.names, columns.T, strict=True):
                compared = list(_correlations(column, bars, subject.walk_forward.horizon))
                judged |= bool(compared)
                strength, how, count = max(compared, default=(0.0, "", 0))
                if strength >= STRONG and strength * count**0.5 >= ERRORS:
                    return found(
                        f"{extra.file}: {how} '{name}' goes with the next return of {ticker} (correlation "
                        f"{strength:.2f} on {count} sessions from {bars.sessions[0]} on): it cannot have been "
                        "known at the close of its known_at; move known_at to the first session whose close "
                        "comes after the publication"
                    )
    if not judged:
        return cannot_say(
            f"fewer than {FEWEST} sessions of the bars have a value: name bars of its days (--ticker)"
        )
    if all(bars.origin.simulated for bars in bars_by_ticker.values()):
        return cannot_say(
            "nothing goes with the next return, but the bars are simulated: audit it on those you trade "
            "(--ticker, --data-dir)"
        )
    return PASSED


def _correlations(column: Floats, bars: Bars, horizon: int) -> Iterator[tuple[float, str, int]]:
    """Yield the size of each correlation with what comes, of what, and on how many sessions."""
    log = np.log(bars.close)
    change = np.diff(column, prepend=np.nan)
    beside = np.full(column.size, np.nan)
    beside[column > 0] = np.log(column[column > 0]) - log[column > 0]
    shown = {
        "the column": column,
        "the change of": change,
        "the ratio to the close of": beside,
        "the new value of": np.where(change != 0, column, np.nan),
    }
    for ahead in dict.fromkeys((1, horizon)):
        came = np.full(column.size, np.nan)
        came[:-ahead] = log[ahead:] - log[:-ahead]
        came[~bars.tradable] = np.nan
        for how, values in shown.items():
            rows = np.isfinite(values) & np.isfinite(came)
            # Returns over several sessions overlap: only one in so many of them counts.
            count = int(rows.sum()) // ahead
            if count < FEWEST or np.ptp(values[rows]) == 0 or np.ptp(came[rows]) == 0:
                continue
            pairs = ((values[rows], came[rows]), (_ranks(values[rows]), _ranks(came[rows])))
            yield max(abs(float(np.corrcoef(a, b)[0, 1])) for a, b in pairs), how, count


def _ranks(values: Floats) -> Floats:
    """Return the ranks, equal values with equal ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[inverse], dtype=np.float64)
