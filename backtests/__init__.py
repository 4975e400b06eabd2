"""Composes forecasters and strategies: data, backtests, pages, commands.

The parts that serve one by one, in a script of your own, can be imported from here; each is
loaded when it is asked for, so that ``import backtests`` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backtests.broker import Broker
    from backtests.commission import CommissionScheme
    from backtests.engine import run_backtest
    from backtests.feed import ForecastFeed
    from backtests.ledger import Ledger
    from backtests.markets.costs import Costs
    from backtests.markets.market import market_for
    from backtests.tearsheet import tearsheet_of
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
    "make_features",
    "market_for",
    "run_backtest",
    "tearsheet_of",
]

_HOMES = {
    "Bars": "forecasters.bars",
    "Broker": "backtests.broker",
    "CommissionScheme": "backtests.commission",
    "Costs": "backtests.markets.costs",
    "ForecastFeed": "backtests.feed",
    "Ledger": "backtests.ledger",
    "WalkForward": "forecasters.walk_forward",
    "make_features": "forecasters.features",
    "market_for": "backtests.markets.market",
    "run_backtest": "backtests.engine",
    "tearsheet_of": "backtests.tearsheet",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'backtests' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
