"""One account of one ticker without Backtrader: the same fills and the same equity, much faster.

An account has a few decisions and fills; in most sessions nothing happens. `Quotes` knows the price at
which each session fills. The rest is the arithmetic of `ForecastStrategy` and of Backtrader's broker,
done in the same order, so that the result is the same to the bit. It is used where one ticker is traded
a thousand times with shifted forecasts; the results of a run itself come from `run_backtest`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np

from backtests.account.broker import Broker
from backtests.account.replay.quotes import Quotes
from backtests.account.result import Fill
from backtests.plugins import is_ours
from forecasters.bars import Bars, Flags, Floats
from forecasters.errors import InputError
from forecasters.forecasts import Forecasts
from strategies.digits import to_12_digits
from strategies.rule import Rule, Side, Signal, checked
from strategies.shares import affordable_shares
from strategies.situation import Situation, nothing

T = TypeVar("T", float, Floats)


def uncovered(bars: Mapping[str, Bars], rule: Rule, broker: Broker) -> str:
    """Return the reason why `replay` cannot trade this account; empty if it can."""
    if len(bars) != 1:
        return f"the account trades {len(bars)} tickers"
    if broker.volume_cap is not None:
        return "a cap on the volume fills orders in parts"
    if broker.closed:
        return "a ticker is not bought from a day on"
    if not is_ours(type(rule)):
        return "the rule is the user's own"
    return ""


class _Booking(NamedTuple):
    """A fill as it is booked; `row` is its session, `decided` that of the decision."""

    decided: int
    row: int
    size: int  # below 0: a sale
    price: float
    quoted: float
    commission: float
    tax: float
    cash: float
    reason: str


class _Span(NamedTuple):
    """From this session on the account holds this, until the next span begins."""

    row: int
    cash: float
    size: int
    price: float


@dataclass(frozen=True, eq=False)
class Replayed:
    """What an account came to.

    Attributes
    ----------
    start_cash : float
    purchases : int
    """

    quotes: Quotes
    start_cash: float
    purchases: int
    _booked: tuple[_Booking, ...]
    _spans: tuple[_Span, ...]

    @property
    def total_return(self) -> float:
        """The last equity over the cash at the start, less 1."""
        span = self._spans[-1]
        return _value(span, self.quotes.close[-1]) / self.start_cash - 1

    @cached_property
    def equity(self) -> Floats:
        """Cash plus shares times close, at each close, [T]."""
        closes = np.array(self.quotes.close)
        equity = np.empty(closes.size)
        ends = [span.row for span in self._spans[1:]] + [closes.size]
        for span, end in zip(self._spans, ends, strict=True):
            rows = slice(span.row, end)
            equity[rows] = _value(span, closes[rows])
        return equity

    @cached_property
    def fills(self) -> tuple[Fill, ...]:
        """Every fill, as a `Result` has them."""
        days, ticker = self.quotes.days, self.quotes.bars.ticker
        return tuple(
            Fill(
                decided=days[booking.decided].isoformat(),
                session=days[booking.row].isoformat(),
                ticker=ticker,
                side="buy" if booking.size > 0 else "sell",
                size=abs(booking.size),
                price=to_12_digits(booking.price),
                commission=to_12_digits(booking.commission),
                tax=to_12_digits(booking.tax),
                slippage=to_12_digits(abs(booking.price - booking.quoted) * abs(booking.size)),
                cash=to_12_digits(booking.cash),
                reason=booking.reason,
            )
            for booking in self._booked
        )


def replay(
    quotes: Quotes, forecasts: Forecasts, rule: Rule, broker: Broker, member: Flags | None = None
) -> Replayed:
    """Return what an account with these forecasts comes to.

    Call it only where `uncovered` returns an empty reason.

    Parameters
    ----------
    quotes : Quotes
        Made with the same bars, the same broker, the same moment of the fill (open or close) and
        forecasts that begin in the same session.
    member : bool, shape of the bars
        Where the ticker may be bought; None: always.

    Raises
    ------
    InputError
        The quotes are those of opens and the rule fills at the close, or the other way round.
    """
    if quotes.at_close != (rule.fill == "close"):
        raise InputError(
            "these quotes are of another moment (open or close) than the one that the rule fills at"
        )
    return _Account(quotes, forecasts, rule, broker, member).run()


class _Wish(NamedTuple):
    """A purchase that was decided."""

    decided: int
    close: float
    signal: Signal


class _Account:
    """The account as it goes through the sessions, named as in `ForecastStrategy` and `Book`."""

    def __init__(
        self, quotes: Quotes, forecasts: Forecasts, rule: Rule, broker: Broker, member: Flags | None
    ) -> None:
        bars, first = quotes.bars, quotes.first
        self.quotes, self.rule, self.broker = quotes, rule, broker
        self.costs = broker.costs
        known = np.full((2, len(quotes)), np.nan)
        rows = np.searchsorted(bars.sessions, forecasts.as_of) - first
        known[0, rows], known[1, rows] = forecasts.close, forecasts.centre
        returns = known[0] / bars.close[first:] - 1.0
        self.forecast: list[float] = known[0].tolist()
        self.centre: list[float] = known[1].tolist()
        self.member = None if member is None else member[first:].tolist()
        self.centred, self.counts = _finite(returns - known[1]) if rule.memory else (nothing(), [])
        everywhere = rule.memory or rule.ranks
        self.next_asked = _next_true(
            np.ones(returns.size, dtype=bool) if everywhere else rule.could_buy(returns)
        )
        self.cash = self.books = broker.cash
        self.size, self.price, self.entry_price = 0, 0.0, math.nan
        self.decision_close, self.held = math.nan, 0
        self.decided = 0
        self.selling: Signal | None = None
        self.wish: _Wish | None = None
        self.limit: float | None = None
        self.sent: _Wish | Signal | None = None
        self.sent_size = 0
        self.booked: list[_Booking] = []
        self.spans = [_Span(0, broker.cash, 0, 0.0)]
        # The same situation is changed at each close: making a new one takes longer than the decision.
        self.situation = Situation(quotes.days[0], quotes.close[0], math.nan, math.nan)
        self.now = vars(self.situation)

    def run(self) -> Replayed:
        """Go from session to session, past those in which nothing can happen."""
        at_close, sessions, t = self.quotes.at_close, len(self.quotes), 0
        while t < sessions:
            if not (self.size or self.wish or self.sent):
                t = self.next_asked[t]
                if t == sessions:
                    break
            if not at_close and (self.selling or self.wish):
                self._send(t)
            if self.sent:
                self._trade(t - at_close, t)
            if self.limit is not None:
                self._touch(t)
            self._decide(t)
            if at_close and (self.selling or self.wish):
                self._send(t)
            t += 1
        bought = sum(booking.size > 0 for booking in self.booked)
        start = self.broker.cash
        return Replayed(self.quotes, start, bought, tuple(self.booked), tuple(self.spans))

    # --- orders ----------------------------------------------------------------------------------

    def _send(self, t: int) -> None:
        """Send what was decided, at the open of this session or, for a fill at the close, its close.

        Also on a halt, unlike the strategy: there is no quote on a halt, so nothing fills.
        """
        if self.selling:
            self.sent = self.selling
        elif self.wish:
            wish, self.wish = self.wish, None
            if size := self._affordable(t):
                self.sent, self.sent_size = wish, size
                self.decision_close, self.held = wish.close, 0

    def _affordable(self, t: int) -> int:
        """Return the shares of a purchase, 0 if it is refused; while nothing is held the equity is the cash."""
        quotes, broker, cash = self.quotes, self.broker, self.cash
        price = quotes.close[t] if quotes.at_close else quotes.open[t]
        lot, expected = quotes.lot[t], quotes.expected[t]
        budget = broker.cash_fraction * min(cash, cash / broker.slots)
        size = affordable_shares(budget, price, lot, cash)
        value = size * expected
        refused = size < 1 or cash + (-value - self.costs.commission(value)) < 0
        return 0 if refused else size

    def _trade(self, row: int, t: int) -> None:
        """Fill the order at the price of session `row`; the books show the fill in session `t`."""
        quotes, sent, self.sent = self.quotes, self.sent, None
        quoted = quotes.close[row] if quotes.at_close else quotes.open[row]
        price = quotes.sell[row] if isinstance(sent, Signal) else quotes.buy[row]
        if sent is None or price is None:
            return
        if isinstance(sent, Signal):
            self._sell(row, t, price, quoted, self.decided, sent.reason)
            return
        size = self.sent_size
        commission = self.costs.commission(size * price)
        left = self.cash - size * price - commission
        if left < 0.0:
            return
        self.cash, self.size, self.price = left, size, price
        self.entry_price = size * price / size
        self.books -= size * price + commission
        self.limit = sent.signal.sell_at
        self.booked.append(
            _Booking(
                sent.decided,
                row,
                size,
                price,
                quoted,
                commission,
                0.0,
                self.books,
                sent.signal.reason,
            )
        )
        self.spans.append(_Span(t, left, size, price))

    def _touch(self, t: int) -> None:
        """Fill the limit sale of this session, if the price reaches its limit."""
        limit, self.limit = self.limit, None
        if limit is not None and (filled := self.quotes.limit_sale(t, limit)):
            self._sell(t, t, *filled, t - 1, "touch")

    def _sell(
        self, row: int, t: int, price: float, quoted: float, decided: int, reason: str
    ) -> None:
        """Book the sale of the whole position."""
        size, value = self.size, self.size * price
        commission, tax = self.costs.commission(value), value * self.quotes.tax[row]
        cash = self.cash + (size * self.price + size * (price - self.price))
        self.cash = cash - (commission + tax)
        self.books -= -value + (commission + tax)
        self.booked.append(
            _Booking(decided, row, -size, price, quoted, commission, tax, self.books, reason)
        )
        self.spans.append(_Span(t, self.cash, 0, 0.0))
        self.size, self.selling = 0, None

    # --- decisions -------------------------------------------------------------------------------

    def _decide(self, t: int) -> None:
        """Ask the rule at this close, unless a sale is still waiting or the rule could not buy."""
        holding = self.size > 0
        if holding:
            self.held += 1
        else:
            self.decision_close = self.entry_price = math.nan
            self.held = 0
        if self.selling or not (holding or self.next_asked[t] == t):
            return
        self._look(t, holding)
        signal = checked(self.rule, self.rule.decide(self.situation))
        self.decided = t
        if signal.side is Side.HOLD:
            self.limit = signal.sell_at if holding else None
        elif signal.side is Side.SELL and holding:
            self.selling = signal
        elif signal.side is Side.BUY and not holding and (not self.member or self.member[t]):
            self.wish = _Wish(t, self.quotes.close[t], signal)
        else:
            self.limit = signal.sell_at if holding else None

    def _look(self, t: int, holding: bool) -> None:
        """Set the fields of the situation to what the rule may know at this close."""
        now, quotes, rule = self.now, self.quotes, self.rule
        now["date"], now["close"] = quotes.days[t], quotes.close[t]
        now["previous_close"] = quotes.close[t - 1] if t else math.nan
        now["forecast"], now["centre"] = self.forecast[t], self.centre[t]
        now["holding"], now["sessions_since_decision"] = holding, self.held
        now["decision_close"], now["entry_price"] = self.decision_close, self.entry_price
        if rule.weighs_costs:
            now["round_trip"] = self._round_trip(t)
        if rule.ranks:
            may = not self.member or self.member[t]
            now["place"] = int(math.isfinite(self.forecast[t]) and may)
        if memory := rule.memory:
            end, seen = quotes.first + t + 1, self.counts[t]
            now["closes"] = quotes.bars.close[max(0, end - memory) : end]
            now["past_forecast_returns"] = self.centred[max(0, seen - memory) : seen]

    def _round_trip(self, t: int) -> float:
        """Return the cost of buying a slot at this close and selling it again, over its value."""
        quotes, broker = self.quotes, self.broker
        price, equity = quotes.close[t], self.cash
        if self.size:
            gain = self.size * (price - self.price)
            equity += (self.size * price - gain) + gain
        budget = broker.cash_fraction * equity / broker.slots
        value = max(1, math.floor(budget / price)) * price
        commission = self.costs.commission(value)
        return (commission + (commission + value * quotes.tax[t])) / value + quotes.spread[t]


def _value(span: _Span, close: T) -> T:
    """Return cash and shares at this close, in the order of Backtrader's broker: cost, then gain."""
    gain = span.size * (close - span.price)
    return span.cash + ((span.size * close - gain) + gain)


def _finite(values: Floats) -> tuple[Floats, list[int]]:
    """Return the finite values in order, and for each row how many of them come before it."""
    finite = np.isfinite(values)
    kept = values[finite]
    kept.setflags(write=False)
    return kept, (np.cumsum(finite) - finite).tolist()


def _next_true(flags: Flags) -> list[int]:
    """Return for each row the first one from it on that is True; their number if none is."""
    rows = np.where(flags, np.arange(flags.size), flags.size)
    nearest: list[int] = np.minimum.accumulate(rows[::-1])[::-1].tolist()
    return nearest
