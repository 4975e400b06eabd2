"""What luck makes of the lowest test error: worked out anew from the forecasts."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from backtests.grids.pages.sentences import finding_sentences
from backtests.grids.results.judged_grid import judge_grid
from backtests.grids.results.luck import judge_luck
from tests.backtests.example_outcomes import make_outcome


def gains_of(outcome):
    """Return label to daily gain on naive, from closes alone."""
    gains = {}
    for entry in outcome.models:
        f = entry.forecasts
        rows = f.judged
        actual, last, close = f.actual[rows], f.last_close[rows], f.close[rows]
        gains[entry.label] = np.abs(np.log(actual / last)) - np.abs(np.log(actual / close))
    return gains


def test_the_deflated_gain_by_hand(outcome, grid):
    """Bailey and Lopez de Prado (2014), equations 1 and 2, written out for three trials."""
    luck, gains = grid.luck, gains_of(outcome)
    ratios = {label: g.mean() / g.std(ddof=1) for label, g in gains.items()}
    assert (luck.forecaster, luck.trials) == ("cnn:filters=2", 3)
    assert luck.ratio == pytest.approx(ratios["cnn:filters=2"])
    n = gains["cnn:filters=2"].size
    assert luck.n == n == grid.rows[0]["rows"]
    spread = max(np.std(list(ratios.values()), ddof=1), 1 / math.sqrt(n - 1))
    normal, euler = NormalDist(), 0.5772156649015329
    hurdle = spread * (
        (1 - euler) * normal.inv_cdf(1 - 1 / 3) + euler * normal.inv_cdf(1 - 1 / (3 * math.e))
    )
    assert luck.expected == pytest.approx(hurdle)
    g = gains["cnn:filters=2"]
    z = (g - g.mean()) / g.std()
    ratio = ratios["cnn:filters=2"]
    error = 1 - (z**3).mean() * ratio + ((z**4).mean() - 1) / 4 * ratio**2
    dsr = normal.cdf((ratio - hurdle) * math.sqrt(n - 1) / math.sqrt(error))
    assert luck.deflated == pytest.approx(dsr)


def test_one_that_is_lowest_in_every_half_is_not_overfit():
    """Each forecast is too high by a fixed share, so the order is the same in every half."""
    outcome = make_outcome(
        {}, {"filters=2": 0.02, "filters=4": 0.05, "filters=8": 0.04}, cross=("filters=2,4,8",)
    )
    luck = judge_grid(outcome).luck
    assert luck.overfit.pbo == 0.0 and luck.overfit.variants == 3
    text = " ".join(finding_sentences(judge_grid(outcome)))
    assert "Probability of overfitting by the test error: 0%." in text
    assert "Deflated for 3 forecasters: the daily gain on naive of cnn:filters=2" in text
    assert "a grid trades nothing" in text


def test_a_skilled_one_stays_and_one_of_noise_does_not():
    good = judge_grid(make_outcome({}, {"filters=2": 0.001, "filters=4": 0.02})).luck
    assert good.ratio > 0.5 and good.deflated > 0.99
    poor = judge_grid(make_outcome({}, {"filters=2": 0.03, "filters=4": 0.04})).luck
    assert poor.ratio < 0 and poor.deflated < 0.01


def test_without_a_choice_there_is_nothing_to_deflate_and_a_horizon_has_a_reason(outcome):
    alone = make_outcome({}, {}, cross=("filters=2",))
    assert judge_luck(alone, "cnn:filters=2") is None
    search = replace(outcome.search, walk_forward=replace(outcome.search.walk_forward, horizon=5))
    luck = judge_luck(replace(outcome, search=search), "cnn:filters=2")
    assert luck.deflated is None and "overlap" in luck.why
    assert luck.overfit.pbo is not None
