"""Composes forecasters and strategies: data, backtests, pages, commands.

The parts that you can use alone in a script are imported from here. Each is loaded when it is first
used, so that ``import backtests`` is fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backtests.account.books import Ledger
    from backtests.account.broker import Broker
    from backtests.account.commission import CommissionScheme
    from backtests.account.engine import run_backtest
    from backtests.account.feed import ForecastFeed
    from backtests.jobs.saved import load_fit
    from backtests.markets.costs import Costs
    from backtests.markets.market import market_for
    from backtests.report.tearsheet import tearsheet_of
    from forecasters.bars import Bars
    from forecasters.features import make_features
    from forecasters.walk_forward import WalkForward

__all__ = [
    "Bars",
    "Broker",
    "CommissionScheme",
    "Costs",
    "ForecastFeed",
    "Ledger",
    "WalkForward",
    "load_fit",
    "make_features",
    "market_for",
    "run_backtest",
    "tearsheet_of",
]

_HOMES = {
    "Bars": "forecasters.bars",
    "Broker": "backtests.account.broker",
    "CommissionScheme": "backtests.account.commission",
    "Costs": "backtests.markets.costs",
    "ForecastFeed": "backtests.account.feed",
    "Ledger": "backtests.account.books",
    "WalkForward": "forecasters.walk_forward",
    "load_fit": "backtests.jobs.saved",
    "make_features": "forecasters.features",
    "market_for": "backtests.markets.market",
    "run_backtest": "backtests.account.engine",
    "tearsheet_of": "backtests.report.tearsheet",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'backtests' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
