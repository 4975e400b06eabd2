"""What is audited: a forecaster with its inputs, its plan and the bars of the audit."""

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
from forecasters.inputs.extras import Extra
from forecasters.walk_forward import RunFits, WalkForward, one_by_one
from forecasters.walk_forward.fit import Fit

MakeFeatures = Callable[[Bars, str, int], Features]


@dataclass(frozen=True, eq=False)
class Subject:
    """A forecaster, its inputs, its plan, and the bars of the audit.

    Attributes
    ----------
    forecaster : Forecaster
    walk_forward : WalkForward
    bars : mapping
        Ticker to bars.
    kind : str
        The kind of inputs, a name that `make_features` takes.
    skilled : Forecaster or None
        The same forecaster with longer training, for the checks in which it must learn something.
    walks : int
        Number of random walks in the check on white noise.
    few_days : bool
        Use fewer of `days`.
    files : sequence of (Path, str)
        The user's files that another process must load first.
    make : callable
        Returns features from bars, kind and horizon; give your function to audit it.
    own : Forecaster or None
        The same forecaster with the settings of a run, its own epochs among them.
    run_plan : WalkForward or None
        The plan of a run, with its own step and training.
    run_bars : mapping or None
        All bars of the tickers, which may be more than the audit forecasts.
    declared : tuple of str
        Files that the settings of the forecaster name: it may read them.
    extras : tuple of Extra
        The columns of `--extra`.
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
    own: Forecaster | None = None
    run_plan: WalkForward | None = None
    run_bars: Mapping[str, Bars] | None = None
    declared: tuple[str, ...] = ()
    extras: tuple[Extra, ...] = ()

    def features(self, bars: Bars) -> Features:
        """Return the features of one ticker."""
        return self.make(bars, self.kind, self.walk_forward.horizon)

    def forecasts(
        self,
        bars: Mapping[str, Bars],
        seeds: tuple[int, ...] = (0,),
        run: RunFits = one_by_one,
    ) -> dict[str, Forecasts]:
        """Return the forecasts of every ticker that has enough sessions for a first fold."""
        fits = self.fits(bars, seeds)
        answers = dict(zip(fits, run(fits), strict=True))
        forecasts = {}
        for ticker in bars:
            if fits_of_ticker := [fit for fit in fits if fit.share(ticker)]:
                fitted = [answers[fit] for fit in fits_of_ticker]
                forecasts[ticker] = self.walk_forward.collect(fits_of_ticker, fitted, ticker=ticker)
        return forecasts

    def fits(self, bars: Mapping[str, Bars], seeds: tuple[int, ...] = (0,)) -> tuple[Fit, ...]:
        """Return the fits behind the forecasts, one ticker at a time or of all tickers together."""
        features = [self.features(b) for b in bars.values() if self._enough(b)]
        if self.forecaster.pooled:
            return self.walk_forward.pooled_fits(self.forecaster, features, seeds)
        return tuple(
            fit
            for features_of_ticker in features
            for fit in self.walk_forward.fits(self.forecaster, features_of_ticker, seeds)
        )

    def _enough(self, bars: Bars) -> bool:
        try:
            return bool(self.walk_forward.split(bars.sessions))
        except InputError:
            return False

    @property
    def days(self) -> Days:
        """The days after which bars are changed: edges and middle of a fold, and a halt.

        The first forecast with an outcome, the middle of the first fold, its last row, the first row of
        the next fold, the first halt among the forecasts, the middle of the last fold.
        """
        bars = next(iter(self.bars.values()))
        folds = self.walk_forward.split(bars.sessions)
        horizon = self.walk_forward.horizon
        first, last = folds[0].test.start + horizon, len(bars) - 1 - horizon
        middle = (folds[0].test.start + folds[0].test.stop) // 2
        halts = np.flatnonzero(~bars.tradable[first : last + 1])[:1] + first
        rows = {middle, folds[0].test.stop - 1, folds[0].test.stop, *halts.tolist()}
        if not self.few_days:
            rows |= {first, (folds[-1].test.start + folds[-1].test.stop) // 2}
        return np.asarray(bars.sessions[sorted({min(max(row, first), last) for row in rows})])
