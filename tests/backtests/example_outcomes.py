"""Builds outcomes of grids whose errors are planted, so that every figure is known beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from backtests.grids.config import GridConfig
from backtests.grids.results.grid_outcome import Entry, GridOutcome
from backtests.grids.results.inside import Inside
from backtests.grids.search import make_search
from backtests.studies.training import History
from tests.backtests.example_studies import make_bars, make_forecasts

ROWS = 500
#: Sessions of the only fold of 80:20, or the first of a walk-forward.
FIRST = 400

Errors = Mapping[str, float | Sequence[float]]


def make_outcome(
    before: Errors, test: Errors, *, simulated: bool = False, epochs: int = 5, **given: object
) -> GridOutcome:
    """Return the outcome of a grid whose forecasts are too high by a share, by label.

    A label ends with what was crossed (``filters=4``): its share in `before` is that of every
    validation row, one a fold where it is a sequence; that in `test` of every test row. So the MAPE
    is 100 times the share. What was fitted on is forecast without an error, as a network that
    learned it by heart would. With ``split=None`` the folds are those of a walk-forward of 50 sessions.
    """
    values = {"ticker": ("051900.KS",), "cross": ("filters=2,4",), "jobs": 1, **given}
    if values.get("split", "") is None:
        values |= {"train_size": FIRST, "step": 50}
        del values["split"]
    search = make_search(GridConfig.of(values))
    bars = make_bars(rows=ROWS, simulated=simulated)
    folds = search.walk_forward.split(bars.sessions)
    step = len(folds[0].test)
    entries = []
    for variant in search.crossing.variants:
        forecasts = make_forecasts(bars, variant.label, FIRST, step=step)
        if variant.crossed or variant.label in test:
            close = forecasts.actual * (1 + _share(test, variant.label, 0))
            close[-1] = forecasts.last_close[-1]  # the newest has no outcome
            forecasts = replace(forecasts, by_seed=close[None])
        else:
            forecasts = replace(forecasts, by_seed=forecasts.last_close[None])
        inside = []
        for at, fold in enumerate(folds):
            rows = np.array([*fold.fit, *fold.validation])
            actual = bars.close[rows + 1]
            watched = np.arange(rows.size) >= len(fold.fit)
            close = actual * (1 + _share(before, variant.label, at) * watched)
            target = bars.sessions[rows + 1]
            inside.append(Inside(fold.name, target, actual, close[None], watched))
        loss = 0.1 / np.arange(1, epochs + 1)
        history = History(0, folds[0].name, loss, 2 * loss, epochs, 0.01, "native")
        untrained = History(0, folds[0].name, np.empty(0), np.empty(0), 0, 0.01)
        trained = untrained if variant.label == "naive" else history
        refits = (replace(trained, validation_loss=np.empty(0)),) * len(folds)
        watched = any(fold.validation for fold in folds)
        entries.append(
            Entry(
                variant,
                forecasts,
                (trained,) * len(folds),
                tuple(inside),
                refits if watched else (),
            )
        )
    return GridOutcome(bars, search, tuple(entries))


def _share(errors: Errors, label: str, fold: int) -> float:
    """Return the planted share; that of naive, which is not judged by it, is 0.01."""
    for name, shares in errors.items():
        if label == name or label.endswith(name):
            return float(shares if np.isscalar(shares) else shares[fold])
    return 0.01
