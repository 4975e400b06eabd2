"""Skill against naive: the right rows, the right losses, adjusted for the number of forecasters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from backtests.judging.skill import Skill, judge_forecasts
from backtests.statistics.clark_west import adjusted, positive_mean
from backtests.statistics.confidence_set import model_confidence_set
from backtests.statistics.diebold_mariano import diebold_mariano
from backtests.statistics.pesaran_timmermann import pesaran_timmermann
from backtests.statistics.superior import superior_predictive_ability
from forecasters.forecasts import Forecasts
from tests.backtests.example_studies import make_bars, make_forecasts
from tests.backtests.planted_skill import (
    FIRST,
    MADE,
    NAIVE,
    NAMES,
    SKILL,
    clairvoyant,
    three_forecasters,
)


def returns(forecasts: Forecasts, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    last = forecasts.last_close[rows]
    return np.log(forecasts.actual[rows] / last), np.log(forecasts.close[rows] / last)


def test_each_forecaster_by_hand() -> None:
    """Naive is the benchmark, never among the judged; the other figures are those of its log returns."""
    assert [one.forecaster for one in SKILL.judged] == list(NAMES)
    rows = NAIVE.judged
    assert SKILL.n == rows.sum() == 366  # of 370: not on 2 halts, nor before one or the end
    for one in SKILL.judged:
        r, f = returns(MADE[one.forecaster][0], rows)
        assert one.absolute == diebold_mariano(np.abs(r - f), np.abs(r))
        assert one.squared == diebold_mariano((r - f) ** 2, r**2)
        assert one.clark_west == positive_mean(adjusted(r, f))
        assert one.direction == pesaran_timmermann(r, f)


def test_what_knows_the_future_is_better_and_what_is_wild_is_worse() -> None:
    good, wild, quiet = SKILL.judged
    assert good.p_better < 0.01 and good.absolute.low > 0 and good.p_clark_west < 0.01
    assert good.direction.p < 0.01
    assert wild.p_worse < 0.01 and wild.absolute.high < 0 and wild.p_better > 0.5
    assert quiet.p_better > 0.05 and quiet.p_worse > 0.05
    assert SKILL.superior.p < 0.01 and SKILL.kept.kept == ("good",)


def test_the_p_values_allow_for_all_forecasters_of_the_page() -> None:
    for holm_name, plain_p in (
        ("p_better", [one.absolute.p_better for one in SKILL.judged]),
        ("p_worse", [one.absolute.p_worse for one in SKILL.judged]),
        ("p_clark_west", [one.clark_west.p for one in SKILL.judged]),
    ):
        found = [getattr(one, holm_name) for one in SKILL.judged]
        assert found == pytest.approx(multipletests(plain_p, method="holm")[1])
    alone = judge_forecasts({"quiet": MADE["quiet"]})
    assert alone.judged[0].p_better == alone.judged[0].absolute.p_better


def test_the_folds_that_were_won() -> None:
    """Fold by fold, the mean absolute error of the log return against naive's."""
    for one in SKILL.judged:
        forecasts, won = MADE[one.forecaster][0], 0
        for fold in np.unique(NAIVE.fold):
            r, f = returns(forecasts, NAIVE.judged & (NAIVE.fold == fold))
            won += np.abs(r - f).mean() < np.abs(r).mean()
        assert (one.folds.statistic, one.folds.n) == (won, 3)


def test_a_fold_begins_with_its_own_first_session() -> None:
    """Right on the first session of each of three folds, a little worse than naive on all others."""
    coming = np.log(NAIVE.actual / NAIVE.last_close)
    first = np.flatnonzero(NAIVE.fold != np.roll(NAIVE.fold, 1))
    assert first.size == 3 and (np.abs(coming[first]) > 0.003).all()
    log_returns = -1e-5 * np.sign(np.nan_to_num(coming))
    log_returns[first] = coming[first]
    by_seed = np.where(np.isfinite(NAIVE.close), NAIVE.last_close * np.exp(log_returns), np.nan)[
        None
    ]
    made = replace(NAIVE, forecaster="edge", by_seed=by_seed, centre=np.empty(0))
    folds = judge_forecasts({"edge": (made,)}).judged[0].folds
    assert (folds.statistic, folds.n) == (3, 3)


def test_all_together() -> None:
    rows = NAIVE.judged
    r = np.log(NAIVE.actual[rows] / NAIVE.last_close[rows])
    losses = np.column_stack([np.abs(np.subtract(*returns(MADE[n][0], rows))) for n in NAMES])
    assert SKILL.superior == superior_predictive_ability(np.abs(r), losses)
    table = np.column_stack([np.abs(r), losses])
    assert SKILL.kept == model_confidence_set(table, ("naive", *NAMES))


