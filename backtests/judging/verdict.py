"""The verdict, by written rules: what the forecasts show beside naive, what a rule shows beside chance.

A forecaster, by the mean absolute error of its log returns against naive's on the same sessions
(`Comparison`); its p values are adjusted for all forecasters of the account (Holm):

- *cannot say*: the test is not defined (too few sessions, equal errors);
- *better*: the 90% interval of the gain lies above zero, the adjusted p is below 0.05, and of the
  folds, where there are two at least, more than half were won: one lucky fold is not enough;
- *worse*: the interval lies below zero and the adjusted p of "worse" is below 0.05;
- *not distinguishable* otherwise.

A rule on a forecaster, by its trades:

- *never bought*;
- *cannot say: the market could not have filled it*: more than 5% of the fills exceed 10% of the
  day's volume, whatever else holds;
- *cannot say*: fewer than 30 closed trades, whatever they earned;
- *not tested*: no shifts were run, or too few for any p below 0.05;
- *timing shown*: it earned more than the shifts of its own forecasts, adjusted p below 0.05 (Holm
  over the results with a p value and 30 closed trades at least);
- *no timing shown* otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backtests.account.performance import FEW_TRADES, net
from backtests.account.result import Result
from backtests.judging.skill import LEVEL, Judged
from backtests.statistics.holm import holm

if TYPE_CHECKING:
    from backtests.judging.shift_test import Shifted

BETTER, WORSE, SAME = "better", "worse", "not distinguishable"
CANNOT_SAY, IDLE = "cannot say", "never bought"
UNFILLABLE = "cannot say: the market could not have filled it"
TIMED, UNTIMED, UNTESTED = "timing shown", "no timing shown", "not tested"

#: What a forecaster lacks to be better although its interval lies above zero.
P_VALUE, FOLDS = "p value", "folds"
#: A fill above this share of the day's volume is too large, and more than this share of such fills.
LARGE, MANY = 0.10, 0.05
#: Why a rule with enough trades was not tested.
FEW_SHIFTS, NO_FORECAST, NO_SHIFTS, NOT_SHIFTED = (
    "few shifts",
    "no forecast",
    "no shifts",
    "not shifted",
)


@dataclass(frozen=True)
class ForecastVerdict:
    """The verdict on one forecaster.

    Attributes
    ----------
    word : str
        ``better``, ``worse``, ``not distinguishable`` or ``cannot say``.
    judged : Judged
        The tests that it rests on.
    variants : int
        Forecasters for which the p values are adjusted, this one included; 1: no adjustment.
    won, folds : int
        Folds with a smaller error than naive, of the folds without a tie.
    lacks : str
        `P_VALUE` or `FOLDS` where the interval lies above zero and the word is not ``better``;
        else empty.
    """

    word: str
    judged: Judged
    variants: int
    won: int
    folds: int
    lacks: str = ""

    @property
    def forecaster(self) -> str:
        """Name of the forecaster."""
        return self.judged.forecaster

    @property
    def strategy(self) -> None:
        """No rule: the verdict is on forecasts."""
        return None


@dataclass(frozen=True)
class RuleVerdict:
    """The verdict on one rule on one forecaster.

    Attributes
    ----------
    forecaster : str or None
        None for a rule that needs no forecast.
    word : str
        ``never bought``, `UNFILLABLE`, ``cannot say``, ``not tested``, ``timing shown`` or ``no timing shown``.
    net : float
        Return after costs, as a share.
    closed : int
        Closed trades.
    shifts : int
        Shifted accounts; 0 without any.
    at_least : float or None
        Share of the shifts that earned at least as much.
    p : float or None
        Of the shift test, adjusted for `tests`.
    tests : int
        Results of the account whose p values are adjusted together.
    reason : str
        Why it was not tested: `FEW_SHIFTS`, `NO_FORECAST`, `NO_SHIFTS`, or `NOT_SHIFTED` with the
        reason of the shift test in `why`; else empty.
    large : float or None
        Share of the fills above `LARGE` of the day's volume; None where volumes are not known.
    """

    forecaster: str | None
    strategy: str
    word: str
    net: float
    closed: int
    shifts: int = 0
    at_least: float | None = None
    p: float | None = None
    tests: int = 0
    reason: str = ""
    why: str = ""
    large: float | None = None


def forecast_verdict(judged: Judged, variants: int = 2) -> ForecastVerdict:
    """Return the verdict on one forecaster.

    Parameters
    ----------
    judged : Judged
        Its tests against naive.
    variants : int
        Number of forecasters for which its p values are adjusted, itself included. Of a single
        forecaster the p values are not adjusted.
    """
    comparison, folds = judged.absolute, judged.folds.n
    won = 0 if judged.folds.statistic is None else int(judged.folds.statistic)
    low, high = comparison.low, comparison.high
    word, lacks = SAME, ""
    if low is None or high is None or comparison.gain is None:
        word = CANNOT_SAY
    elif low > 0:
        if not _below(judged.p_better):
            lacks = P_VALUE
        elif folds >= 2 and 2 * won <= folds:
            lacks = FOLDS
        else:
            word = BETTER
    elif high < 0 and _below(judged.p_worse):
        word = WORSE
    return ForecastVerdict(word, judged, variants, won, folds, lacks)


def rule_verdicts(results: Sequence[Result], shifted: Sequence[Shifted]) -> tuple[RuleVerdict, ...]:
    """Return the verdict on each result; `shifted` holds the shift tests that were made."""
    by_result = {(test.forecaster, test.strategy): test for test in shifted}
    tests = [by_result.get((result.forecaster, result.strategy)) for result in results]
    p = [
        test.p if test and result.closed >= FEW_TRADES else None
        for result, test in zip(results, tests, strict=True)
    ]
    together = sum(value is not None for value in p)
    return tuple(
        _rule_verdict(result, test, adjusted, together)
        for result, test, adjusted in zip(results, tests, holm(p), strict=True)
    )


def _rule_verdict(result: Result, test: Shifted | None, p: float | None, tests: int) -> RuleVerdict:
    """Return the verdict; `p` is adjusted for all `tests` of the account."""
    word, reason = UNTIMED, ""
    large = result.fills_above(LARGE)
    if not result.trades:
        word = IDLE
    elif large is not None and large > MANY:
        word = UNFILLABLE
    elif result.closed < FEW_TRADES:
        word = CANNOT_SAY
    elif test and test.p is not None and tests / (1 + test.shifts) >= LEVEL:
        word, reason = UNTESTED, FEW_SHIFTS
    elif test and test.why and test.p is None:
        word, reason = UNTESTED, NOT_SHIFTED
    elif p is None:
        word, reason = UNTESTED, NO_FORECAST if result.forecaster is None else NO_SHIFTS
    elif _below(p):
        word = TIMED
    return RuleVerdict(
        forecaster=result.forecaster,
        strategy=result.strategy,
        word=word,
        net=net(result),
        closed=result.closed,
        shifts=test.shifts if test else 0,
        at_least=test.at_least if test else None,
        p=p,
        tests=tests,
        reason=reason,
        why=test.why if test else "",
        large=large,
    )


def _below(p: float | None) -> bool:
    return p is not None and p < LEVEL
