"""Forecasters that know a part of the future, others that know nothing, and naive."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backtests.judging.skill import judge_forecasts
from forecasters.forecasts import Forecasts
from tests.backtests.example_studies import make_bars, make_forecasts

FIRST = 530
BARS = make_bars(rows=900)
NAIVE = make_forecasts(BARS, "naive", FIRST)
NAMES = ("good", "wild", "quiet")


def clairvoyant(naive: Forecasts, name: str, share: float, spread: float, seed: int) -> Forecasts:
    """Return forecasts that know a share of the coming log return, and noise."""
    rng = np.random.default_rng(seed)
    coming = np.nan_to_num(np.log(naive.actual / naive.last_close))
    close = naive.last_close * np.exp(share * coming + spread * rng.standard_normal(coming.size))
    by_seed = np.where(np.isfinite(naive.close), close, np.nan)[None]
    return replace(naive, forecaster=name, by_seed=by_seed, centre=np.empty(0))


def three_forecasters(naive: Forecasts) -> dict[str, tuple[Forecasts, ...]]:
    """Return naive, one forecaster with skill, and two without."""
    return {
        "naive": (naive,),
        "good": (clairvoyant(naive, "good", 0.2, 0.004, 1),),
        "wild": (clairvoyant(naive, "wild", 0.0, 0.02, 2),),
        "quiet": (clairvoyant(naive, "quiet", 0.0, 0.0005, 3),),
    }


MADE = three_forecasters(NAIVE)
SKILL = judge_forecasts(MADE)
