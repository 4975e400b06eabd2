"""The trades of an account: each runs from a flat position to the next flat position."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from backtests.account.result import Fill, Trade, _whole
from strategies.digits import to_12_digits


def round_trips(
    fills: Sequence[Fill],
    sessions: Any,
    last: Mapping[str, float],
    ended: Mapping[str, str] | None = None,
) -> tuple[Trade, ...]:
    """Return the trades of these fills, ticker by ticker from flat to flat, in order of entry.

    A fill that turns a long position into a short one, or back, ends one trade and begins the next.
    A position that is still open is valued at the last close, without the costs of a sale.

    Parameters
    ----------
    fills : sequence of Fill
        In order of time.
    sessions : datetime64[D], shape [T]
        Those of the account.
    last : mapping
        Ticker to its last close.
    ended : mapping
        Ticker to the last session of its bars. An open position counts as delisted where that lies
        before the last session of the account. None: no ticker ended early.
    """
    row = {str(day): number for number, day in enumerate(sessions)}
    trades: list[Trade] = []
    for ticker in dict.fromkeys(fill.ticker for fill in fills):
        open_fills: list[Fill] = []
        held = 0.0
        for fill in (f for f in fills if f.ticker == ticker):
            before, held = held, held + _signed(fill)
            if math.isclose(held, 0, abs_tol=1e-9 * fill.size):  # 0.1 + 0.2 - 0.3 is not 0
                trades.append(_trade([*open_fills, fill], None, row))
                open_fills, held = [], 0.0
            elif before * held < 0:
                closing, opening = _part(fill, abs(before)), _part(fill, abs(held))
                trades.append(_trade([*open_fills, closing], None, row))
                open_fills = [opening]
            else:
                open_fills.append(fill)
        if open_fills:
            end = (ended or {}).get(ticker, max(row))
            trades.append(_trade(open_fills, last[ticker], row, end))
    return tuple(sorted(trades, key=lambda trade: (trade.entry, trade.ticker)))


def _signed(fill: Fill) -> float:
    return fill.size if fill.side == "buy" else -fill.size


def _part(fill: Fill, size: float) -> Fill:
    """Return a part of a fill, `size` shares of it, with its share of the costs."""
    share = size / fill.size
    commission, tax, slippage = (c * share for c in (fill.commission, fill.tax, fill.slippage))
    return replace(fill, size=size, commission=commission, tax=tax, slippage=slippage)


def _trade(
    fills: Sequence[Fill], last: float | None, row: dict[str, int], end: str | None = None
) -> Trade:
    """Return the trade of fills that begin with a flat position; the first fill sets long or short."""
    entries = [f for f in fills if f.side == fills[0].side]
    exits = [f for f in fills if f.side != fills[0].side]
    sign = 1 if fills[0].side == "buy" else -1
    size = sum(f.size for f in entries)
    open_size = 0.0 if last is None else size - sum(f.size for f in exits)
    value_in = sum(f.size * f.price for f in entries)
    value_out = sum(f.size * f.price for f in exits) + open_size * (last or 0.0)
    slipped_in, slipped_out = sum(f.slippage for f in entries), sum(f.slippage for f in exits)
    fees_in = sum(f.commission + f.tax for f in entries)
    fees_out = sum(f.commission + f.tax for f in exits)
    gross = (value_out + sign * slipped_out) / (value_in - sign * slipped_in) - 1
    net = (value_out - sign * fees_out) / (value_in + sign * fees_in) - 1
    closed = last is None
    end = fills[-1].session if end is None else end
    left = "open at the end" if end == max(row) else "delisted"
    return Trade(
        ticker=fills[0].ticker,
        decided=fills[0].decided,
        entry=fills[0].session,
        exit=end if closed else None,
        entry_price=to_12_digits(value_in / size),
        exit_price=to_12_digits(value_out / size),
        size=_whole(size),
        sessions_held=row[end] - row[fills[0].session],
        return_gross=to_12_digits(sign * gross),
        return_net=to_12_digits(sign * net),
        costs=to_12_digits(sum(f.costs for f in fills)),
        reason=fills[-1].reason if closed else left,
    )
