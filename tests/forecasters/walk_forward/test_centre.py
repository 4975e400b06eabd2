"""What a fit forecasts on average, on rows that were known before its first test row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest

from backtests.jobs.store import FitStore
from forecasters.bars import Bars, Floats
from forecasters.base import Forecaster
from forecasters.features import make_features
from forecasters.forecasts import Forecasts
from forecasters.walk_forward import WalkForward

MakeBars = Callable[..., Bars]
PLAN = WalkForward(train_size=30, step=10, validation=0.2)


@dataclass(kw_only=True)
class Counting(Forecaster):
    """Forecasts a log return of a thousandth, or two by the seed, for each row before."""

    lookback: int = 1
    target: str = "return"
    scaler: str = "none"
    labels: ClassVar[list[Any]] = []

    def fit(self, windows: Any, validation: Any, rng: np.random.Generator) -> Self:
        self.slope_ = rng.choice([0.001, 0.002])
        return self

    def predict(self, windows: Any) -> Any:
        self.labels.append(windows.y)
        return self.slope_ * (windows.X[:, -1, windows.names.index("volume")] - 1000.0)


def test_the_centre_is_the_mean_forecast_return_of_the_validation_rows(
    bars_of: MakeBars, walk: Callable[..., Floats]
) -> None:
    features = make_features(bars_of(walk(50)))
    fits = PLAN.fits(Counting(), features, seeds=(0, 1, 2))
    Counting.labels.clear()
    answers = [fit.run() for fit in fits]
    assert all(np.isnan(labels).all() for labels in Counting.labels), "nobody is shown a label"
    made = PLAN.collect(fits, answers)
    # The log return that is forecast at row 30 or 40 is that many times the slope of the fit.
    first = np.array([30, 40, 30, 40, 30, 40])
    slopes = np.log([a.close[0] for a in answers] / features.close[first]) / first
    assert len(set(slopes.round(6))) == 2, "the seeds differ"
    # Of 30 sessions the last 6 are watched, of 40 the last 8.
    for fold, watched in enumerate((np.arange(24, 30), np.arange(32, 40))):
        by_seed = [np.mean(np.exp(slope * watched) - 1) for slope in slopes[fold::2]]
        stretch = made.centre[10 * fold : 10 * fold + 10]
        np.testing.assert_allclose(stretch, np.full(10, np.mean(by_seed)), rtol=1e-9)


def test_there_is_none_without_validation_rows(
    bars_of: MakeBars, walk: Callable[..., Floats]
) -> None:
    plan = replace(PLAN, validation=0.0)
    made = plan.predict(Counting(), make_features(bars_of(walk(45))))
    assert made.centre.shape == (15,) and np.isnan(made.centre).all()


def test_it_knows_nothing_of_the_test_rows(bars_of: MakeBars, walk: Callable[..., Floats]) -> None:
    closes = walk(40)
    one = PLAN.predict(Counting(), make_features(bars_of(closes)))
    later = dict.fromkeys(range(30, 40), 5000.0)
    other = PLAN.predict(Counting(), make_features(bars_of(closes, volume=later)))
    assert one.centre.tobytes() == other.centre.tobytes()
    assert one.close.tobytes() != other.close.tobytes()


def test_each_ticker_of_a_pooled_fit_has_its_own(
    bars_of: MakeBars, walk: Callable[..., Floats]
) -> None:
    volumes = {"A": np.arange(1000.0, 1050.0), "B": np.arange(1100.0, 1150.0)}
    features = [
        make_features(bars_of(walk(50), ticker=ticker, volume=volume))
        for ticker, volume in volumes.items()
    ]
    fits = PLAN.pooled_fits(Counting(pooled=True), features)
    answers = [fit.run() for fit in fits]
    for series in features:
        made = PLAN.collect(fits, answers, ticker=series.ticker)
        alone = PLAN.fits(Counting(), series)
        for fit, shared in zip(alone, answers, strict=True):
            slope = np.log(shared.close[0] / features[0].close[fit.parts[0].fold.test.start])
            slope /= fit.parts[0].fold.test.start
            rows = np.array(fit.parts[0].fold.validation) + 100 * (series.ticker == "B")
            chosen = made.fold == fit.name
            np.testing.assert_allclose(made.centre[chosen], np.mean(np.exp(slope * rows) - 1))


def test_it_is_kept_with_the_fit_and_part_of_the_digest(
    bars_of: MakeBars, walk: Callable[..., Floats], tmp_path: Path
) -> None:
    fits = PLAN.fits(Counting(), make_features(bars_of(walk(50))))
    answers = [fit.run() for fit in fits]
    store = FitStore(tmp_path)
    for fit in fits:
        store.save(fit, *fit.learn())
    kept = [store.load(fit) for fit in fits]
    assert all(kept)
    again = PLAN.collect(fits, [answer for answer in kept if answer])
    made = PLAN.collect(fits, answers)
    assert again.digest == made.digest
    assert replace(made, centre=made.centre + 1e-12).digest != made.digest


@pytest.mark.parametrize("given", [None, np.array([0.01, -0.01])])
def test_forecasts_made_by_hand_may_leave_it_out(given: Floats | None) -> None:
    days = np.array(["2015-01-05", "2015-01-06", "2015-01-07"], dtype="datetime64[D]")
    made = Forecasts(
        "T", "f", days[[0, 0]], days[:2], days[1:], np.ones(2), np.ones((1, 2)), np.ones(2),
        np.zeros(2, dtype=bool), **({} if given is None else {"centre": given}),
    )  # fmt: skip
    expected = [np.nan, np.nan] if given is None else [0.01, -0.01]
    np.testing.assert_array_equal(made.centre, expected)
