"""Figures of an equity curve, with their units and conventions."""

from __future__ import annotations

import numpy as np

from backtests.result import Result


def performance(result: Result) -> dict[str, float | int | None]:
    """Return the figures of a result; shares, not percent. None where a figure has no meaning.

    total_return is net, over `Result.base`; gross_return gives back commission, tax and slippage
    of the same fills. cagr runs over calendar days (365.25 a year). sharpe is the mean over the
    standard deviation (n - 1) of the daily returns after the first session, annualised by the
    sessions a year of these out-of-sample sessions, without a risk-free rate. max_drawdown is the
    deepest fall from a former high, the base included, 0 or negative. exposure is the mean share
    of equity in stocks. trades counts purchases, closed_trades those sold again.
    """
    first, last = result.base, float(result.equity[-1])
    costs = float(result.costs[-1])
    days = int((result.sessions[-1] - result.sessions[0]).astype(int))
    daily = result.returns[1:]
    spread = float(daily.std(ddof=1)) if daily.size > 1 else 0.0
    peaks = np.maximum(np.maximum.accumulate(result.equity), first)
    return {
        "total_return": last / first - 1,
        "gross_return": (last + costs) / first - 1,
        "cagr": (last / first) ** (365.25 / days) - 1 if days and last > 0 else None,
        "sharpe": float(daily.mean()) / spread * float(np.sqrt(result.periods_per_year))
        if spread
        else None,
        "max_drawdown": float((result.equity / peaks - 1).min()),
        "exposure": float(result.exposure.mean()),
        "trades": len(result.trades),
        "closed_trades": sum(trade.exit is not None for trade in result.trades),
        "costs": costs,
        "rejected": result.rejected,
        "expired": result.expired,
        "unaffordable": result.unaffordable,
    }
