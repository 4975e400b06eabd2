"""Many tests on one page: p values that allow for the number of them."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return the p values adjusted for how many there are, in their order.

    If every null hypothesis is true, an adjusted p falls below 5% on at most 5% of the pages, however the
    tests depend on each other. None (a test that was not made) stays None and is not counted.

    References
    ----------
    Holm 1979, A simple sequentially rejective multiple test procedure, section 3.
    """
    ascending = sorted((value, i) for i, value in enumerate(p) if value is not None)
    adjusted: list[float | None] = [None] * len(p)
    least = 0.0
    for rank, (value, i) in enumerate(ascending):
        least = max(least, min(1.0, (len(ascending) - rank) * value))
        adjusted[i] = least
    return tuple(adjusted)
