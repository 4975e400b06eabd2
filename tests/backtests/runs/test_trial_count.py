"""What a run looked at, as trials of the ledger: which settings are a new trial, and which are the same."""

from dataclasses import replace

import numpy as np
import pytest

from backtests.command.config import RunConfig
from backtests.jobs.parallel import in_turn
from backtests.judging.sensitivity import sweep
from backtests.runs.made_of import describe
from backtests.runs.resolve import make_plan
from backtests.runs.trial_count import bars_of, scope_of, trials_of
from backtests.statistics.sharpe import sharpe_of
from backtests.trials.ledger import FILE, TrialLedger
from backtests.trials.look import FORECAST, TIMING
from strategies.five_percent import FivePercentRule
from tests.backtests.example_studies import KOREAN, make_study
from tests.backtests.planted_sweep import KRX


def trials_of_run(study, *, strategy=("five_percent",), seeds=3, threshold=None, **account):
    """Return the trials of a study as a run with these flags makes them."""
    config = RunConfig(
        ticker=(study.account,), forecaster=("cnn", "rnn"), strategy=strategy, seeds=seeds,
        threshold=threshold,
    )  # fmt: skip
    resolved = make_plan(config)
    made_of = {
        **resolved.described,
        "accounts": {study.account: account},
        "data": [describe(bars) for bars in study.bars.values()],
    }
    return trials_of(study, made_of, resolved.plan.rules)


@pytest.fixture(scope="module")
def swept():
    study = make_study(KOREAN, forecasters=("cnn", "rnn"), rows=700)
    (by_label,) = study.forecasts.values()
    forecasts = [{f.ticker: f} for f in by_label[1:]]
    points = sweep(study.bars, forecasts, FivePercentRule(), KRX, in_turn)
    return replace(study, sensitivity=points)


def test_every_point_is_a_trial_and_the_own_one_is_the_result(swept):
    trials = trials_of_run(swept)
    assert len(swept.ruled) == 2
    assert len(trials) == len({t.key for t in trials}) == 2 + 60
    assert {t.scope for t in trials} == {scope_of(swept)}
    assert scope_of(swept).tickers == (KOREAN,)
    assert {t.bars for t in trials} == {bars_of(swept)} == {swept.bars[KOREAN].digest}
    moved = [t for t in trials if t.sharpe is not None]
    assert 0 < len(moved) < 60
    assert [t.kind for t in trials[:3]] == [FORECAST, FORECAST, TIMING]
    assert trials[0].look.daily.size == swept.results[0].sessions.size - 4, (
        "three halts, and no outcome yet"
    )
    point = next(p for p in swept.sensitivity if p.trades and not p.own)
    assert sharpe_of(point.daily[1:]).value in {t.sharpe for t in moved}


def test_a_threshold_of_the_sweep_looked_at_again_is_no_new_trial(swept, tmp_path):
    assert TrialLedger(tmp_path / FILE).add(trials_of_run(swept)).trials == 62
    assert TrialLedger(tmp_path / FILE).add(trials_of_run(swept, threshold=0.02)).new == 0


def test_another_seed_is_a_new_trial(swept, tmp_path):
    TrialLedger(tmp_path / FILE).add(trials_of_run(swept))
    (account,) = swept.forecasts
    seeded = tuple(
        replace(f, seeds=tuple(s + 3 for s in f.seeds)) for f in swept.forecasts[account]
    )
    other = trials_of_run(replace(swept, forecasts={account: seeded}))
    counted = TrialLedger(tmp_path / FILE).add(other)
    assert (counted.trials, counted.new) == (124, 62)


def test_another_cost_or_plan_is_a_new_trial(swept, tmp_path):
    TrialLedger(tmp_path / FILE).add(trials_of_run(swept))
    assert TrialLedger(tmp_path / FILE).add(trials_of_run(swept, slippage=10)).new == 60, (
        "the forecasters are the same"
    )
    named = ("five_percent", "five_percent:max_hold=5")
    study = replace(
        swept,
        results=(
            *swept.results[:-1],
            *(replace(r, strategy=named[1]) for r in swept.ruled),
            swept.results[-1],
        ),
    )
    assert TrialLedger(tmp_path / FILE).add(trials_of_run(study, strategy=named)).new == 2


def test_where_a_network_is_trained_is_no_trial(swept, monkeypatch):
    native = trials_of_run(swept)
    monkeypatch.setattr("backtests.jobs.fit_key.available", lambda: "not here")
    assert [t.key for t in trials_of_run(swept)] == [t.key for t in native]


def test_the_bars_of_several_tickers_are_one_digest(swept):
    two = replace(swept, bars={**swept.bars, "A.KS": replace(swept.bars[KOREAN], ticker="A.KS")})
    assert scope_of(two).tickers == ("A.KS", KOREAN)
    assert bars_of(two) not in {bars.digest for bars in two.bars.values()}
    assert len(bars_of(two)) == 64


def test_a_point_keeps_its_daily_returns_beside_its_figures(swept):
    point = next(p for p in swept.sensitivity if p.trades)
    idle = next(p for p in swept.sensitivity if not p.calls)
    assert np.prod(1 + point.daily) - 1 == pytest.approx(point.total_return, rel=1e-9)
    assert point.daily.size == swept.results[0].sessions.size
    assert idle.daily.size == 0
    bare = replace(point, returns=None)
    assert (bare, bare.digest, repr(bare)) == (point, point.digest, repr(point))
    assert replace(point, own=not point.own).daily is point.daily
