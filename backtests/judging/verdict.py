"""The verdict in words, by written rules: what the forecasts show beside naive, what a rule shows.

A forecaster, by the mean absolute error of its log returns against naive's on the same sessions
(`Comparison`), adjusted for all variants on the page (Holm):

- *cannot say*: the test is not defined (too few sessions, equal errors);
- *better*: the 90% interval of the gain lies above zero, the adjusted p is below 0.05, and of the
  folds, where there are two at least, more than half were won: one lucky fold is not enough;
- *worse*: the interval lies below zero and the adjusted p of "worse" is below 0.05;
- *not distinguishable* otherwise, with the power: the gain that so many days could have shown.

A rule on a forecaster, by its trades:

- *never bought*;
- *cannot say*: fewer than 30 closed trades, whatever they earned;
- *not tested*: no shifts were run, or too few for any p below 0.05;
- *timing shown*: it earned more than the shifts of its own forecasts, adjusted p below 0.05 (Holm
  over the results that come so far);
- *no timing shown* otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backtests.account.performance import FEW_TRADES, net
from backtests.account.result import Result, who
from backtests.judging.skill import LEVEL, Judged, p_text
from backtests.statistics.holm import holm
from backtests.writing.numbers import count, listed, percent

if TYPE_CHECKING:
    from backtests.judging.shift_test import Shifted

BETTER, WORSE, SAME = "better", "worse", "not distinguishable"
CANNOT_SAY, IDLE = "cannot say", "never bought"
TIMED, UNTIMED, UNTESTED = "timing shown", "no timing shown", "not tested"


@dataclass(frozen=True)
class Verdict:
    """One word of the list above about a forecaster (`strategy` None) or a rule, and a sentence."""

    forecaster: str | None
    strategy: str | None
    word: str
    sentence: str


def forecast_verdict(judged: Judged, among: int = 2) -> Verdict:
    """Return the verdict on one forecaster `among` so many: of one alone no p is adjusted."""
    p = "adjusted p" if among > 1 else "p"
    name, c = judged.forecaster, judged.absolute
    low, high, gain = c.low, c.high, c.gain
    if low is None or high is None or gain is None:
        return Verdict(name, None, CANNOT_SAY, f"{name}: cannot say, {c.why}.")
    won, folds = _folds(judged)
    most = folds < 2 or 2 * won > folds
    if low > 0 and _below(judged.p_better) and most:
        told = (
            f"{name} is better than naive: its error is {percent(gain, sign=False)} smaller (90% interval "
            f"{percent(low, sign=False)} to {percent(high, sign=False)} smaller, {p} {p_text(judged.p_better)}, "
            f"{won} of {count(folds, 'fold')} won)."
        )
        return Verdict(name, None, BETTER, told)
    if high < 0 and _below(judged.p_worse):
        told = (
            f"{name} is worse than naive: its error is {percent(-gain, sign=False)} larger (90% interval "
            f"{percent(-high, sign=False)} to {percent(-low, sign=False)} larger, {p} {p_text(judged.p_worse)})."
        )
        return Verdict(name, None, WORSE, told)
    told = f"{name} cannot be told from naive: {_power(judged)}"
    if low > 0:
        told += (
            f"; alone its interval ({percent(low)} to {percent(high)}) lies above zero, but not after the adjustment "
            f"for all variants (p {p_text(judged.p_better)})"
            if not _below(judged.p_better)
            else f"; its interval lies above zero, but only {won} of {count(folds, 'fold')} were won"
        )
    return Verdict(name, None, SAME, f"{told}.")


def _power(judged: Judged) -> str:
    """Return what so many days could have shown, and what they showed."""
    c = judged.absolute
    gain, days = c.gain or 0.0, count(c.n, "day")
    was = (
        f"it was {_size(abs(gain))} {'larger' if gain < 0 else 'smaller'}"
        if gain
        else "it was the same"
    )
    if c.detectable is None or c.detectable >= 1:
        return f"{days} could not have shown any smaller error; {was}"
    return f"{days} could have shown an error smaller by {_size(c.detectable)} or more; {was}"


def _size(share: float) -> str:
    """Return a share above 0 as percent, which never rounds to none."""
    return percent(share, sign=False) if share >= 0.0005 else "less than 0.1%"


def _below(p: float | None) -> bool:
    return p is not None and p < LEVEL


def _folds(judged: Judged) -> tuple[int, int]:
    """Return how many folds were won, of how many that were not ties."""
    won = judged.folds.statistic
    return (0 if won is None else int(won)), judged.folds.n


def rule_verdicts(results: Sequence[Result], shifted: Sequence[Shifted]) -> tuple[Verdict, ...]:
    """Return the verdict on each result; `shifted` has the shift tests that were made."""
    told = {(one.forecaster, one.strategy): one for one in shifted}
    tests = [told.get((result.forecaster, result.strategy)) for result in results]
    p = [
        one.p if one and result.closed >= FEW_TRADES else None
        for result, one in zip(results, tests, strict=True)
    ]
    return tuple(
        _rule_verdict(result, one, own, sum(value is not None for value in p))
        for result, one, own in zip(results, tests, holm(p), strict=True)
    )


def _rule_verdict(result: Result, shifted: Shifted | None, p: float | None, tests: int) -> Verdict:
    """Return the verdict; `tests` is how many p values were adjusted together."""

    def of(word: str, sentence: str) -> Verdict:
        return Verdict(result.forecaster, result.strategy, word, f"{who(result)}: {sentence}.")

    adjusted = "adjusted p" if tests > 1 else "p"
    earned, trades = f"{percent(net(result))} after costs", result.closed
    if not result.trades:
        return of(IDLE, "it never bought")
    if trades < FEW_TRADES:
        return of(CANNOT_SAY, f"{count(trades, 'closed trade')}, {earned}: cannot say")
    if shifted and shifted.p is not None and tests / (1 + shifted.shifts) >= LEVEL:
        few = f"{count(shifted.shifts, 'shift')} could not show it among {count(tests, 'result')}"
        return of(UNTESTED, f"{count(trades, 'closed trade')}, {earned}: not tested, {few}")
    if p is None or shifted is None or shifted.at_least is None:
        why = (
            "it needs no forecast"
            if result.forecaster is None
            else "no shift was asked for (--shifts)"
        )
        why = shifted.why if shifted and shifted.why else why
        return of(UNTESTED, f"{count(trades, 'closed trade')}, {earned}: not tested, {why}")
    beside = (
        f"{percent(shifted.at_least, 0, sign=False)} of {count(shifted.shifts, 'shift')} of the same forecasts earned "
        f"at least its {earned} ({adjusted} {p_text(p)})"
    )
    if _below(p):
        return of(TIMED, f"the timing earned more than chance gives: {beside}")
    return of(UNTIMED, f"the timing shows nothing: {beside}")


def headline(
    forecasts: Sequence[Verdict], rules: Sequence[Verdict], judged: Sequence[Judged] = ()
) -> list[str]:
    """Return the verdict of a page in two sentences: on the forecasters, then on the rules."""
    return [*_of_forecasters(forecasts, judged), *_of_rules(rules)]


def _of_forecasters(verdicts: Sequence[Verdict], judged: Sequence[Judged]) -> list[str]:
    if not verdicts:
        return []
    if len(verdicts) == 1:
        return [verdicts[0].sentence]
    named = _by_word(verdicts)
    if len(named.get(CANNOT_SAY, [])) == len(verdicts):
        whys = listed(list(dict.fromkeys(j.absolute.why for j in judged)))
        return [
            f"Whether any of {len(verdicts)} forecasters is better than naive cannot be said: {whys}."
        ]
    better, same = named.get(BETTER, []), named.get(SAME, [])
    rest = [f"{len(worse)} {_is(worse)} worse"] if (worse := named.get(WORSE)) else []
    if same:
        told = [j for j in judged if j.forecaster in same]
        closest = max(told, key=lambda j: j.absolute.gain or 0.0, default=None)
        power = f" ({closest.forecaster}: {_power(closest)})" if closest else ""
        rest.append(f"{len(same)} cannot be told from it{power}")
    if unsaid := named.get(CANNOT_SAY):
        rest.append(f"{len(unsaid)} cannot be judged")
    others = listed(rest) if rest else ""
    if better:
        first = f"{len(better)} of {len(verdicts)} forecasters {_is(better)} better than naive: {listed(better)}"
        return [f"{first}; {others}." if others else f"{first}."]
    return [f"None of {len(verdicts)} forecasters is better than naive: {others}."]


def _of_rules(verdicts: Sequence[Verdict]) -> list[str]:
    if not verdicts:
        return []
    if len(verdicts) == 1:
        return [verdicts[0].sentence]
    named = _by_word(verdicts)
    timed = named.get(TIMED, [])
    words = {
        IDLE: "{n} never bought",
        CANNOT_SAY: f"{{n}} closed fewer than {FEW_TRADES} trades (cannot say)",
        UNTIMED: "{n} did not stand out among the same forecasts moved to other days",
        UNTESTED: "{n} {was} not tested against chance",
    }
    rest = [
        words[word].format(n=len(own), was="was" if len(own) == 1 else "were")
        for word in words
        if (own := named.get(word))
    ]
    whole = f"{len(verdicts)} combinations of forecaster and rule"
    if timed:
        shows = "shows" if len(timed) == 1 else "show"
        others = f"; of the others {listed(rest)}" if rest else ""
        return [f"{len(timed)} of {whole} {shows} timing: {listed(timed)}{others}."]
    return [f"None of {whole} shows timing: {listed(rest)}."]


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _by_word(verdicts: Sequence[Verdict]) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for v in verdicts:
        name = " with ".join(part for part in (v.forecaster, v.strategy) if part)
        told.setdefault(v.word, []).append(name)
    return told
