"""What a rule does in a process that does not look like an audit, under other dates, after small changes."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backtests.auditing.checks.as_run import CLOCKS
from backtests.auditing.checks.gains import FEWEST, RIGHT, is_lost
from backtests.auditing.checks.rules import RuleSubject, decisions, shown, situations
from backtests.auditing.finding import PASSED, Finding, Status, cannot_say, found
from backtests.auditing.probes.batches import DATED, SHAKES, weekdays
from backtests.auditing.probes.clock import clock_library
from backtests.auditing.probes.disguises import Dice
from backtests.auditing.probes.fresh import ChildFailed, ask
from backtests.writing.numbers import count
from forecasters.bars import Floats
from strategies.rule import Rule, Side, Signal
from strategies.situation import Situation

#: Calls of one rule: more than a long run of a universe makes.
CALLS = 100_000
#: Seconds after which a slow rule is called no more.
SECONDS = 20.0
#: One in so many situations is asked about at every hour: what counts calls is told from a clock.
EVERY = 8
#: Situations that are asked about under many dates, and where the dates begin.
UNDER_DATES, FIRST_DATE = 12, "2016-01-04"
#: Standard deviation of a small change of a price, of one that is as good as none, and the share of the
#: decisions that may change with the latter: those near a threshold.
SMALL, TINY, NEAR = 0.002, 1e-4, 0.10


def check_as_run(asked: RuleSubject) -> tuple[Finding, ...]:
    """Return whether a signal depends on the process, the place, the time or the number of calls."""
    corners = situations()
    files = asked.basis.files
    work = {
        "rule": asked.rule,
        "situations": corners,
        "others": [_scaled(s, factor) for factor in (10.0, 0.1) for s in corners[::EVERY]],
        "clocks": CLOCKS,
        "every": EVERY,
        "calls": CALLS,
        "seconds": SECONDS,
    }
    try:
        opened, answer = ask("decide", work, files, asked.declared, bare=True)
    except ChildFailed as error:
        return found(
            f"it does not run in a folder of its own ({error}): settings must "
            "pickle, and a file that it needs must be named by a setting"
        )
    if opened:
        return found(f"{opened[0]}: there may be later prices; a rule reads its situation alone")
    if changed := _changed(corners, answer["first"], answer["again"]):
        return found(
            f"{changed} after situations with ten times and a tenth of the prices: it keeps something between "
            "calls, a high for example; take it from `situation.closes`"
        )
    for seconds, signals in zip(CLOCKS, answer["hours"], strict=True):
        if changed := _changed(corners[::EVERY], answer["first"][::EVERY], signals):
            when = f"{seconds // 3600} hours" if seconds < 86_400 else f"{seconds // 86_400} days"
            return found(
                f"{changed} with the clock moved by {when}: a signal may not depend on when it is asked; take the "
                "time from `situation.date`"
            )
    here = [asked.rule.decide(s) for s in corners]
    if changed := _changed(corners, here, answer["first"]):
        return found(
            f"{changed} in a bare folder, another process and at another time: it depends on files, on the "
            "environment, on the time, or on who asks"
        )
    if answer["changed"] is not None:
        calls, situation = answer["changed"]
        return found(
            f"call {calls:,} gave another signal than the first for the same situation, {shown(situation)}: it "
            "counts, or keeps something between calls"
        )
    if clock_library() is None:
        return cannot_say("the clock could not be moved: that needs Linux and a C compiler")
    return PASSED


def _scaled(situation: Situation, factor: float) -> Situation:
    """Return the situation with all prices multiplied."""
    prices = ("close", "previous_close", "forecast", "decision_close", "entry_price", "closes")
    return replace(situation, **{name: getattr(situation, name) * factor for name in prices})


def _changed(
    corners: Sequence[Situation], before: Sequence[Signal], after: Sequence[Signal]
) -> str | None:
    changed = [s for s, a, b in zip(corners, before, after, strict=True) if a != b]
    if not changed:
        return None
    return (
        f"{len(changed)} of {count(len(corners), 'situation')} gave another signal (the first is "
        f"{shown(changed[0])})"
    )


def check_calendar(asked: RuleSubject) -> tuple[Finding, ...]:
    """Return whether the same situation gives other signals under other dates."""
    corners = situations()
    asked_about = corners[:: max(len(corners) // UNDER_DATES, 1)]
    days = weekdays(np.datetime64(FIRST_DATE), DATED)
    dates: list[datetime.date] = days.tolist()
    effects: dict[str, Callable[[datetime.date], int]] = {
        "the weekday": datetime.date.weekday,
        "the month": lambda date: date.month,
        "the day of the month": lambda date: date.day,
    }
    by: set[str] = set()
    for situation in asked_about:
        signals = [asked.rule.decide(replace(situation, date=date)) for date in dates]
        if all(signal == signals[0] for signal in signals):
            continue
        explains = [name for name, effect in effects.items() if _explains(effect, dates, signals)]
        if not explains:
            return found(
                f"under the dates of {DATED} weekdays the same situation, {shown(situation)}, gave other "
                "signals that follow neither weekday nor month nor day of the month: it holds a table by date; "
                "take it out"
            )
        by.add(explains[0])
    if not by:
        return PASSED
    what = " and ".join(sorted(by))
    if asked.rule.calendar:
        return (
            Finding(
                Status.REPORTED,
                f"its signals depend on {what}, as its class says; no check knows whether it was chosen "
                "by looking at the years of the test",
            ),
        )
    return found(
        f"its signals depend on {what}, whatever the prices: a table of what once was right; if a "
        "calendar rule is meant, write `calendar: ClassVar[bool] = True` into the class"
    )


def _explains(
    effect: Callable[[datetime.date], int], dates: Sequence[datetime.date], signals: list[Signal]
) -> bool:
    by: dict[int, Signal] = {}
    return all(
        by.setdefault(effect(d), signal) == signal for d, signal in zip(dates, signals, strict=True)
    )


def check_small_changes(asked: RuleSubject) -> tuple[Finding, ...]:
    """Return whether right decisions vanish when prices change a little."""
    basis = asked.basis
    bars = basis.run_bars or basis.bars
    subject = replace(basis, forecaster=Dice(basis.forecaster))
    for ticker, log in decisions(asked, subject, bars).items():
        known = [(s, signal) for s, signal in log]
        closes = bars[ticker].close
        at = np.searchsorted(bars[ticker].sessions, [np.datetime64(s.date) for s, _ in known])
        came = np.full(at.size, np.nan)
        kept = at + 1 < closes.size
        came[kept] = np.log(closes[at[kept] + 1] / closes[at[kept]])
        if kept.sum() < FEWEST:
            continue
        wanted = _wanted([s for s, _ in known], [signal for _, signal in known])
        tiny = np.stack([_asked_again(asked.rule, known, TINY, n) for n in range(SHAKES)])
        flipped = float((np.abs(tiny - wanted) > 0.5).mean())
        small = np.stack([_asked_again(asked.rule, known, SMALL, n) for n in range(SHAKES)])
        first = f"{ticker}, {known[0][0].date} to {known[-1][0].date}"
        if flipped > NEAR:
            return found(
                f"{first}: {flipped:.0%} of the signals changed when prices did by a ten-thousandth: it looks "
                "prices or ratios up in a table; take it out"
            )
        right = _right(wanted, came)
        if is_lost(wanted - 0.5, small - 0.5, came):
            after = np.mean([_right(one, came) for one in small])
            return found(
                f"{first}: {right:.0%} of the signals were right about the next close, and {after:.0%} after "
                f"changes of the prices by {SMALL:.1%}: outcomes are looked up by prices or ratios; take it out"
            )
        if right >= RIGHT:
            return found(
                f"{first}: {right:.0%} of the signals were right about the next close, though the forecasts it was "
                "given were random numbers: it knows later prices"
            )
    return PASSED


def _wanted(known: Sequence[Situation], signals: Sequence[Signal]) -> Floats:
    """Return 1 where a signal asks to be in after it, and 0 where it asks to be out, [N]."""
    pairs = zip(known, signals, strict=True)
    return np.array(
        [s.side is Side.BUY or (at.holding and s.side is not Side.SELL) for at, s in pairs],
        dtype=np.float64,
    )


def _right(wanted: Floats, came: Floats) -> float:
    rows = np.isfinite(came) & (came != 0)
    return float(((wanted[rows] > 0.5) == (came[rows] > 0)).mean()) if rows.any() else 0.0


def _asked_again(
    rule: Rule, known: Sequence[tuple[Situation, Signal]], size: float, seed: int
) -> Floats:
    """Return what the rule wants after each price was changed a little, [N]."""
    rng = np.random.default_rng([seed, 5])
    asked = [_near(s, rng, size) for s, _ in known]
    return _wanted(asked, [rule.decide(s) for s in asked])


def _near(situation: Situation, rng: np.random.Generator, size: float) -> Situation:
    """Return the situation with its prices changed a little; what one price is, stays one."""
    now, before, held, bought = np.exp(rng.normal(0.0, size, 4))
    closes = situation.closes * np.exp(rng.normal(0.0, size, situation.closes.size))
    if closes.size:
        closes[-1] = situation.close * now
    if closes.size > 1:
        closes[-2] = situation.previous_close * before
    closes.setflags(write=False)
    more: dict[str, Any] = {
        "close": situation.close * now,
        "previous_close": situation.previous_close * before,
        "forecast": situation.forecast * now,
        "decision_close": situation.decision_close * held,
        "entry_price": situation.entry_price * bought,
        "closes": closes,
    }
    return replace(situation, **more)
