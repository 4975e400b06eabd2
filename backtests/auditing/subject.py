"""What is audited: a forecaster with its inputs and its plan, and the bars it is tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from backtests.jobs.parallel import Plugin
from forecasters.bars import Bars, Days
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.features import Features, make_features
from forecasters.forecasts import Forecasts
from forecasters.walk_forward import RunFits, WalkForward, one_by_one
from forecasters.walk_forward.fit import Fit

MakeFeatures = Callable[[Bars, str, int], Features]


@dataclass(frozen=True, eq=False)
class Subject:
    """A forecaster, the way its inputs are made, and the plan.

    Attributes
    ----------
    forecaster : Forecaster
    walk_forward : WalkForward
    bars : mapping
        Ticker to bars.
    kind : str
        The inputs, as `make_features` knows them.
    skilled : Forecaster or None
        The same, trained longer: for the checks that need something learned.
    walks : int
        Random walks in the check on white noise.
    few_days : bool
        Look at fewer days.
    files : sequence of (Path, str)
        The user's files that another process must load first.
    make : callable
        Bars, kind and horizon to features; to audit a maker of your own.
    """

    forecaster: Forecaster
    walk_forward: WalkForward
    bars: Mapping[str, Bars]
    kind: str = "ohlcv"
    skilled: Forecaster | None = None
    walks: int = 6
    few_days: bool = False
    files: tuple[Plugin, ...] = ()
    make: MakeFeatures = make_features

    def features(self, bars: Bars) -> Features:
        """Return the features of one ticker."""
        return self.make(bars, self.kind, self.walk_forward.horizon)

    def forecasts(
        self,
        bars: Mapping[str, Bars],
        seeds: tuple[int, ...] = (0,),
        run: RunFits = one_by_one,
    ) -> dict[str, Forecasts]:
        """Return the forecasts of every ticker that has sessions enough for a first fold."""
        fits = self.fits(bars, seeds)
        fitted = tuple(run(fits))
        answers = dict(zip(fits, fitted, strict=True))
        forecasts = {}
        for ticker in bars:
            if own := [fit for fit in fits if fit.share(ticker)]:
                told = [answers[fit] for fit in own]
                forecasts[ticker] = self.walk_forward.collect(own, told, ticker=ticker)
        return forecasts

    def fits(self, bars: Mapping[str, Bars], seeds: tuple[int, ...] = (0,)) -> tuple[Fit, ...]:
        """Return the fits behind the forecasts, ticker by ticker or of all tickers together."""
        features = [self.features(b) for b in bars.values() if self._enough(b)]
        if self.forecaster.pooled:
            return self.walk_forward.pooled_fits(self.forecaster, features, seeds)
        return tuple(
            fit for own in features for fit in self.walk_forward.fits(self.forecaster, own, seeds)
        )

    def _enough(self, bars: Bars) -> bool:
        try:
            return bool(self.walk_forward.split(bars.sessions))
        except InputError:
            return False

    @property
    def days(self) -> Days:
        """The days after which bars are changed: every corner of a fold, and a halt.

        The first forecast with an outcome, inside a fold, its last row, the first of the next, the
        first halt among the forecasts, inside the last fold.
        """
        first = next(iter(self.bars.values()))
        folds = self.walk_forward.split(first.sessions)
        h = self.walk_forward.horizon
        begin, end = folds[0].test.start + h, len(first) - 1 - h
        middle = (folds[0].test.start + folds[0].test.stop) // 2
        halts = np.flatnonzero(~first.tradable[begin : end + 1])[:1] + begin
        rows = {middle, folds[0].test.stop - 1, folds[0].test.stop, *halts.tolist()}
        if not self.few_days:
            rows |= {begin, (folds[-1].test.start + folds[-1].test.stop) // 2}
        kept = sorted({min(max(row, begin), end) for row in rows})
        return np.asarray(first.sessions[kept])
