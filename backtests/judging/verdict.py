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
- *not tested*: the test is not defined (too few sessions, an exposure that never changed);
- *timing shown*: it earned more after costs than the same exposure held evenly (`Timed`), adjusted
  p below 0.05 (Holm over the results with a p value and 30 closed trades at least);
- *no timing shown* otherwise.

How often each word comes where there is nothing to find, and where there is: docs/results/noise.md and
docs/results/power.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backtests.account.performance import FEW_TRADES, net
from backtests.account.result import Result
from backtests.judging.skill import LEVEL, Judged
from backtests.judging.timing import Timed
from backtests.statistics.holm import holm

BETTER, WORSE, SAME = "better", "worse", "not distinguishable"
CANNOT_SAY, IDLE = "cannot say", "never bought"
UNFILLABLE = "cannot say: the market could not have filled it"
TIMED, UNTIMED, UNTESTED = "timing shown", "no timing shown", "not tested"

#: What a forecaster lacks to be better although its interval lies above zero.
P_VALUE, FOLDS = "p value", "folds"
#: A fill above this share of the day's volume is too large, and more than this share of such fills.
LARGE, MANY = 0.10, 0.05


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
    timed : Timed or None
        The test that it rests on; None where the rule never bought.
    p, p_before : float or None
        Of the test after and before costs, adjusted for `tests`.
    tests : int
        Results of the account whose p values are adjusted together.
    large : float or None
        Share of the fills above `LARGE` of the day's volume; None where volumes are not known.
    """

    forecaster: str | None
    strategy: str
    word: str
    net: float
    closed: int
    timed: Timed | None = None
    p: float | None = None
    p_before: float | None = None
    tests: int = 0
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


def rule_verdicts(results: Sequence[Result], timing: Sequence[Timed]) -> tuple[RuleVerdict, ...]:
    """Return the verdict on each result; `timing` holds the test of each that bought."""
    by_result = {(timed.forecaster, timed.strategy): timed for timed in timing}
    tests = [by_result.get((result.forecaster, result.strategy)) for result in results]
    enough = [
        timed if timed and result.closed >= FEW_TRADES else None
        for result, timed in zip(results, tests, strict=True)
    ]
    after = [timed.p if timed else None for timed in enough]
    before = [timed.p_before if timed else None for timed in enough]
    together = sum(p is not None for p in after)
    return tuple(
        RuleVerdict(
            forecaster=result.forecaster,
            strategy=result.strategy,
            word=rule_word(len(result.trades), result.closed, p, result.fills_above(LARGE)),
            net=net(result),
            closed=result.closed,
            timed=timed,
            p=p,
            p_before=p_before,
            tests=together,
            large=result.fills_above(LARGE),
        )
        for result, timed, p, p_before in zip(
            results, tests, holm(after), holm(before), strict=True
        )
    )


def rule_word(trades: int, closed: int, p: float | None, large: float | None = None) -> str:
    """Return the word on a rule; `p` is that of its timing after costs, adjusted.

    Parameters
    ----------
    large : float or None
        Share of the fills above `LARGE` of the day's volume.

    Examples
    --------
    >>> rule_word(trades=30, closed=29, p=0.001), rule_word(trades=30, closed=30, p=0.001)
    ('cannot say', 'timing shown')
    """
    if not trades:
        return IDLE
    if large is not None and large > MANY:
        return UNFILLABLE
    if closed < FEW_TRADES:
        return CANNOT_SAY
    if p is None:
        return UNTESTED
    return TIMED if _below(p) else UNTIMED


def _below(p: float | None) -> bool:
    return p is not None and p < LEVEL
