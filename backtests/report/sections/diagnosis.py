"""The section that says why a rule bought or did not buy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from backtests.judging.diagnosis import Diagnosis
from backtests.writing.numbers import beside, count, level, listed, money, number, percent


def section(diagnoses: Mapping[str, Sequence[Diagnosis]]) -> list[dict[str, Any]]:
    """Return a group for each rule with a threshold, with a row for each forecaster.

    Parameters
    ----------
    diagnoses : mapping
        Label of the rule to its diagnoses, one a forecaster.
    """
    return [
        {
            "strategy": strategy,
            "all": [_row(diagnosis) for diagnosis in of_rule],
            "levels": [level(passed.level) for passed in of_rule[0].passed],
            "market": market(of_rule[-1]),
            "sentences": [sentences(diagnosis) for diagnosis in of_rule],
        }
        for strategy, of_rule in diagnoses.items()
        if of_rule
    ]


def _row(diagnosis: Diagnosis) -> dict[str, Any]:
    words = {"largest_text": _largest(diagnosis), "days_text": _days(diagnosis)}
    return {**asdict(diagnosis), **words}


def sentences(d: Diagnosis) -> list[str]:
    """Return the diagnosis of one forecaster, the reason for no trade first, without `market`."""
    if d.largest is None:
        return [f"{d.forecaster} made no forecast: every session was a halt."]
    if d.flat and d.threshold > 0 and not d.trades:
        return [
            f"{d.forecaster} forecasts no change on any day, so it cannot reach "
            f"{level(d.threshold)}: it stands here for its error, not to trade."
        ]
    return [*_trading(d), *_skill(d)]


def market(d: Diagnosis) -> str:
    """Return how often the price itself rose that much, and what foresight would have earned.

    It is the same for every forecaster of the rule.
    """
    if not d.days:
        return "No day can be judged yet: no forecast has its outcome."
    rise = level(d.threshold, sign=False)
    text = f"The price itself rose {rise} or more on {d.at_threshold.came:,} of {_days(d)}"
    if d.foresight_return is None:
        return text + "."
    if not d.foresight_trades and d.foresight_unaffordable:
        return text + "; even a perfect forecaster could not have paid for one share."
    if not d.foresight_trades:
        return text + "; even a perfect forecaster would not have traded."
    return (
        f"{text}; a perfect forecaster of those days would have earned "
        f"{percent(d.foresight_return)} after costs."
    )


def _trading(d: Diagnosis) -> list[str]:
    """Return how often the threshold was reached, and what the rule bought."""
    needed, name = level(d.threshold), d.forecaster
    largest = f"its largest forecast was {_largest(d)} ({_largest_when(d)})"
    signals = f"{name} forecast {needed} or more on {count(d.signals, 'day')}"
    if not d.signals and d.trades:
        bought = f"{name} bought {count(d.trades, 'time')}, never on a forecast of {needed} or more"
        return [f"{bought}; {largest}."]
    if not d.signals and not d.too_poor:
        verb = "never bought" if d.trades is not None else "never reached the threshold"
        return [f"{name} {verb}: {largest} where the rule needs {needed}."]
    if d.trades == 0:
        tried = f"{signals} but" if d.signals else name
        return [f"{tried} bought nothing: {_unfilled(d)}."]
    here = d.at_threshold
    bought = "" if d.trades is None else f" and bought {count(d.trades, 'time')}"
    words = [f"{signals}{bought}; {largest}."]
    if here.forecast:
        words.append(
            f"The price then rose that much on {here.both} of {here.forecast} such days; the mean "
            f"realised return after such a forecast was {percent(here.mean_realised, 2)}."
        )
    return words


def _unfilled(d: Diagnosis) -> str:
    """Return what became of the signals of a rule that bought nothing, as the account counted."""
    reasons = []
    if d.rejected:
        reasons.append(f"{count(d.rejected, 'order')} rejected for want of cash")
    if d.expired:
        reasons.append(f"{count(d.expired, 'order')} expired unfilled")
    if d.unaffordable:
        close = f", the lowest close of those days being {money(d.cheapest)}" if d.cheapest else ""
        reasons.append(
            f"on {d.unaffordable:,} of its signals the {money(d.cash)} of cash did not buy one "
            f"share{close}. Raise --cash"
        )
    return listed(reasons) if reasons else "the other conditions of the rule held it back"


def _largest(d: Diagnosis) -> str:
    """Return the largest forecast return in percent, never rounded across the threshold."""
    return beside(d.largest, d.threshold)


def _largest_when(d: Diagnosis) -> str:
    when = f"for {d.largest_for}" if d.largest_for else f"made {d.largest_made}"
    return f"{d.largest_of} {when}" if d.tickers > 1 else when


def _days(d: Diagnosis) -> str:
    """Return the judged days, in words."""
    return count(d.days, "day") + (f" of {d.tickers} tickers" if d.tickers > 1 else "")


def _skill(d: Diagnosis) -> list[str]:
    """Return correlation, direction and the inputs outside the training range."""
    words = []
    if d.correlation is not None:
        words.append(
            f"Forecast return and realised return correlate at {number(d.correlation, 2, sign=True)} "
            "(0 is no relation, +1 a perfect one)."
        )
    if d.direction is not None:
        words.append(
            f"The direction was right on {percent(d.direction, 0, sign=False)} of the days that "
            f"moved; {percent(d.up_share, 0, sign=False)} of them rose."
        )
    if d.outside_share:
        share = percent(d.outside_share, 0 if d.outside_share >= 0.01 else 1, sign=False)
        words.append(f"{share} of the days had inputs outside the range the model was trained on.")
    return words
