"""Directional accuracy: how often a forecast has the right sign."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasters.bars import Floats
from forecasters.measures.proportion import wilson


@dataclass(frozen=True)
class DirectionalAccuracy:
    """How often the sign of the forecast move was that of the realised move.

    Prices in ticks often do not change at all (2-14% of the days of KRX stocks). Such a day has no
    direction to forecast: it is not judged, and `unchanged` counts it. A forecast of exactly no
    change on a day that moved is wrong. Compare `share` with `majority`: the accuracy of always
    forecasting the more frequent sign, which needs no model. Source: Pesaran and Timmermann (1992)
    for the accuracy of signs; Wilson (1927) for the interval.

    Attributes
    ----------
    hits, moved, unchanged : int
        Days with the right sign, days on which the price moved, and days on which it did not.
    flat : int
        Days on which the price moved and the forecast was no change.
    share, low, high : float or None
        hits / moved and its 95% interval; None if no day moved, or if every forecast was no change
        and so had no direction.
    majority : float or None
        The share of the more frequent sign among the days that moved; None if no day moved.
    majority_side : str or None
        The more frequent sign: ``up``, ``down``, or ``even``; None if no day moved.
    why : str
        The reason why `share` is None; else empty.
    """

    hits: int
    moved: int
    unchanged: int
    flat: int
    share: float | None
    low: float | None
    high: float | None
    majority: float | None
    majority_side: str | None
    why: str = ""

    @property
    def up_share(self) -> float | None:
        """Of the days that moved, the share on which the price rose; None if no day moved."""
        if self.majority is None:
            return None
        return 1 - self.majority if self.majority_side == "down" else self.majority


def direction(forecast_move: Floats, realised_move: Floats) -> DirectionalAccuracy:
    """Return how often the forecast had the right sign.

    Parameters
    ----------
    forecast_move, realised_move : float64, shape [N]
        Changes from the last close, as prices or as returns: only their signs are used. All must be
        finite.

    Examples
    --------
    >>> found = direction(np.array([1.0, -2.0, 1.0, 3.0]), np.array([2.0, 1.0, 0.0, 4.0]))
    >>> found.hits, found.moved, found.unchanged  # the third day did not move
    (2, 3, 1)
    >>> round(found.share, 3), found.majority, found.majority_side
    (0.667, 1.0, 'up')
    """
    forecast_sign, realised_sign = np.sign(forecast_move), np.sign(realised_move)
    moves = realised_sign != 0
    moved, rose = int(moves.sum()), int((realised_sign > 0).sum())
    fell = moved - rose
    hits = int((moves & (forecast_sign == realised_sign)).sum())
    flat = int((moves & (forecast_sign == 0)).sum())
    why = (
        "no day moved" if not moved else "it forecasts no change" if not forecast_sign.any() else ""
    )
    interval = None if why else wilson(hits, moved)
    return DirectionalAccuracy(
        hits=hits,
        moved=moved,
        unchanged=int(realised_sign.size) - moved,
        flat=flat,
        share=None if why else hits / moved,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        majority=max(rose, fell) / moved if moved else None,
        majority_side=("up" if rose > fell else "down" if fell > rose else "even")
        if moved
        else None,
        why=why,
    )
