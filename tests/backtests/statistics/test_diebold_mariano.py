"""Diebold-Mariano against R, statsmodels and what its interval and power promise."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.tsa.stattools import diebold_mariano_test

from backtests.statistics.diebold_mariano import diebold_mariano
from backtests.statistics.fixed_b import p_above

#: Errors of the example in R's documentation of forecast::dm.test, `WWWusage[81:100]` by ets and by
#: arima fitted to the first 80 rows, as the tests of JuliaStats/HypothesisTests.jl print them.
ETS = np.array(
    (
        "0.00224127 -0.000661906 -1.200002613 -4.000218178 3.799373533 3.401005111 -1.199692125 -0.800490048 "
        "-1.200048999 3.399847229 7.000708948 2.200989241 -4.800165569 -1.201043375 3.400167556 3.000709085 "
        "0.40026795 -6.800169207 -2.40125905 1.200112198"
    ).split(),
    dtype=float,
)
ARIMA = np.array(
    (
        "0.1209998 8.0622269 -0.9189429 -1.7952436 5.3431277 2.0459823 -0.6073261 0.5516816 "
        "-0.7633238 4.1229472 5.8785333 1.2828331 -3.4854233 1.197137 3.1709314 2.3408457 "
        "0.4962286 -5.9841362 0.1537114 0.4207951"
    ).split(),
    dtype=float,
)


@pytest.mark.parametrize(("power", "p"), [(2, 0.4435), (1, 0.6091)])
def test_the_example_of_r(power: int, p: float) -> None:
    """R's p values: no autocovariance, small-sample factor, Student's t of 19 degrees.

    HypothesisTests.jl prints 0.4435 by squares, for "ets loses less", and 0.6091 by absolute errors
    (0.8871 and 0.7818 two-sided).
    """
    found = diebold_mariano(np.abs(ETS) ** power, np.abs(ARIMA) ** power, lag=0)
    assert found.statistic is not None
    assert stats.t.sf(found.statistic, 19) == pytest.approx(p, abs=5e-4)


@pytest.mark.parametrize("horizon", [1, 5, 60])
@pytest.mark.parametrize("criterion", ["mse", "mae"])
def test_the_statistic_against_statsmodels(criterion: str, horizon: int) -> None:
    rng = np.random.default_rng(horizon)
    y, good, bad = rng.standard_t(4, 400), rng.normal(0, 0.1, 400), rng.normal(0.2, 0.4, 400)
    power = 2 if criterion == "mse" else 1
    ours = diebold_mariano(np.abs(y - good) ** power, np.abs(y - bad) ** power, horizon)
    assert ours.lag == max(horizon - 1, 26)
    theirs = diebold_mariano_test(
        y, bad, good, lags=ours.lag, criterion=criterion, harvey_adj=True, horizon=horizon
    )
    assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-9)
    # Bartlett's weights 1 - j / M end before M = lag + 1, which is b times the rows in the paper.
    assert ours.p_better == p_above(ours.statistic, (ours.lag + 1) / 400)


def losses(seed: int, gain: float = 0.0, n: int = 250) -> tuple[np.ndarray, np.ndarray]:
    """Return losses with a memory, the second a share `gain` above the first on average."""
    rng = np.random.default_rng(seed)
    common, own, other = rng.gamma(2.0, 1.0, (3, n))
    return (1 - gain) * (common + own), common + other


def test_the_gain() -> None:
    loss, benchmark = losses(0, 0.25)
    found = diebold_mariano(loss, benchmark)
    assert found.gain == pytest.approx(1 - loss.mean() / benchmark.mean())
    assert (found.n, found.loss, found.benchmark_loss) == (250, loss.mean(), benchmark.mean())


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("horizon", [1, 20])
def test_the_ends_of_the_interval_are_the_two_tests(seed: int, horizon: int) -> None:
    """Against a benchmark shrunk by the lower end, "better" is just at 5%; by the upper, "worse"."""
    loss, benchmark = losses(seed, 0.05 * seed)
    found = diebold_mariano(loss, benchmark, horizon)
    assert found.low is not None and found.high is not None and found.gain is not None
    assert found.low < found.gain < found.high
    at_low = diebold_mariano(loss, (1 - found.low) * benchmark, horizon)
    at_high = diebold_mariano(loss, (1 - found.high) * benchmark, horizon)
    assert at_low.p_better == pytest.approx(0.05, rel=1e-6)
    assert at_high.p_worse == pytest.approx(0.05, rel=1e-6)
    assert (found.low > 0) == (found.p_better < 0.05)
    assert (found.high < 0) == (found.p_worse < 0.05)


def test_better_and_worse_are_two_sides() -> None:
    loss, benchmark = losses(2, 0.1)
    one, other = diebold_mariano(loss, benchmark), diebold_mariano(benchmark, loss)
    assert one.p_better == pytest.approx(other.p_worse)
    assert one.p_better + one.p_worse == pytest.approx(1)
    assert one.p_better < one.p_worse and one.statistic == -other.statistic


def test_the_unit_of_the_loss_is_no_matter() -> None:
    loss, benchmark = losses(3, 0.1)
    one, other = diebold_mariano(loss, benchmark), diebold_mariano(1e-4 * loss, 1e-4 * benchmark)
    for name in ("gain", "low", "high", "statistic", "p_better", "detectable"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-9)


def test_equally_good_forecasts_are_told_apart_in_five_percent() -> None:
    """One-sided at 5% and at 1%, on 2,000 pairs with a memory; chance leaves 3.7 to 6.5%."""
    p = np.array([diebold_mariano(*losses(seed, n=120)).p_better for seed in range(2000)])
    assert 0.037 < (p < 0.05).mean() < 0.065
    assert 0.004 < (p < 0.01).mean() < 0.018


def test_what_is_detectable_is_seen_in_four_of_five_samples() -> None:
    pilot = [diebold_mariano(*losses(seed)).detectable for seed in range(200)]
    gain = float(np.mean(pilot))
    seen = [diebold_mariano(*losses(1000 + seed, gain)).p_better < 0.05 for seed in range(600)]
    assert 0.74 < np.mean(seen) < 0.88


@pytest.mark.parametrize(
    ("loss", "benchmark", "horizon", "why"),
    [
        (np.ones(19), np.full(19, 2.0), 1, "19 days: a test needs 20"),
        (np.ones(1), np.full(1, 2.0), 1, "1 day: a test needs 20"),
        (np.empty(0), np.empty(0), 1, "0 days: a test needs 20"),
        (np.arange(40.0), np.arange(40.0), 1, "its losses are those of the benchmark"),
        (np.ones(40), np.full(40, 2.0), 1, "by the same amount every day"),
        (np.ones(40), np.zeros(40), 1, "the benchmark never errs"),
        (np.arange(40.0), np.ones(40), 41, "too few for a horizon of 41"),
    ],
)
def test_what_has_no_meaning_is_none_and_says_why(
    loss: np.ndarray, benchmark: np.ndarray, horizon: int, why: str
) -> None:
    found = diebold_mariano(loss, benchmark, horizon)
    assert why in found.why
    for name in ("low", "high", "statistic", "p_better", "p_worse", "detectable"):
        assert getattr(found, name) is None
    assert math.isfinite(found.loss)


def test_a_forecast_that_is_the_benchmark_gains_nothing() -> None:
    assert diebold_mariano(np.arange(40.0), np.arange(40.0) * (1 + 1e-15)).gain == 0.0
    assert diebold_mariano(np.ones(40), np.zeros(40)).gain is None


def test_no_interval_where_the_benchmark_may_be_right() -> None:
    """One error in forty days says little about the benchmark's own loss."""
    benchmark = np.zeros(40)
    benchmark[7] = 1.0
    found = diebold_mariano(np.linspace(0, 1, 40), benchmark)
    assert found.low is None and found.high is None and "too uncertain" in found.why
    assert found.p_better is not None


@pytest.mark.parametrize("where", [0, 1])
def test_a_loss_that_is_unknown_is_refused(where: int) -> None:
    losses = [ETS**2, ARIMA**2]
    losses[where] = np.append(losses[where][:-1], np.nan)
    with pytest.raises(ValueError, match="1 of them not finite"):
        diebold_mariano(*losses)
    with pytest.raises(ValueError, match=r"shape \(19,\) against \(20,\)"):
        diebold_mariano((ETS**2)[1:], ARIMA**2)
