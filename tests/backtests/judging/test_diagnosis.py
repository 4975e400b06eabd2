"""The counts of a diagnosis, known by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backtests.judging.diagnosis import diagnose
from backtests.judging.rises import at_least
from forecasters.forecasts import Forecasts
from strategies.rule import risen
from tests.backtests.example_studies import (
    forecasts_of,
    make_bars,
    make_forecasts,
    make_result,
    make_study,
)

NAT = np.datetime64("NaT", "D")


def forecasts(
    last: list[float], close: list[float], actual: list[float], outside: int = 0
) -> Forecasts:
    n = len(last)
    days = np.datetime64("2019-01-01") + np.arange(n + 1)
    target = days[1:].copy()
    target[-1] = NAT if np.isnan(actual[-1]) else target[-1]
    return Forecasts(
        "T", "cnn", np.repeat(days[:1], n), days[:n], target, np.array(last), np.array([close]),
        np.array(actual), np.arange(n) < outside,
    )  # fmt: skip


def test_counts_are_those_of_the_rule_and_exactly_five_percent_counts() -> None:
    # 1.05 x 101 is 106.05000000000001 in binary: 106.05 is 5% above 101 all the same.
    f = forecasts(
        [101, 100, 100, 100, 100, 100],
        [106.05, 105, 104.9, 101, 99, 120],
        [106.05, 100, 106, 100, np.nan, np.nan],
        outside=3,
    )
    d = diagnose([f], 0.05, None, None)
    assert (d.days, d.signals) == (4, 2), "a halt and a day still to come are not judged"
    here = d.at_threshold
    assert (here.forecast, here.came, here.both) == (2, 2, 1)
    assert here.mean_realised == pytest.approx(0.025)
    assert [(p.level, p.forecast, p.came) for p in d.passed] == [
        (0.01, 4, 2), (0.02, 3, 2), (0.03, 3, 2), (0.05, 2, 2),
    ]  # fmt: skip
    assert d.largest == pytest.approx(0.2)
    assert (d.largest_made, d.largest_for) == ("2019-01-06", None)
    assert d.outside_share == 0.5


def test_all_days_at_once_are_told_what_the_rule_tells_one_by_one() -> None:
    rng = np.random.default_rng(0)
    last = np.concatenate([np.arange(1.0, 400), rng.uniform(1, 1e6, 400)])
    for share in (0.0125, 0.05, 0.07):
        exact = np.array([float(f"{close * (1 + share):.10g}") for close in last])
        for price in (exact, exact * (1 - 1e-11), exact * (1 + 1e-13), last * 1.06, last * np.nan):
            one_by_one = [risen(p, close, share) for p, close in zip(price, last, strict=True)]
            assert at_least(price, last, share).tolist() == one_by_one
    assert at_least(exact, last, 0.07).mean() > 0.5


def test_direction_and_correlation_judge_returns_not_levels() -> None:
    f = forecasts([100] * 4, [101, 102, 99, 98], [101, 102, 99, 98])
    perfect = diagnose([f], 0.05, None, None)
    assert perfect.correlation == pytest.approx(1.0)
    assert perfect.direction == 1.0
    assert perfect.up_share == 0.5
    assert (
        diagnose(
            [forecasts([100] * 4, [101] * 4, [101, 99, 102, 98])], 0.05, None, None
        ).correlation
        is None
    )


def test_a_rule_that_cannot_pay_for_one_share_is_too_poor() -> None:
    bars = make_bars()
    f = make_forecasts(bars, "cnn", 530, spread=0.03)
    idle = make_result(bars, "cnn", "five_percent", 530, cash=100_000.0)
    assert diagnose([f], 0.05, replace(idle, unaffordable=3), None).too_poor
    assert not diagnose([f], 0.05, idle, None).too_poor


def test_naive_is_flat_and_has_no_direction() -> None:
    study = make_study(traded=False)
    d = diagnose([forecasts_of(study)[0]], 0.05, study.results[0], study.foresight[0])
    assert (d.correlation, d.direction, d.flat) == (None, None, True)
