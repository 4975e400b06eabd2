"""Forecast closes of one ticker by one forecaster, each with the day on which it was made."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np

from forecasters.bars import Days, Flags, Floats
from forecasters.errors import InputError


@dataclass(frozen=True, eq=False)
class Forecasts:
    """Out-of-sample forecasts in time order; N rows, S seeds. Row i is known at the close of as_of.

    Attributes
    ----------
    ticker, forecaster : str
        The forecaster as the user named it, settings included (``cnn:filters=64``).
    fold : datetime64[D], shape [N]
        The fold that made the forecast, named by the date of its first test session.
    as_of, target : datetime64[D], shape [N]
        The session whose close was the last input, and the session that is forecast. The target
        of the newest `horizon` rows is still to come: NaT.
    last_close : float64, shape [N]
        The close of as_of, which is the naive forecast.
    by_seed : float64, shape [S, N]
        The forecast close of each seed; NaN where as_of was a halt. A forecaster without
        randomness has one row and no seeds.
    actual : float64, shape [N]
        The close of the target; NaN while it is unknown and where it was a halt.
    outside : bool, shape [N]
        Some input of as_of lies outside the range of the rows that the fold was fitted on.
    centre : float64, shape [N]
        Mean forecast return of the fold on its validation windows, averaged over the seeds. It is known
        before the first test row of the fold. NaN without validation windows, and everywhere if left
        out.
    mase_scale : float or None
        Mean absolute error of naive over the fit rows of the first fold, in the currency of the
        listing: the divisor of the MASE. It follows from the bars, so the digest leaves it out.

    Raises
    ------
    InputError
        The shapes do not fit together, or the dates are not in order.
    """

    ticker: str
    forecaster: str
    fold: Days
    as_of: Days
    target: Days
    last_close: Floats
    by_seed: Floats
    actual: Floats
    outside: Flags
    seeds: tuple[int, ...] = ()
    centre: Floats = field(default_factory=lambda: np.empty(0))
    mase_scale: float | None = None

    def __post_init__(self) -> None:
        n = self.as_of.size
        if not self.centre.size:
            object.__setattr__(self, "centre", np.full(n, np.nan))
        for name in ("fold", "target", "last_close", "actual", "outside", "centre"):
            if getattr(self, name).shape != (n,):
                raise InputError(
                    f"Forecasts.{name} has shape {getattr(self, name).shape}, not ({n},)"
                )
        if self.by_seed.shape != (max(1, len(self.seeds)), n):
            raise InputError(
                f"Forecasts.by_seed has shape {self.by_seed.shape} for {len(self.seeds)} seeds and {n} rows"
            )
        if (np.diff(self.as_of) <= np.timedelta64(0, "D")).any():
            raise InputError("Forecasts.as_of must increase strictly")
        known = ~np.isnat(self.target)
        if (self.target[known] <= self.as_of[known]).any():
            raise InputError("a forecast's target must lie after the session it was made on")
        if known.size and (np.diff(known.astype(int)) > 0).any():
            raise InputError("only the newest forecasts may have a target that is still to come")
        for f in fields(self):
            if isinstance(array := getattr(self, f.name), np.ndarray):
                array.setflags(write=False)

    def __len__(self) -> int:
        return self.as_of.size

    @cached_property
    def close(self) -> Floats:
        """The forecast that is judged and traded: the mean over the seeds, [N]."""
        mean = np.asarray(self.by_seed.mean(axis=0))
        mean.setflags(write=False)
        return mean

    @cached_property
    def forecast_return(self) -> Floats:
        """Forecast close of the target over the close of as_of, less 1, [N]."""
        return np.asarray(self.close / self.last_close - 1.0)

    @cached_property
    def realised_return(self) -> Floats:
        """Actual close of the target over the close of as_of, less 1, [N]."""
        return np.asarray(self.actual / self.last_close - 1.0)

    @cached_property
    def judged(self) -> Flags:
        """Rows where both a forecast and an outcome exist, [N]: the only ones in any error."""
        return np.asarray(np.isfinite(self.close) & np.isfinite(self.actual))

    @property
    def digest(self) -> str:
        """The sha256 of the dates, of every seed's forecasts and of the centres."""
        h = hashlib.sha256(f"{self.ticker}|{self.forecaster}|{self.seeds}".encode())
        for array in (self.fold, self.as_of, self.target):
            h.update(array.astype("datetime64[D]").astype("<i8").tobytes())
        h.update(self.by_seed.astype("<f8").tobytes())
        h.update(self.centre.astype("<f8").tobytes())
        return h.hexdigest()
