"""The sweep over thresholds and exits: every account by hand, every trial counted, nothing foreseen."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from backtests.account import engine
from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.account.performance import performance
from backtests.jobs.parallel import in_turn, run_tasks
from backtests.judging.sensitivity import EXITS, THRESHOLDS, sweep, sweep_all
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from backtests.report.charts.study import draw_figures
from backtests.report.page import write_index
from backtests.report.sections.sensitivity import told
from backtests.report.summary import summarise
from backtests.runs.manifest import digest_of
from strategies.five_percent import FivePercentRule
from tests.backtests.example_studies import KOREAN, make_study

FREE = Broker(1_000_000, Costs.of(market_for("X", "none"), 0, 0))
KRX = Broker(100_000_000, Costs.of(market_for("051900.KS")))
RULE = FivePercentRule()

# day      open   high    low    close
PLANTED = [
    (10_000, 10_100, 9_900, 10_000, 500),  # 0: forecast +3%
    (10_000, 10_250, 9_900, 10_100, 500),  # 1: forecast +5.9%
    (10_100, 10_200, 10_000, 10_200, 500),  # 2
    (10_300, 10_700, 10_200, 10_400, 500),  # 3
    (10_400, 10_800, 10_300, 10_700, 500),  # 4
    (10_600, 10_900, 10_400, 10_500, 500),  # 5
    (10_500, 10_500, 9_900, 10_000, 500),  # 6
]
CALLS = [10_300, 10_700, 1, 1, 1, 1, 1]


@pytest.fixture
def planted(make_bars, make_forecasts):
    bars = make_bars(PLANTED)
    return {bars.ticker: bars}, {bars.ticker: make_forecasts(bars, CALLS)}


def market_of(*, traded=True):
    """Return a study of made-up prices with its bars and forecasts, two forecasters and naive."""
    study = make_study(KOREAN, forecasters=("cnn", "rnn"), traded=traded, rows=700)
    (own,) = study.forecasts.values()
    return study, study.bars, [{f.ticker: f} for f in own]


def points_of(bars, forecasts, rule=RULE):
    """Return the sweep of every forecaster but naive, as a run makes it."""
    return sweep_all(bars, forecasts[1:], rule, KRX, in_turn)


def test_every_point_of_a_planted_market_as_computed_by_hand(planted):
    points = sweep(*planted, RULE, FREE, (0.02, 0.05, 0.10))
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


@pytest.mark.parametrize("exit_", EXITS)
@pytest.mark.parametrize("threshold", [0.05, 0.0125])
def test_the_own_point_is_the_result_of_the_run(exit_, threshold):
    _, bars, forecasts = market_of()
    rule = FivePercentRule(threshold=threshold, exit=exit_, max_hold=9, stop_loss=0.03)
    points = sweep(bars, forecasts[2], rule, KRX)
    (own,) = [p for p in points if p.own]
    result = run_backtest(bars, forecasts[2], rule, KRX)
    figures = performance(result)
    assert (own.threshold, own.exit) == (threshold, exit_)
    assert own.trades == len(result.trades) > 0
    assert (own.total_return, own.exposure) == (figures["total_return"], figures["exposure"])
    assert own.hit_rate == np.mean([trade.return_net > 0 for trade in result.trades])
    assert len(points) == 3 * (10 if threshold in THRESHOLDS else 11)


def test_the_other_settings_of_the_rule_stay(planted):
    rule = FivePercentRule(max_hold=1)
    point = sweep(*planted, rule, FREE, (0.02,), ("day",))[0]
    # Bought at 10,000 on day 1, sold at 10,100 on day 2; the call of day 1 came while holding.
    assert point.total_return == pytest.approx(0.0095)


def test_the_exit_of_the_rule_is_among_those_asked_for(planted):
    points = sweep(*planted, FivePercentRule(exit="touch"), FREE, (0.05,), ("day",))
    assert [(p.exit, p.own) for p in points] == [("day", False), ("touch", True)]


def test_what_is_not_run_is_what_a_run_would_give(monkeypatch):
    _, bars, forecasts = market_of(traded=False)
    ran = []

    def spy(*args, **named):
        ran.append(args[2])
        return run_backtest(*args, **named)

    monkeypatch.setattr(engine, "run_backtest", spy)
    largest = np.nanmax(forecasts[1][KOREAN].forecast_return)
    points = sweep(bars, forecasts[1], RULE, KRX)
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
    nobody = {ticker: np.zeros(len(own), dtype=bool) for ticker, own in bars.items()}
    assert any(point.trades for point in sweep(bars, forecasts, RULE, FREE))
    assert not any(point.trades for point in sweep(bars, forecasts, RULE, FREE, members=nobody))


def test_processes_give_the_points_that_one_process_gives():
    _, bars, forecasts = market_of()
    one_by_one = [p for own in forecasts[1:] for p in sweep(bars, own, RULE, KRX)]
    spread = sweep_all(bars, forecasts[1:], RULE, KRX, partial(run_tasks, jobs=2))
    assert list(spread) == list(points_of(bars, forecasts)) == one_by_one


def test_one_account_of_several_tickers(make_bars, make_forecasts):
    a, b = make_bars(PLANTED, ticker="A.KS"), make_bars(PLANTED, ticker="B.KS")
    bars = {"A.KS": a, "B.KS": b}
    forecasts = {t: make_forecasts(own, CALLS) for t, own in bars.items()}
    broker = replace(FREE, slots=2)
    points = sweep(bars, forecasts, RULE, broker, (0.02,), ("entry",))
    result = run_backtest(bars, forecasts, FivePercentRule(threshold=0.02), broker)
    assert (points[0].calls, points[0].trades) == (4, 2)
    assert points[0].total_return == performance(result)["total_return"] > 0


def test_no_point_knows_an_outcome():
    _, bars, forecasts = market_of()
    blind = {
        t: replace(f, actual=np.full(len(f), np.nan), target=np.full(len(f), np.datetime64("NaT", "D")))
        for t, f in forecasts[2].items()
    }  # fmt: skip
    assert sweep(bars, blind, RULE, KRX) == sweep(bars, forecasts[2], RULE, KRX)


def test_no_account_of_the_sweep_changes_before_the_prices_do(monkeypatch):
    _, bars, forecasts = market_of()
    own, cut = bars[KOREAN], 620
    later = {name: getattr(own, name).copy() for name in ("open", "high", "low", "close")}
    for values in later.values():
        values[cut:] *= 1.3
    accounts = []

    def spy(*args, **named):
        accounts.append(run_backtest(*args, **named))
        return accounts[-1]

    monkeypatch.setattr(engine, "run_backtest", spy)
    sweep(bars, forecasts[2], RULE, KRX)
    sweep({KOREAN: replace(own, **later)}, forecasts[2], RULE, KRX)
    half = len(accounts) // 2
    day = str(own.sessions[cut])
    for before, after in zip(accounts[:half], accounts[half:], strict=True):
        early = [[f for f in r.fills if f.session < day] for r in (before, after)]
        assert early[0] == early[1]
    assert any(a.fills != b.fills for a, b in zip(accounts[:half], accounts[half:], strict=True))


def test_the_trials_are_counted_and_the_best_is_worth_nothing():
    study, bars, forecasts = market_of()
    points = points_of(bars, forecasts, FivePercentRule(threshold=0.07))
    bought = [p for p in points if p.trades]
    text = told(points, study.held)
    assert text[0].startswith("In-sample exploration: ")
    assert text[1].startswith(
        f"66 trials (11 thresholds x 3 exits x 2 forecasters), {len(bought)} of which bought: "
    )
    assert text[1].endswith("was picked after seeing all 66 and says nothing about skill.")
    above = sum(p.total_return > performance(study.held)["total_return"] for p in bought)
    assert f"{above} of {len(bought)} ended above buy and hold" in text[2]
    never = told([p for p in points if p.threshold == 0.1 and p.forecaster == "cnn"], study.held)
    assert never[1] == "None of 3 trials (1 threshold x 3 exits x 1 forecaster) ever bought."
    assert "buy and hold" not in " ".join(told(points, None))


def test_the_page_shows_a_dash_where_nothing_was_bought(tmp_path):
    study, bars, forecasts = market_of()
    study = replace(study, sensitivity=points_of(bars, forecasts))
    html = write_index(tmp_path, summarise(study), {}, {}).read_text(encoding="utf-8")
    part = html[html.index('id="sensitivity"') : html.index('id="forecasts"')]
    assert "60 trials (10 thresholds x 3 exits x 2 forecasters)" in part
    table = part[part.index("<table") : part.index("</table>")]
    rnn = table[table.index(">rnn<") :]
    point = next(p for p in study.sensitivity if p.forecaster == "rnn" and p.own)
    row = rnn[rnn.index('class="name">5.0%<') :].split("</tr>")[0]
    assert f">{100 * point.total_return:+,.1f}%</td><td>{point.trades}</td>" in "".join(
        row.splitlines()
    )
    assert "<td>0.0%" not in table
    last = max(p.threshold for p in study.sensitivity if p.forecaster == "rnn" and p.trades)
    assert last < 0.10
    assert '10.0%</td><td class="l faint"' in "".join(rnn.splitlines())
    assert "naive" not in table


def test_a_point_between_two_that_bought_is_a_dash(planted, tmp_path):
    points = sweep(*planted, RULE, FREE, (0.01, 0.02, 0.05))
    poor = [replace(p, trades=0, hit_rate=None) if p.threshold == 0.02 else p for p in points]
    shown = replace(make_study(), sensitivity=tuple(poor))
    html = write_index(tmp_path, summarise(shown), {}, {}).read_text(encoding="utf-8")
    row = html[html.index("<td>2.0%</td>") :].split("</tr>")[0]
    assert row.count('<abbr title="never bought">') == 12


def test_a_run_without_a_sweep_or_without_a_purchase_has_no_picture(tmp_path):
    study, bars, forecasts = market_of(traded=False)
    html = write_index(tmp_path, summarise(study), {}, {}).read_text(encoding="utf-8")
    assert 'id="sensitivity"' not in html
    idle = replace(study, sensitivity=sweep(bars, forecasts[1], RULE, KRX, (0.1,)))
    assert "sensitivity" not in draw_figures(tmp_path / "figures", idle)
    html = write_index(tmp_path, summarise(idle), {}, {}).read_text(encoding="utf-8")
    assert "None of 6 trials (2 thresholds x 3 exits x 1 forecaster) ever bought." in html


def test_the_picture_has_a_row_for_each_forecaster_that_bought(tmp_path):
    study, bars, forecasts = market_of()
    study = replace(study, sensitivity=points_of(bars, forecasts))
    svg = draw_figures(tmp_path, study)["sensitivity"]
    assert (tmp_path / "sensitivity.png").stat().st_size > 10_000
    for words in ("entry", "day", "touch", "rnn", KOREAN, "threshold of this run, 5.0%",
                  "in-sample exploration, 60 trials"):  # fmt: skip
        assert f">{words}" in svg or f"({words})" in svg, words
    assert svg.count(">hit rate, %<") == len({p.forecaster for p in study.sensitivity if p.trades})


def test_the_digest_covers_every_value_of_every_point():
    study, bars, forecasts = market_of()
    study = replace(study, sensitivity=points_of(bars, forecasts))
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
        (own,) = table[table["own"] & (table["forecaster"] == name)].to_dict("records")
        (run,) = metrics[metrics["forecaster"] == name].to_dict("records")
        assert (own["threshold"], own["exit"]) == (0.01, "entry")
        for figure in ("total_return", "trades", "exposure"):
            assert own[figure] == run[figure]
    assert table.loc[table["trades"] == 0, "hit_rate"].isna().all()
    assert table["trades"].sum() > 0
