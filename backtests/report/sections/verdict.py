"""The verdict in words: a sentence for each forecaster and rule, and the headline of a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backtests.account.performance import FEW_TRADES
from backtests.judging.judgement import Judgement
from backtests.judging.power import Power
from backtests.judging.skill import LEVEL, Judged
from backtests.judging.verdict import (
    BETTER,
    CANNOT_SAY,
    IDLE,
    LARGE,
    P_VALUE,
    SAME,
    TIMED,
    UNFILLABLE,
    UNTESTED,
    UNTIMED,
    WORSE,
    ForecastVerdict,
    RuleVerdict,
)
from backtests.writing.numbers import count, listed, p_text, percent


def section(judgement: Judgement) -> dict[str, Any]:
    """Return the headline, and word and sentence of each verdict by forecaster and rule.

    The key of a verdict is (forecaster, rule); the rule is None for the verdict on a forecaster.
    """
    said = headline(judgement.forecasts, judgement.rules)
    return {
        "headline": [*said, *power_sentences(judgement.power)],
        "words": words_of(judgement.verdicts),
    }


def words_of(
    verdicts: Sequence[ForecastVerdict | RuleVerdict],
) -> dict[tuple[str | None, str | None], dict[str, str]]:
    """Return word and sentence of each verdict by forecaster and rule."""
    return {
        (v.forecaster, v.strategy): {
            "word": v.word,
            "sentence": rule_sentence(v) if isinstance(v, RuleVerdict) else forecast_sentence(v),
        }
        for v in verdicts
    }


def forecast_sentence(verdict: ForecastVerdict) -> str:
    """Return the verdict on a forecaster in one sentence, with its figures."""
    judged = verdict.judged
    name, comparison = judged.forecaster, judged.absolute
    low, high, gain = comparison.low, comparison.high, comparison.gain
    if low is None or high is None or gain is None:
        return f"{name}: cannot say, {comparison.why}."
    p = "adjusted p" if verdict.variants > 1 else "p"
    won = f"{verdict.won} of {count(verdict.folds, 'fold')}"
    if verdict.word == BETTER:
        return (
            f"{name} is better than naive: its error is {percent(gain, sign=False)} smaller (90% interval "
            f"{percent(low, sign=False)} to {percent(high, sign=False)} smaller, {p} {p_text(judged.p_better)}, "
            f"{won} won)."
        )
    if verdict.word == WORSE:
        return (
            f"{name} is worse than naive: its error is {percent(-gain, sign=False)} larger (90% interval "
            f"{percent(-high, sign=False)} to {percent(-low, sign=False)} larger, {p} {p_text(judged.p_worse)})."
        )
    sentence = f"{name} cannot be distinguished from naive: {_power(judged)}"
    if verdict.lacks == P_VALUE:
        sentence += (
            f"; alone its interval ({percent(low)} to {percent(high)}) lies above zero, but not after the adjustment "
            f"for all variants (p {p_text(judged.p_better)})"
        )
    elif verdict.lacks:
        sentence += f"; its interval lies above zero, but only {won} were won"
    return f"{sentence}."


def rule_sentence(verdict: RuleVerdict) -> str:
    """Return the verdict on a rule in one sentence, with its figures."""
    return f"{_name(verdict)}: {_rule(verdict)}."


def _rule(verdict: RuleVerdict) -> str:
    if verdict.word == IDLE:
        return "it never bought"
    earned = f"{percent(verdict.net)} after costs"
    trades = f"{count(verdict.closed, 'closed trade')}, {earned}"
    if verdict.word == UNFILLABLE:
        large = percent(verdict.large, 0, sign=False)
        return (
            f"{trades}: {UNFILLABLE}, {large} of its fills exceed {LARGE:.0%} of the day's volume"
        )
    if verdict.word == CANNOT_SAY:
        return f"{trades}: cannot say"
    timed = verdict.timed
    if timed is None or verdict.word == UNTESTED:
        return f"{trades}: not tested, {timed.why if timed else 'no test was made'}"
    adjusted = "adjusted p" if verdict.tests > 1 else "p"
    beside = (
        f"{percent(timed.gain)} a year after costs beside the same exposure held evenly "
        f"({adjusted} {p_text(verdict.p)})"
    )
    if verdict.word == TIMED:
        return f"the timing earned more than chance gives: {beside}"
    could = f"{count(timed.daily.size, 'day')} could have shown {percent(timed.detectable)} or more"
    if verdict.p_before is not None and verdict.p_before < LEVEL:
        return (
            f"the timing does not earn its costs: {beside}; before costs {percent(timed.gain_before)} a year "
            f"({adjusted} {p_text(verdict.p_before)}), more than chance gives; {could}"
        )
    return f"the timing shows nothing: {beside}; {could}"


def power_sentences(power: Power | None) -> list[str]:
    """Return what chance so many days gave a small true edge, in one sentence; none where it is not known."""
    if power is None:
        return []
    chances = []
    if power.better is not None:
        among = f" (as one of {power.forecasters} forecasters)" if power.forecasters > 1 else ""
        chances.append(f"{_chance(power.better)} to be called better than naive{among}")
    if power.timing is not None:
        among = f" (as one of {power.rules} rules)" if power.rules > 1 else ""
        chances.append(f"{_chance(power.timing)} to have its timing shown before costs{among}")
    if not chances:
        return []
    return [
        f"{count(power.days, 'day')} gave a small true edge (a correlation of {power.edge:g} between forecast and "
        f"return) a chance of {listed(chances)}."
    ]


def _chance(share: float) -> str:
    return percent(share, 0, sign=False) if share < 0.995 else "over 99%"


def headline(forecasts: Sequence[ForecastVerdict], rules: Sequence[RuleVerdict] = ()) -> list[str]:
    """Return the verdict of a page in two sentences: on the forecasters, then on the rules."""
    return [*_of_forecasters(forecasts), *_of_rules(rules)]


def _of_forecasters(verdicts: Sequence[ForecastVerdict]) -> list[str]:
    if not verdicts:
        return []
    if len(verdicts) == 1:
        return [forecast_sentence(verdicts[0])]
    named = _by_word(verdicts)
    if len(named.get(CANNOT_SAY, [])) == len(verdicts):
        whys = listed(list(dict.fromkeys(v.judged.absolute.why for v in verdicts)))
        return [
            f"Whether any of {len(verdicts)} forecasters is better than naive cannot be said: {whys}."
        ]
    better, same = named.get(BETTER, []), [v.judged for v in verdicts if v.word == SAME]
    rest = [f"{len(worse)} {_is(worse)} worse"] if (worse := named.get(WORSE)) else []
    if same:
        closest = max(same, key=lambda judged: judged.absolute.gain or 0.0)
        power = f"{closest.forecaster}: {_power(closest)}"
        rest.append(f"{len(same)} cannot be distinguished from it ({power})")
    if unsaid := named.get(CANNOT_SAY):
        rest.append(f"{len(unsaid)} cannot be judged")
    others = listed(rest) if rest else ""
    if better:
        first = f"{len(better)} of {len(verdicts)} forecasters {_is(better)} better than naive: {listed(better)}"
        return [f"{first}; {others}." if others else f"{first}."]
    return [f"None of {len(verdicts)} forecasters is better than naive: {others}."]


def _of_rules(verdicts: Sequence[RuleVerdict]) -> list[str]:
    if not verdicts:
        return []
    if len(verdicts) == 1:
        return [rule_sentence(verdicts[0])]
    named = _by_word(verdicts)
    timed = named.get(TIMED, [])
    phrases = {
        IDLE: "{n} never bought",
        UNFILLABLE: "the market could not have filled {n} (cannot say)",
        CANNOT_SAY: f"{{n}} closed fewer than {FEW_TRADES} trades (cannot say)",
        UNTIMED: "{n} earned no more by timing, after costs, than chance gives",
        UNTESTED: "{n} {was} not tested against chance",
    }
    rest = [
        phrases[word].format(n=len(names), was="was" if len(names) == 1 else "were")
        for word in phrases
        if (names := named.get(word))
    ]
    all_of_them = f"{len(verdicts)} combinations of forecaster and rule"
    if timed:
        shows = "shows" if len(timed) == 1 else "show"
        others = f"; of the others {listed(rest)}" if rest else ""
        return [f"{len(timed)} of {all_of_them} {shows} timing: {listed(timed)}{others}."]
    return [f"None of {all_of_them} shows timing: {listed(rest)}."]


def _power(judged: Judged) -> str:
    """Return the smallest gain that so many days could have shown, and the gain that they showed."""
    comparison = judged.absolute
    gain, days = comparison.gain or 0.0, count(comparison.n, "day")
    was = (
        f"it was {_size(abs(gain))} {'larger' if gain < 0 else 'smaller'}"
        if gain
        else "it was the same"
    )
    if comparison.detectable is None or comparison.detectable >= 1:
        return f"{days} could not have shown any smaller error; {was}"
    return (
        f"{days} could have shown an error smaller by {_size(comparison.detectable)} or more; {was}"
    )


def _size(share: float) -> str:
    """Return a share above 0 as percent, which never rounds to none."""
    return percent(share, sign=False) if share >= 0.0005 else "less than 0.1%"


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _name(verdict: ForecastVerdict | RuleVerdict) -> str:
    return " with ".join(part for part in (verdict.forecaster, verdict.strategy) if part)


def _by_word(verdicts: Sequence[ForecastVerdict | RuleVerdict]) -> dict[str, list[str]]:
    """Return the names of the forecasters or combinations under each word."""
    named: dict[str, list[str]] = {}
    for verdict in verdicts:
        named.setdefault(verdict.word, []).append(_name(verdict))
    return named
