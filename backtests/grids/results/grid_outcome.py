"""What a grid trained: the forecasts of each forecaster, before the test and on it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from backtests.grids.crossing import Variant
from backtests.grids.results.inside import Inside, inside_of
from backtests.grids.search import Search
from backtests.studies.training import History
from forecasters.bars import Bars
from forecasters.forecasts import Forecasts
from forecasters.measures.metrics import forecast_metrics
from forecasters.walk_forward.fit import Fit, Fitted


@dataclass(frozen=True, eq=False)
class Entry:
    """One forecaster of the grid.

    Attributes
    ----------
    forecasts : Forecasts
        Of the test rows, by the fits on all rows before them.
    histories : tuple of History
        Training of the fits that choose; where no validation rows were kept they are judged too.
    inside : tuple of Inside
        What those fits forecast before the test of each fold, oldest first.
    refits : tuple of History
        Training of the second fits, on fit and validation rows; empty without validation rows.
    """

    variant: Variant
    forecasts: Forecasts
    histories: tuple[History, ...]
    inside: tuple[Inside, ...]
    refits: tuple[History, ...] = ()

    @property
    def label(self) -> str:
        """The forecaster as tables name it."""
        return self.variant.label

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """The errors on the test rows."""
        return forecast_metrics(self.forecasts)

    @property
    def validation_mape(self) -> float | None:
        """The MAPE of the validation rows, the mean over seeds and folds; None where a fold has none."""
        by_fold = [mape for fold in self.inside if (mape := fold.validation_mape) is not None]
        return sum(by_fold) / len(by_fold) if len(by_fold) == len(self.inside) else None


@dataclass(frozen=True, eq=False)
class GridOutcome:
    """A whole grid on the bars of one ticker; `entries` begin with naive, the rest as they were named."""

    bars: Bars
    search: Search
    entries: tuple[Entry, ...]

    @property
    def naive(self) -> Entry:
        """Tomorrow's close is today's."""
        return self.entries[0]

    @property
    def models(self) -> tuple[Entry, ...]:
        """All but naive."""
        return self.entries[1:]

    @property
    def refitted(self) -> bool:
        """Whether what is judged was fitted a second time, on fit and validation rows."""
        return any(entry.refits for entry in self.entries)

    @property
    def digest(self) -> str:
        """The sha256 of every forecast; the order in which the forecasters were named changes nothing."""
        parts = [entry.forecasts.digest for entry in self.entries]
        parts += [entry.label + fold.digest for entry in self.entries for fold in entry.inside]
        return hashlib.sha256("".join(sorted(parts)).encode()).hexdigest()


def collect(
    search: Search,
    bars: Bars,
    fits: Mapping[str, Sequence[Fit]],
    fitted: Mapping[str, Sequence[Fitted]],
    refits: Mapping[str, Sequence[Fit]],
    refitted: Mapping[str, Sequence[Fitted]],
) -> GridOutcome:
    """Return the outcome of all fits, by the label of the forecaster.

    Parameters
    ----------
    fits, fitted : mapping
        The fits that choose, and what each left.
    refits, refitted : mapping
        The fits that are judged on the test; empty where the first fits are judged themselves.
    """
    entries = []
    for variant in search.crossing.variants:
        jobs, answers = fits[variant.label], fitted[variant.label]
        again, left = refits.get(variant.label, ()), refitted.get(variant.label, ())
        judged, closes = (again, left) if again else (jobs, answers)
        entries.append(
            Entry(
                variant=variant,
                forecasts=search.walk_forward.collect(judged, closes, variant.label, bars.ticker),
                histories=tuple(map(History.of, jobs, answers)),
                inside=inside_of(jobs, answers),
                refits=tuple(map(History.of, again, left)),
            )
        )
    return GridOutcome(bars, search, tuple(entries))
