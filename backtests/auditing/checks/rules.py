"""A rule must be a pure function of its situation; its orders must not change with later bars."""

from __future__ import annotations

import datetime
import itertools
import math
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.auditing.checks.lookahead import REACH
from backtests.auditing.finding import PASSED, Finding, cannot_say, found
from backtests.auditing.probes.disguises import MOVED_DAYS, Dice
from backtests.auditing.probes.doors import heard
from backtests.auditing.probes.futures import other_futures
from backtests.auditing.subject import Subject
from forecasters.bars import Bars
from strategies.rule import Rule, Side, Signal
from strategies.situation import Flags, Floats, Situation


@dataclass(frozen=True, eq=False)
class RuleSubject:
    """A rule to audit, and what it trades on.

    Attributes
    ----------
    rule : Rule
    basis : Subject
        The bars to trade on, and the plan that says where the forecasts begin.
    broker : Broker
        The account.
    declared : tuple of str
        Files that the settings of the rule name.
    """

    rule: Rule
    basis: Subject
    broker: Broker
    declared: tuple[str, ...] = ()


def situations() -> list[Situation]:
    """Return extreme situations: no forecast, no previous close, large moves, long holds."""
    made = []
    day = datetime.date(2016, 3, 4)
    nan = math.nan
    for close, yesterday, forecast in itertools.product(
        (100.0, 0.01), (nan, 0.5, 1.0, 2.0), (nan, 0.01, 0.95, 1.0, 1.03, 1.06, 3.0)
    ):
        now = Situation(day, close, close * yesterday, close * forecast)
        made.append(now)
        for share, held in itertools.product((0.5, 0.97, 1.0, 1.06), (1, 2, 30)):
            made.append(
                replace(
                    now,
                    holding=True,
                    decision_close=close / share,
                    entry_price=close / share * 1.001,
                    sessions_since_decision=held,
                )
            )
        day += datetime.timedelta(days=1)
    return [
        replace(situation, **more)
        for situation, more in zip(made, itertools.cycle(_pasts()), strict=False)
    ]


def _pasts() -> list[dict[str, Any]]:
    """Return the other fields of a situation; five variants, so that each meets each situation."""
    calm, rising = np.linspace(-0.02, 0.02, 252), np.linspace(50.0, 100.0, 252)
    for array in (calm, rising):
        array.setflags(write=False)
    return [
        {},
        {"centre": math.nan, "past_forecast_returns": calm, "closes": rising, "place": 1},
        {"centre": -0.01, "past_forecast_returns": calm, "closes": rising[::-1], "place": 400},
        {"past_forecast_returns": calm[:5], "closes": rising[:5], "round_trip": 0.0045},
        {"past_forecast_returns": calm + 0.05, "closes": rising, "round_trip": 0.0045, "place": 9},
    ]


def check_pure(asked: RuleSubject) -> tuple[Finding, ...]:
    """Return whether a signal depends on anything but the situation."""
    corners = situations()
    before = pickle.dumps(vars(asked.rule))
    with heard(_may_read(asked)) as opened:
        signals = _signals(asked.rule, corners)
        if isinstance(signals, str):
            return found(signals)
        twice = _signals(asked.rule, corners[::-1])
        copy = _signals(pickle.loads(pickle.dumps(asked.rule)), corners)  # nosec B301 # our own bytes
        moved = [replace(s, date=s.date - datetime.timedelta(days=MOVED_DAYS)) for s in corners]
        earlier = _signals(asked.rule, moved)
    if opened:
        return found(
            f"while deciding, {opened[0]}: there may be later prices; a rule reads its situation alone"
        )
    for answer, what in (
        (twice if isinstance(twice, str) else twice[::-1], "asked again in reverse order"),
        (copy, "asked of a copy"),
        (earlier, "dated 28 years earlier, on the same weekdays"),
    ):
        if isinstance(answer, str):
            return found(answer)
        changed = [s for s, a, b in zip(corners, signals, answer, strict=True) if a != b]
        if changed:
            return found(
                f"{what}, {len(changed)} of {len(corners)} situations gave another signal, the first is "
                f"{shown(changed[0])}: it keeps something between calls or looks something up"
            )
    if pickle.dumps(vars(asked.rule)) != before:
        return found("the rule changed while it decided: it keeps something between calls")
    return PASSED


