"""Walk-forward: train on the past, forecast the next stretch, move on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecasters.bars import Days
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.features import Features
from forecasters.forecasts import Forecasts
from forecasters.walk_forward.fit import Fit, Fitted, Part
from forecasters.walk_forward.folds import Fold, cut_by_date

#: S1 splits 70 : 15 : 15; the third part is the fold's test, fit and validation share the rest.
VALIDATION = 15 / 85

RunFits = Callable[[Sequence[Fit]], Iterable[Fitted]]


def one_by_one(fits: Sequence[Fit]) -> Iterable[Fitted]:
    """Run fits in this process, one after the other."""
    return map(Fit.run, fits)


@dataclass(frozen=True)
class WalkForward:
    """A plan of folds from constants, anchored at the first session.

    The plan never looks at how many sessions there are: when tomorrow's bar arrives, yesterday's
    folds stay what they were. Only the last fold is cut short. Forecasts made at the close of
    a session may be traded at the next open at the earliest.

    Attributes
    ----------
    train_size : int
        Sessions before the first forecast.
    step : int
        Sessions that one training serves.
    expanding : bool
        Train on all history, or only on the last `train_size` sessions.
    purge : int
        Sessions left out between fit, validation and test, beside those the horizon demands.
    horizon : int
        Sessions from a row to the close it forecasts.
    validation : float
        Share of the training sessions that is watched during training and not fitted on: the newest
        ones.

    Raises
    ------
    InputError
        A setting lies outside its range.

    Examples
    --------
    Ten sessions, four of them to train on; every third session the forecaster is trained again:

    >>> sessions = np.arange("2019-01-01", "2019-01-11", dtype="datetime64[D]")
    >>> plan = WalkForward(train_size=4, step=3, validation=0.25)
    >>> for fold in plan.split(sessions):
    ...     print(fold.name, fold.fit, fold.validation, fold.test)
    2019-01-05 range(0, 3) range(3, 4) range(4, 7)
    2019-01-08 range(0, 5) range(5, 7) range(7, 10)

    A row's label is the next close. The last label of a training, that of row 3 in the first fold,
    is the close of row 4: it is known when row 4 is forecast, at that close.
    """

    #: Enters the keys of runs and trials, wherever the class lies.
    name: ClassVar[str] = "walk_forward"

    train_size: int = 504
    step: int = 126
    expanding: bool = True
    purge: int = 0
    horizon: int = 1
    validation: float = VALIDATION

    def __post_init__(self) -> None:
        for name, least in (("train_size", 2), ("step", 1), ("purge", 0), ("horizon", 1)):
            if getattr(self, name) < least:
                raise InputError(f"{name} is {getattr(self, name)}; the least is {least}")
        if not 0 <= self.validation < 1:
            raise InputError(f"validation is {self.validation}; it is a share from 0 to below 1")

    @property
    def first_test(self) -> int:
        """The row of the first forecast."""
        return self.train_size + self.purge + self.horizon - 1

    def split(self, sessions: Days) -> tuple[Fold, ...]:
        """Return the folds over these sessions, oldest first.

        Raises
        ------
        InputError
            Fewer sessions than one training and one forecast with an outcome need.
        """
        needed = self.first_test + self.horizon + 1
        if sessions.size < needed:
            most = sessions.size - self.purge - 2 * self.horizon
            raise InputError(
                f"a training of {self.train_size} sessions and a first forecast need {needed} sessions, "
                f"the bars have {sessions.size} ({sessions[0]} to {sessions[-1]}): fetch from an earlier "
                f"--start" + (f" or lower --train-size to {most} or less" if most >= 2 else "")
            )
        return tuple(
            self._fold(sessions, start)
            for start in range(self.first_test, sessions.size, self.step)
        )

    def _fold(self, sessions: Days, start: int) -> Fold:
        gap = self.horizon - 1 + self.purge
        stop = start - gap  # one past the last training row
        begin = 0 if self.expanding else stop - self.train_size
        watched = round((stop - begin) * self.validation)
        fit_stop = stop - watched - (gap if watched else 0)
        if fit_stop <= begin:
            raise InputError(
                f"validation {self.validation:g} of {stop - begin} training sessions leaves none to "
                "fit on; lower --validation or raise --train-size"
            )
        return Fold(
            fit=range(begin, fit_stop),
            validation=range(stop - watched, stop),
            test=range(start, min(start + self.step, sessions.size)),
            horizon=self.horizon,
            name=sessions[start],
        )

    def fits(
        self, forecaster: Forecaster, features: Features, seeds: Sequence[int] = (0,)
    ) -> tuple[Fit, ...]:
        """Return the independent jobs of one forecaster on one ticker: seed by seed, fold by fold.

        Raises
        ------
        InputError
            Too few sessions, another horizon than that of the features, or a seed twice.
        """
        self._check(features)
        parts = [(Part(features, fold),) for fold in self.split(features.sessions)]
        return self._jobs(forecaster, parts, seeds)

    def pooled_fits(
        self, forecaster: Forecaster, features: Sequence[Features], seeds: Sequence[int] = (0,)
    ) -> tuple[Fit, ...]:
        """Return the jobs of one forecaster that learns from several tickers together.

        The folds are cut by date on the union of all sessions, because the same row number is another
        day in another ticker. A ticker is first forecast where a plan cut on its sessions alone
        would forecast it first, and takes part from that fold on. So it is forecast on the same
        days as by a separate model.

        Raises
        ------
        InputError
            A ticker has no session to learn from before the fold in which it is first forecast.
        """
        ordered = sorted(features, key=lambda each: each.ticker)
        for each in ordered:
            self._check(each)
        union = np.unique(np.concatenate([each.sessions for each in ordered]))
        first = {each.ticker: self.split(each.sessions)[0].test.start for each in ordered}
        folds = self.split(union)
        shares = []
        for fold in folds:
            cut = [
                (
                    each,
                    cut_by_date(fold, union, each.ticker, each.sessions, first[each.ticker]),
                )
                for each in ordered
            ]
            if parts := tuple(Part(each, rows) for each, rows in cut if rows):
                shares.append(parts)
        pooled_from = union[folds[0].test.start]
        for each in ordered:
            if (begins := each.sessions[first[each.ticker]]) < pooled_from:
                raise InputError(
                    f"{each.ticker} is forecast from {begins} on, the pooled folds begin on "
                    f"{pooled_from}: its bars end too early for this --split; leave it out"
                )
        return self._jobs(forecaster, shares, seeds)

    def _check(self, features: Features) -> None:
        if features.horizon != self.horizon:
            raise InputError(
                f"features look {features.horizon} ahead, the walk-forward {self.horizon}"
            )

    def _jobs(
        self, forecaster: Forecaster, shares: Sequence[tuple[Part, ...]], seeds: Sequence[int]
    ) -> tuple[Fit, ...]:
        if not seeds or len(set(seeds)) < len(seeds):
            raise InputError(f"the seeds are {tuple(seeds)}; give at least one, each once")
        used = seeds if forecaster.stochastic else seeds[:1]
        return tuple(Fit(parts, forecaster, seed) for seed in used for parts in shares)

    def collect(
        self, fits: Sequence[Fit], fitted: Sequence[Fitted], label: str = "", ticker: str = ""
    ) -> Forecasts:
        """Return the forecasts of one ticker from the fits of one forecaster.

        Parameters
        ----------
        fits, fitted : sequence
            The jobs, as `fits` or `pooled_fits` ordered them, and what each left.
        label : str
            How the forecasts name the forecaster; empty: its name.
        ticker : str
            Empty: the first ticker of the first job.
        """
        forecaster = fits[0].forecaster
        ticker = ticker or fits[0].parts[0].features.ticker
        seeds = tuple(dict.fromkeys(fit.seed for fit in fits))
        answers = [
            (
                part,
                answer.close[rows_of_part],
                answer.outside[rows_of_part],
                answer.centre[fit.parts.index(part)],
            )
            for fit, answer in zip(fits, fitted, strict=True)
            if (share := fit.share(ticker))
            for part, rows_of_part in [share]
        ]
        features = answers[0][0].features
        of_one_seed = answers[: len(answers) // len(seeds)]
        folds = [part.fold for part, *_ in of_one_seed]
        lengths = [len(fold.test) for fold in folds]
        rows = np.concatenate([np.arange(fold.test.start, fold.test.stop) for fold in folds])  # [N]
        by_seed = np.concatenate([close for _, close, _, _ in answers]).reshape(
            len(seeds), rows.size
        )  # [S, N]
        by_seed[:, ~features.tradable[rows]] = np.nan
        centre = np.array([centre for *_, centre in answers]).reshape(len(seeds), -1).mean(axis=0)
        known = rows + features.horizon < features.sessions.size
        target = np.full(rows.size, np.datetime64("NaT", "D"))
        target[known] = features.sessions[rows[known] + features.horizon]
        actual = features.y[rows].copy()
        actual[known] = np.where(
            features.tradable[rows[known] + features.horizon], actual[known], np.nan
        )
        return Forecasts(
            ticker=ticker,
            forecaster=label or forecaster.name,
            fold=np.repeat([fold.name for fold in folds], lengths),
            as_of=features.sessions[rows],
            target=target,
            last_close=features.close[rows],
            by_seed=by_seed,
            actual=actual,
            outside=np.concatenate([outside for _, _, outside, _ in of_one_seed]),
            centre=np.repeat(centre, lengths),
            seeds=seeds if forecaster.stochastic else (),
            mase_scale=_naive_error(features, folds[0].fit),
        )

    def predict(
        self,
        forecaster: Forecaster,
        features: Features,
        seeds: Sequence[int] = (0,),
        run: RunFits = one_by_one,
    ) -> Forecasts:
        """Return the out-of-sample forecasts of one forecaster on one ticker.

        Parameters
        ----------
        seeds : sequence of int
            One fit a fold for each; the forecast is their mean.
        run : callable
            Takes the fits and returns what each leaves: here, in threads or in processes.

        Raises
        ------
        InputError
            As `fits`, or the forecaster cannot be fitted on these features.
        """
        fits = self.fits(forecaster, features, seeds)
        return self.collect(fits, tuple(run(fits)))


def _naive_error(features: Features, fit: range) -> float | None:
    """Return the mean absolute error of "no change" over these rows; None where nothing moved."""
    rows = np.arange(fit.start, fit.stop)
    rows = rows[features.tradable[rows] & features.tradable[rows + features.horizon]]
    moved = np.abs(features.y[rows] - features.close[rows])
    return float(moved.mean()) if moved.any() else None