def test_only_sessions_that_every_forecaster_is_judged_on_count() -> None:
    gaps = MADE["good"][0].by_seed.copy()
    gaps[:, 10:60] = np.nan
    made = {**MADE, "good": (replace(MADE["good"][0], by_seed=gaps),)}
    rows = NAIVE.judged & np.isfinite(gaps[0])
    found = judge_forecasts(made)
    assert found.n == rows.sum() < SKILL.n
    r, f = returns(MADE["wild"][0], rows)
    assert found.judged[1].absolute == diebold_mariano(np.abs(r - f), np.abs(r))


def test_neither_the_order_nor_naive_being_there_changes_a_figure() -> None:
    turned = judge_forecasts(dict(reversed(MADE.items())))
    assert set(turned.judged) == set(SKILL.judged)
    assert turned.superior == SKILL.superior and turned.kept.p == SKILL.kept.p
    assert judge_forecasts({n: MADE[n] for n in NAMES}) == SKILL


def test_another_seed_draws_other_samples() -> None:
    made = {n: (clairvoyant(NAIVE, n, 0.03, 0.004, i),) for i, n in enumerate("abc", 1)}
    one, other = judge_forecasts(made), judge_forecasts(made, seed=1)
    assert other.judged == one.judged
    assert other.superior.p != one.superior.p and other.kept.p != one.kept.p


def test_forecasts_several_sessions_ahead() -> None:
    found = judge_forecasts(MADE, horizon=30)
    r, f = returns(MADE["good"][0], NAIVE.judged)
    good = found.judged[0]
    assert good.absolute == diebold_mariano(np.abs(r - f), np.abs(r), 30)
    assert good.clark_west == positive_mean(adjusted(r, f), 30)
    assert good.direction.p is None and "overlap" in good.direction.why
    assert found.superior.block >= 30 and found.kept.block >= 30


def universe() -> dict[str, tuple[Forecasts, ...]]:
    """Return the three on two tickers, the second listed 40 sessions later and halted on other days."""
    bars = make_bars("005930.KS", rows=900, seed=2)
    later = make_forecasts(bars, "naive", FIRST + 40)
    second = three_forecasters(later)
    return {name: (*MADE[name], *second[name]) for name in MADE}


def test_a_universe_is_one_series_of_session_means() -> None:
    made = universe()
    found = judge_forecasts(made)
    means: dict[np.datetime64, list[tuple[float, float]]] = {}
    for forecasts in made["wild"]:
        rows = forecasts.judged
        for day, r, f in zip(forecasts.as_of[rows], *returns(forecasts, rows), strict=True):
            means.setdefault(day, []).append((r, f))
    days = [np.array(means[day]).T for day in sorted(means)]
    assert found.n == len(days) == 366
    loss = np.array([np.abs(r - f).mean() for r, f in days])
    naive = np.array([np.abs(r).mean() for r, _ in days])
    wild = found.judged[1]
    assert wild.absolute.statistic == pytest.approx(diebold_mariano(loss, naive).statistic)
    assert wild.absolute.gain == pytest.approx(1 - loss.mean() / naive.mean())
    content = np.array([(2 * r * f).mean() for r, f in days])
    by_hand = content.mean() / content.std(ddof=1) * np.sqrt(len(days))
    assert wild.clark_west.statistic == pytest.approx(by_hand)
    assert wild.direction.p is None and "together" in wild.direction.why
    assert wild.folds.n == 3


def test_a_ticker_that_one_forecaster_lacks_is_left_out() -> None:
    made = universe()
    made["quiet"] = made["quiet"][:1]
    assert judge_forecasts(made) == SKILL


def test_a_forecast_of_no_change_is_no_better_and_no_worse() -> None:
    same = replace(NAIVE, forecaster="same", by_seed=NAIVE.by_seed * (1 + 1e-15))  # rounding
    found = judge_forecasts({"naive": (NAIVE,), "same": (same,), "good": MADE["good"]})
    one = found.judged[0]
    assert one.absolute.gain == 0 and one.p_better is None and one.p_clark_west is None
    assert one.folds.p is None and one.direction.p is None
    assert found.judged[1].p_better == found.judged[1].absolute.p_better  # one test was made
    assert found.superior.variants == 1


def test_a_price_below_zero_is_a_very_bad_forecast_and_no_error() -> None:
    close = MADE["quiet"][0].by_seed.copy()
    close[0, 5] = -3.0
    found = judge_forecasts({"quiet": (replace(MADE["quiet"][0], by_seed=close),)})
    assert found.judged[0].absolute.gain < -1


def test_where_nothing_can_be_judged() -> None:
    assert judge_forecasts({"naive": (NAIVE,)}) == Skill((), None, None, 0, 1)
    unknown = replace(MADE["good"][0], actual=np.full(len(NAIVE), np.nan))
    assert judge_forecasts({"good": (unknown,)}) == Skill((), None, None, 0, 1)
    assert judge_forecasts({}) == Skill((), None, None, 0, 1)