def _may_read(asked: RuleSubject) -> tuple[str, ...]:
    return (*(str(path) for path, _ in asked.basis.files), *asked.declared)


def _signals(rule: Rule, corners: Sequence[Situation]) -> list[Signal] | str:
    """Return the signals, or a sentence on the first answer that is not a signal."""
    signals = []
    for situation in corners:
        try:
            signal: object = rule.decide(situation)
        except Exception as error:  # the user's rule may raise anything
            return f"it raised {type(error).__name__} ({error}) in {shown(situation)}"
        if not isinstance(signal, Signal):
            return f"it answered {signal!r}, which is no Signal, in {shown(situation)}"
        signals.append(signal)
    return signals


def shown(s: Situation) -> str:
    """Return a situation as a sentence shows it."""
    held = f", holding since {s.sessions_since_decision}" if s.holding else ""
    return (
        f"Situation({s.date}, close {s.close:g}, previous_close {s.previous_close:g}, "
        f"forecast {s.forecast:g}{held})"
    )


@dataclass(frozen=True)
class Recorded(Rule):
    """Passes every situation to `inner` and records its signal."""

    inner: Rule
    log: list[tuple[Situation, Signal]]

    def __post_init__(self) -> None:
        for name in ("needs_forecast", "ranks", "weighs_costs"):
            object.__setattr__(self, name, getattr(self.inner, name))

    @property
    def memory(self) -> int:
        """The memory of `inner`."""
        return self.inner.memory

    @property
    def fill(self) -> str:
        """Where `inner` fills."""
        return self.inner.fill

    def could_buy(self, forecast_return: Floats) -> Flags:
        """Return the promise of `inner`."""
        return self.inner.could_buy(forecast_return)

    def decide(self, situation: Situation) -> Signal:
        """Return the signal of `inner`."""
        signal = self.inner.decide(situation)
        self.log.append((situation, signal))
        return signal

    def reading(self) -> str:
        """Return the reading of `inner`."""
        return self.inner.reading()


def check_orders(asked: RuleSubject) -> tuple[Finding, ...]:
    """Return whether a decision up to a day, or a fill before it, changes with later bars.

    A decision at the close of the day itself fills after it, at an open that was changed: so decisions
    are compared, not fills. A situation shows the position and the price paid. The forecasts are random
    numbers made from the last close, so that the rule trades often.
    """
    subject = replace(asked.basis, forecaster=Dice(asked.basis.forecaster))
    expected = decisions(asked, subject, subject.bars)
    if not any(signal.side is not Side.HOLD for log in expected.values() for _, signal in log):
        return cannot_say(
            "it never traded, although forecasts were up to 10% above and below the close"
        )
    for day in subject.days:
        for what, other in other_futures(subject.bars, day, reach=REACH, grow=False):
            for ticker, log in decisions(asked, subject, other).items():
                before, after = _until(expected[ticker], day), _until(log, day)
                for (situation, *signal), answer in itertools.zip_longest(
                    before, after, fillvalue=("nothing",)
                ):
                    if (situation, *signal) != answer:
                        return found(
                            f"{ticker}: a decision changed when the bars after {day} did ({what}), in "
                            f"{situation}: it keeps something from an earlier run, or sees more than its "
                            "situation"
                        )
    return PASSED


def _until(log: Sequence[tuple[Situation, Signal]], day: np.datetime64) -> list[tuple[str, str]]:
    """Return situations and signals up to a day as text, in which NaN equals NaN."""
    return [(repr(s.known()), repr(signal)) for s, signal in log if np.datetime64(s.date) <= day]


def decisions(
    asked: RuleSubject, subject: Subject, bars: Mapping[str, Bars]
) -> dict[str, list[tuple[Situation, Signal]]]:
    """Return what the rule decided on each ticker, with the situations that it was shown."""
    logs: dict[str, list[tuple[Situation, Signal]]] = {}
    for ticker, forecasts in subject.forecasts(bars).items():
        rule = Recorded(asked.rule, [])
        run_backtest({ticker: bars[ticker]}, {ticker: forecasts}, rule, asked.broker)
        logs[ticker] = rule.log
    return logs
