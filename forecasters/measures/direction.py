"""Directional accuracy: how often a forecast had the sign of the move right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasters.bars import Floats
from forecasters.measures.proportion import wilson


@dataclass(frozen=True)
class Direction:
    """The signs of forecast and realised moves, over the days that moved.

    Prices on a tick grid often do not move at all (2-14% of the days of KRX stocks). Such a day has
    no direction to forecast: it is left out and counted. A forecast of exactly no change on a day
    that moved is wrong. The bar to pass is the majority: who always says the more frequent sign is
    right that often, without a forecast. Source: Pesaran and Timmermann (1992) for accuracy over
    signs; Wilson (1927) for the interval.

    Attributes
    ----------
    hits, moved, unchanged : int
        Days with the right sign, days that moved, days that did not.
    flat : int
        Days that moved and were forecast not to.
    share, low, high : float or None
        hits / moved and its 95% interval; None where no day moved, or where every forecast was
        "no change", which says nothing about direction.
    majority : float or None
        The share of the more frequent sign among the days that moved.
    majority_side : str or None
        ``up``, ``down``, or ``even``.
    why : str
        Why there is no share.
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
        """The share of the days that moved on which the price rose."""
        if self.majority is None:
            return None
        return 1 - self.majority if self.majority_side == "down" else self.majority


def direction(forecast_move: Floats, realised_move: Floats) -> Direction:
    """Return how often the sign was right.

    Parameters
    ----------
    forecast_move, realised_move : float64, shape [N]
        Moves from the same close, in prices or as returns: only their signs count. All finite.
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
    return Direction(
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
