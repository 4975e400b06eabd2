"""Figures of an equity curve, with their units and conventions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from backtests.account.result import Fill, Result
from backtests.markets.costs import WHOLE

#: The figures of a result by their name, as `performance` describes them.
Figures = Mapping[str, float | int | None]
#: Their names: a new one is a column of metrics.csv without a further line.
FIGURES = (
    "total_return", "gross_return", "cost_return", "cost_bps", "break_even_bps", "turnover", "cagr", "sharpe",
    "max_drawdown", "exposure", "trades", "closed_trades", "costs", "rejected", "expired", "unaffordable", "blocked",
    "fills_above_1", "fills_above_10", "fills_above_100",
)  # fmt: skip
#: Closed trades below which no figure of a rule says anything about it (our convention).
FEW_TRADES = 30


def performance(result: Result) -> dict[str, float | int | None]:
    """Return the figures of a result; shares, not percent. None where a figure has no meaning.

    total_return is net, over `Result.base`; gross_return gives back commission, tax and slippage
    of the same fills, and cost_return is the difference, so gross - cost = net. turnover is half
    the value bought and sold over the mean equity, a year. break_even_bps is the cost per side, in
    basis points of the value traded, at which the same fills would have ended where they began:
    10,000 x (gain before costs) / (value bought and sold at prices before slippage); below 0 where
    the rule loses without any cost, None without a fill. Compare it with cost_bps, what was paid
    on that value. cagr runs over calendar days (365.25 a year). sharpe is the mean over the
    standard deviation (n - 1) of the daily returns after the first session, annualised by the
    sessions a year of these out-of-sample sessions, without a risk-free rate. max_drawdown is the
    deepest fall from a former high, the base included, 0 or negative. exposure is the mean share
    of equity in stocks. trades counts purchases, closed_trades those sold again; blocked counts what
    the market held back, once a session. fills_above_1, _10 and _100 are the shares of the fills
    above 1, 10 and 100% of the day's volume; None without a fill or without volumes.
    """
    first, last = result.base, float(result.equity[-1])
    costs = float(result.costs[-1])
    traded = value_traded(result.fills)
    years = result.sessions.size / result.periods_per_year
    mean = float(result.equity.mean())
    days = int((result.sessions[-1] - result.sessions[0]).astype(int))
    daily = result.returns[1:]
    spread = float(daily.std(ddof=1)) if daily.size > 1 else 0.0
    peaks = np.maximum(np.maximum.accumulate(result.equity), first)
    return {
        "total_return": net(result),
        "gross_return": (last + costs) / first - 1,
        "cost_return": costs / first,
        "cost_bps": costs / traded * WHOLE if traded else None,
        "break_even_bps": (last + costs - first) / traded * WHOLE if traded else None,
        "turnover": traded / 2 / mean / years if mean > 0 else None,
        "cagr": (last / first) ** (365.25 / days) - 1 if days and last > 0 else None,
        "sharpe": float(daily.mean()) / spread * float(np.sqrt(result.periods_per_year))
        if spread
        else None,
        "max_drawdown": float((result.equity / peaks - 1).min()),
        "exposure": float(result.exposure.mean()),
        "trades": len(result.trades),
        "closed_trades": result.closed,
        "costs": costs,
        "rejected": result.rejected,
        "expired": result.expired,
        "unaffordable": result.unaffordable,
        "blocked": result.blocked,
        **{f"fills_above_{n}": result.fills_above(n / 100) for n in (1, 10, 100)},
    }


def value_traded(fills: Iterable[Fill]) -> float:
    """Return the value of all fills, both sides, at the prices before slippage."""
    return sum(
        fill.size * fill.price + (-fill.slippage if fill.side == "buy" else fill.slippage)
        for fill in fills
    )


def net(result: Result) -> float:
    """Return the total return after costs, as a share."""
    return float(result.equity[-1]) / result.base - 1
