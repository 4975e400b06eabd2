"""The sweep over thresholds and exits: every account by hand, nothing foreseen."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from backtests.account import engine
from backtests.account.engine import run_backtest
from backtests.account.performance import performance
from backtests.jobs.parallel import run_tasks
from backtests.judging.sensitivity import sweep, swept_rule
from backtests.runs.manifest import digest_of
from strategies.direction import DirectionRule
from strategies.five_percent import EXITS, FivePercentRule
from strategies.sma_cross import SmaCrossRule
from strategies.variants import THRESHOLDS
from tests.backtests.example_studies import KOREAN
from tests.backtests.planted_sweep import (
    CALLS,
    FREE,
    KRX,
    PLANTED,
    RULE,
    market_of,
    market_points,
    planted_market,
    points_at,
    points_of,
    swept,
)
from tests.contracts.representatives import slow_but

#: Each exit at a threshold beside the ten, and one exit at one of them.
OWN = [*((name, 0.0125) for name in EXITS), ("entry", 0.05)]


@pytest.fixture
def planted(make_bars, make_forecasts):
    return planted_market(make_bars, make_forecasts)


def test_every_point_of_a_planted_market_as_computed_by_hand(planted):
    points = points_at(swept(*planted, RULE, FREE), 0.02, 0.05, 0.10)
    # 2%, two calls. Bought at 10,000 on day 1: 95 shares, 50,000 left.
    #   entry: the close of day 2 is 2% above that of day 0: sold at 10,300 -> 1,028,500.
    #   day:   day 4 closes 2.9% above day 3: sold at 10,600 -> 1,057,000.
    #   touch: 10,200 on day 1 itself -> 1,019,000; day 1 calls again: 95 at 10,100, 59,500 left,
    #          sold at 10,302 on day 3 -> 1,038,190.
    # 5%, one call. Bought at 10,100 on day 2: 94 shares, 50,600 left.
    #   entry: day 4 closes 5.9% above day 1: sold at 10,600 -> 1,047,000.
    #   day:   no day rises 5%: held, 10,000 at the end -> 990,600, a trade that lost.
    #   touch: 10,605 on day 3 -> 1,047,470.
    # 10%: no call.
    found = [(p.threshold, p.exit, p.own, p.calls, p.trades, p.hit_rate) for p in points]
    assert found == [
        (0.02, "entry", False, 2, 1, 1.0),
        (0.02, "day", False, 2, 1, 1.0),
        (0.02, "touch", False, 2, 2, 1.0),
        (0.05, "entry", True, 1, 1, 1.0),
        (0.05, "day", False, 1, 1, 0.0),
        (0.05, "touch", False, 1, 1, 1.0),
        (0.10, "entry", False, 0, 0, None),
        (0.10, "day", False, 0, 0, None),
        (0.10, "touch", False, 0, 0, None),
    ]
    assert [p.total_return for p in points] == pytest.approx(
        [0.0285, 0.057, 0.03819, 0.047, -0.0094, 0.04747, 0, 0, 0], abs=1e-12
    )
    held = [95 * close / (50_000 + 95 * close) for close in (10_100, 10_200)]
    assert points[0].exposure == pytest.approx(sum(held) / 7)
    assert points[2].exposure == pytest.approx(95 * 10_200 / (59_500 + 95 * 10_200) / 7)
    held = [94 * c / (50_600 + 94 * c) for c in (10_200, 10_400, 10_700, 10_500, 10_000)]
    assert points[4].exposure == pytest.approx(sum(held) / 7)
    assert {p.forecaster for p in points} == {"planted"}


@pytest.mark.parametrize(
    "case", slow_but(OWN, [(e, t) for t in (0.0125, 0.05) for e in EXITS]), ids=str
)
def test_the_own_point_is_the_result_of_the_run(case):
    exit_, threshold = case
    _, bars, forecasts = market_of()
    rule = FivePercentRule(threshold=threshold, exit=exit_, max_hold=9, stop_loss=0.03)
    points = swept(bars, forecasts[2], rule)
    (run_point,) = [p for p in points if p.own]
    result = run_backtest(bars, forecasts[2], rule, KRX)
    figures = performance(result)
    assert (run_point.threshold, run_point.exit) == (threshold, exit_)
    assert run_point.trades == len(result.trades) > 0
    assert (run_point.total_return, run_point.exposure) == (
        figures["total_return"],
        figures["exposure"],
    )
    assert run_point.hit_rate == np.mean([trade.return_net > 0 for trade in result.trades])
    assert len(points) == 3 * (10 if threshold in THRESHOLDS else 11)


def test_the_other_settings_of_the_rule_stay(planted):
    rule = FivePercentRule(max_hold=1)
    (point,) = (p for p in points_at(swept(*planted, rule, FREE), 0.02) if p.exit == "day")
    # Bought at 10,000 on day 1, sold at 10,100 on day 2; the call of day 1 came while holding.
    assert point.total_return == pytest.approx(0.0095)


def test_the_exit_of_the_rule_is_among_those_compared(planted):
    points = points_at(swept(*planted, FivePercentRule(exit="one-day"), FREE), 0.05)
    assert [(p.exit, p.own) for p in points] == [
        ("entry", False),
        ("day", False),
        ("touch", False),
        ("one-day", True),
    ]


def test_what_is_not_run_is_what_a_run_would_give(monkeypatch):
    _, bars, forecasts = market_of(traded=False)
    ran = []

    def spy(*args, **named):
        ran.append(args[2])
        return run_backtest(*args, **named)

    monkeypatch.setattr(engine, "run_backtest", spy)
    largest = np.nanmax(forecasts[1][KOREAN].forecast_return)
    points = swept(bars, forecasts[1])
    left_out = [p for p in points if p.threshold > largest]
    assert 0 < len(left_out) == len(points) - len(ran)
    for point in left_out:
        rule = FivePercentRule(threshold=point.threshold, exit=point.exit)
        figures = performance(run_backtest(bars, forecasts[1], rule, KRX))
        assert (point.total_return, point.trades, point.exposure) == tuple(
            figures[name] for name in ("total_return", "trades", "exposure")
        )
        assert (point.calls, point.hit_rate) == (0, None)


def test_no_account_buys_what_may_not_be_bought(planted):
    bars, forecasts = planted
    nobody = {ticker: np.zeros(len(series), dtype=bool) for ticker, series in bars.items()}
    assert any(point.trades for point in swept(bars, forecasts, RULE, FREE))
    assert not any(point.trades for point in swept(bars, forecasts, RULE, FREE, nobody))


def test_a_forecaster_among_others_has_the_points_that_it_has_alone():
    _, bars, forecasts = market_of()
    assert list(market_points()) == [p for f in forecasts[1:] for p in swept(bars, f)]


@pytest.mark.slow  # test_repeat.py has a fast run on two processes
def test_processes_give_the_points_that_one_process_gives():
    _, bars, forecasts = market_of()
    spread = sweep(bars, forecasts[1:], RULE, KRX, partial(run_tasks, jobs=2))
    assert spread == market_points()


def test_one_account_of_several_tickers(make_bars, make_forecasts):
    a, b = make_bars(PLANTED, ticker="A.KS"), make_bars(PLANTED, ticker="B.KS")
    bars = {"A.KS": a, "B.KS": b}
    forecasts = {t: make_forecasts(series, CALLS) for t, series in bars.items()}
    broker = replace(FREE, slots=2)
    points = points_at(swept(bars, forecasts, RULE, broker), 0.02)
    result = run_backtest(bars, forecasts, FivePercentRule(threshold=0.02), broker)
    assert (points[0].calls, points[0].trades) == (4, 2)
    assert points[0].total_return == performance(result)["total_return"] > 0


def test_no_point_knows_an_outcome():
    _, bars, forecasts = market_of()
    blind = {
        t: replace(f, actual=np.full(len(f), np.nan), target=np.full(len(f), np.datetime64("NaT", "D")))
        for t, f in forecasts[2].items()
    }  # fmt: skip
    assert swept(bars, blind) == swept(bars, forecasts[2])


def test_no_account_of_the_sweep_changes_before_the_prices_do(monkeypatch):
    _, bars, forecasts = market_of()
    series, cut = bars[KOREAN], 620
    later = {name: getattr(series, name).copy() for name in ("open", "high", "low", "close")}
    for values in later.values():
        values[cut:] *= 1.3
    accounts = []

    def spy(*args, **named):
        accounts.append(run_backtest(*args, **named))
        return accounts[-1]

    monkeypatch.setattr(engine, "run_backtest", spy)
    swept(bars, forecasts[2])
    swept({KOREAN: replace(series, **later)}, forecasts[2])
    half = len(accounts) // 2
    day = str(series.sessions[cut])
    for before, after in zip(accounts[:half], accounts[half:], strict=True):
        early = [[f for f in r.fills if f.session < day] for r in (before, after)]
        assert early[0] == early[1]
    assert any(a.fills != b.fills for a, b in zip(accounts[:half], accounts[half:], strict=True))


def test_the_digest_covers_every_value_of_every_point():
    study, bars, forecasts = market_of()
    study = replace(study, sensitivity=market_points())
    whole = digest_of([study])
    assert whole == digest_of([replace(study, sensitivity=points_of(bars, forecasts))])
    first = study.sensitivity[0]
    for other in (replace(first, exposure=first.exposure + 1e-15), replace(first, exit="x")):
        assert digest_of([replace(study, sensitivity=(other, *study.sensitivity[1:]))]) != whole


def test_the_run_folder_holds_the_sweep_and_its_own_point_is_the_result(finished):
    folder, _ = finished
    table = pd.read_csv(folder / "sensitivity.csv")
    metrics = pd.read_csv(folder / "metrics.csv")
    models = [name for name in metrics["forecaster"].dropna() if name != "naive"]
    assert len(table) == len(models) * 3 * 10
    assert set(table["account"]) == {"051900.KS"}
    for name in models:
        (row,) = table[table["own"] & (table["forecaster"] == name)].to_dict("records")
        (run,) = metrics[metrics["forecaster"] == name].to_dict("records")
        assert (row["threshold"], row["exit"]) == (0.01, "entry")
        for figure in ("total_return", "trades", "exposure"):
            assert row[figure] == run[figure]
    assert table.loc[table["trades"] == 0, "hit_rate"].isna().all()
    assert table["trades"].sum() > 0


def test_the_first_rule_with_variants_is_swept():
    touch, entry = FivePercentRule(exit="touch"), FivePercentRule()
    rules = {"direction": DirectionRule(), "sma": SmaCrossRule(), "touch": touch, "entry": entry}
    assert swept_rule(rules) == "touch"
    assert swept_rule({name: rules[name] for name in ("entry", "touch")}) == "entry"
    assert swept_rule({name: rules[name] for name in ("direction", "sma")}) is None
