"""What the tests of the audit are tried on: simulated bars, planted files with prices beside them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from backtests import plugins
from backtests.account.broker import Broker
from backtests.auditing.checks.rules import RuleSubject
from backtests.auditing.subject import Subject
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from backtests.sources.simulated import Simulated
from forecasters.bars import COLUMNS
from tests.backtests.auditing.planted import LEAKS, PLAN


def _bars(ticker):
    """Return 110 simulated sessions with a halt among the forecasts."""
    bars = Simulated().fetch(ticker, "2016-01-01", "2017-01-01").rows(slice(0, 110))
    rows = {name: getattr(bars, name).copy() for name in COLUMNS}
    rows["close"][85] = rows["close"][84]
    for name in ("open", "high", "low", "volume"):
        rows[name][85] = 0
    return replace(bars, **rows)


@pytest.fixture(scope="session")
def bars():
    return {ticker: _bars(ticker) for ticker in ("051900.KS", "005930.KS")}


@pytest.fixture
def trial_of_file(bars, tmp_path):
    """Return a maker of the trial of a planted file, which has its prices beside it."""

    def make(name, **changes):
        path = Path(shutil.copy(LEAKS / f"{name}.py", tmp_path))
        first = bars["051900.KS"]
        days = zip(first.sessions, first.close, strict=True)
        path.with_name("prices.csv").write_text("\n".join(f"{day},{price}" for day, price in days))
        forecaster = plugins.make(plugins.FORECASTERS, plugins.parse(str(path)))
        files = ((path, type(forecaster).__module__),)
        return replace(Subject(forecaster, PLAN, bars, walks=4, files=files), **changes)

    return make


@pytest.fixture
def trial_of_rule(bars, tmp_path):
    """Return a maker of the trial of a rule: a planted file, or one of ours by name."""

    def make(text):
        if (LEAKS / f"{text}.py").exists():
            text = shutil.copy(LEAKS / f"{text}.py", tmp_path)
            (tmp_path / "prices.csv").write_text("1")
        rule = plugins.make(plugins.STRATEGIES, plugins.parse(str(text)))
        naive = plugins.make(plugins.FORECASTERS, plugins.parse("naive"))
        market = market_for("051900.KS", "auto")
        broker = Broker(market.cash, Costs.of(market, None, 5.0, None), 0.95)
        return RuleSubject(rule, Subject(naive, PLAN, bars), broker)

    return make
