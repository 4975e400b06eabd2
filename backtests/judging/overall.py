"""The verdict that counts everything that was looked at, beside the verdict of one page.

The best of many looks is partly lucky, also if each of them has a page of its own. So each p value of a
page is adjusted for all looks of the ledger on the same prices:

    p of everything = 1 - (1 - p) ** (all * all / page + unknown)

*page* and *all* are how many independent looks those of this page, and those of this page and all before
it, are worth (`effective_looks`): 24 windows that share most of their days are worth about three.
*unknown* is the number of earlier trials whose daily series is not known: each counts as independent.

Why *all* enters twice. Judged by the largest of all looks so far (1 - (1 - p) ** all), a page that adds a
look to n - 1 others errs in 5% / n of the cases, and 20 such pages err together in 17%: each counts what
came before it and none what comes after it. With *all* squared it errs in 5% / n squared, and all pages
that will ever be made err together in 8% at most (5% times the sum of 1, 1/4, 1/9, ...). A first page is
judged as by itself. The adjusted p is never below that of the page alone. Nothing here enters key or
digest of a run.

How often it errs, and what it costs in power: docs/results/trials.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from backtests.judging.judgement import Judgement
from backtests.judging.looks import timing_look
from backtests.judging.skill import Judged
from backtests.judging.timing import Timed
from backtests.judging.verdict import (
    IDLE,
    ForecastVerdict,
    RuleVerdict,
    forecast_verdict,
    rule_word,
)
from backtests.statistics.effective import effective_looks
from backtests.trials.ledger import Counted
from backtests.trials.look import FORECAST, TIMING, Look


@dataclass(frozen=True)
class Looked:
    """How much was looked at, of one kind: forecasters, or rules.

    Attributes
    ----------
    own, earlier : int
        Looks of this page that are tested, and all before them on the same prices.
    without_series : int
        Earlier trials whose series is not known; they may be of either kind.
    page, everything : float
        How many independent looks those of this page, and all with a series, are worth.
    """

    own: int
    earlier: int
    without_series: int
    page: float = 1.0
    everything: float = 1.0

    @property
    def alone(self) -> bool:
        """Whether nothing was looked at before."""
        return not self.earlier and not self.without_series

    @property
    def independent(self) -> float:
        """How many independent looks everything is worth."""
        return self.everything + self.without_series

    def adjusted(self, p: float | None, on_page: float | None) -> float | None:
        """Return the p value adjusted for everything, never below that of the page.

        Parameters
        ----------
        p, on_page : float or None
            Of the test by itself, and adjusted for the page; None where it was not made.

        Examples
        --------
        >>> looked = Looked(own=1, earlier=1, without_series=0, page=1.0, everything=2.0)
        >>> round(looked.adjusted(0.01, 0.01), 4)
        0.0394
        """
        if p is None or on_page is None or self.alone:
            return on_page
        power = self.everything**2 / self.page + self.without_series
        return max(on_page, 1.0 if p >= 1 else -math.expm1(power * math.log1p(-p)))


@dataclass(frozen=True)
class Overall:
    """The verdicts that count everything that was looked at on the same prices.

    Attributes
    ----------
    forecasts, rules
        In the order of the judgement of the page.
    forecasters, timing : Looked
        What was looked at, of forecasters and of rules.
    """

    forecasts: tuple[ForecastVerdict, ...]
    rules: tuple[RuleVerdict, ...]
    forecasters: Looked
    timing: Looked

    @property
    def alone(self) -> bool:
        """Whether nothing was looked at before this page."""
        return self.forecasters.alone and self.timing.alone

    @property
    def verdicts(self) -> tuple[ForecastVerdict | RuleVerdict, ...]:
        """All verdicts, those on forecasters first."""
        return (*self.forecasts, *self.rules)

    def word(self, forecaster: str | None, strategy: str | None = None) -> str | None:
        """Return the word on a forecaster, or on a rule on it; None where there is none."""
        asked = (forecaster, strategy)
        return next((v.word for v in self.verdicts if (v.forecaster, v.strategy) == asked), None)


def judge_overall(judgement: Judgement, looks: Mapping[str, Look], counted: Counted) -> Overall:
    """Return the verdicts of a page, adjusted for all looks of the ledger.

    Parameters
    ----------
    looks : mapping
        Forecaster to its daily series (`forecast_looks`).
    counted : Counted
        What the ledger holds on these prices.
    """
    forecasters = looked_at(list(looks.values()), counted, FORECAST)
    own = [look for timed in judgement.timing if (look := timing_look(timed)) is not None]
    timing = looked_at(own, counted, TIMING)
    return Overall(
        forecasts=tuple(
            overall_forecast(v.judged, v.variants, forecasters) for v in judgement.forecasts
        ),
        rules=tuple(_rule(verdict, timing) for verdict in judgement.rules),
        forecasters=forecasters,
        timing=timing,
    )


def looked_at(own: Sequence[Look], counted: Counted, kind: str) -> Looked:
    """Return what was looked at of a kind; `own` are the looks of this page."""
    earlier = [look for look in counted.looks if look.kind == kind]
    page = everything = 1.0
    if own and earlier:
        series = [(look.sessions, look.daily) for look in (*own, *earlier)]
        page, everything = effective_looks(
            series, (len(own), len(series)), dependent=kind == FORECAST
        )
    return Looked(len(own), len(earlier), counted.without_series, page, everything)


def overall_forecast(judged: Judged, variants: int, looked: Looked) -> ForecastVerdict:
    """Return the verdict on a forecaster, its p values adjusted for everything."""
    if looked.alone:
        return forecast_verdict(judged, variants)
    both = replace(
        judged,
        p_better=looked.adjusted(judged.absolute.p_better, judged.p_better),
        p_worse=looked.adjusted(judged.absolute.p_worse, judged.p_worse),
    )
    return forecast_verdict(both, max(variants, 2))


def _rule(verdict: RuleVerdict, looked: Looked) -> RuleVerdict:
    timed: Timed | None = verdict.timed
    if timed is None or verdict.word == IDLE or looked.alone:
        return verdict
    p = looked.adjusted(timed.p, verdict.p)
    return replace(
        verdict,
        p=p,
        p_before=looked.adjusted(timed.p_before, verdict.p_before),
        word=rule_word(max(verdict.closed, 1), verdict.closed, p, verdict.large),
        tests=max(verdict.tests, 2),
    )
