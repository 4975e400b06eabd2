"""No skill where none is possible, and none left after training on wrong labels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from backtests.auditing.finding import PASSED, Finding, cannot_say, found
from backtests.auditing.probes.disguises import Mislabelled
from backtests.auditing.probes.walks import drawn_future, planted, white_noise
from backtests.auditing.subject import Subject
from forecasters.bars import Bars, Floats
from forecasters.base import Forecaster
from forecasters.walk_forward import WalkForward

#: False alarms of one check of an honest forecaster on outcomes of drawn sign: at most 0.1%.
LEVEL = 0.001
#: If nothing that is known before says the sign of x_i, the probability that sum(x) / sqrt(sum(x^2))
#: reaches b is at most exp(-b^2 / 2), for any number of rows and any tails.
BOUND = math.sqrt(-2 * math.log(LEVEL))
#: Skill on the planted series that is enough for the check on wrong labels, and the share of it that stays
#: if labels do not matter. Honest regressions with wrong labels kept at most 0.10 in our 330 tries.
ENOUGH, STAYS = 0.3, 0.6
PLANTED_ROWS, TEST_ROWS, SERIES = 400, 120, 3


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Forecast and realised log return of the judged rows, [N]."""

    forecast: Floats
    realised: Floats

    @property
    def skill(self) -> float:
        """Share by which the squared error is below that of naive; below 0 is worse than naive."""
        return 1.0 - float(((self.realised - self.forecast) ** 2).sum() / (self.realised**2).sum())

    @property
    def agreement(self) -> float:
        """sum(x) / sqrt(sum(x^2)) of x = forecast return times realised return.

        References
        ----------
        Efron 1969, Student's t-test under symmetry conditions.
        de la Peña 1999, A general class of exponential inequalities for martingales and ratios.
        """
        product = self.forecast * self.realised
        size = math.sqrt(float((product**2).sum()))
        return float(product.sum()) / size if size else 0.0


def outcomes(
    forecaster: Forecaster, subject: Subject, plan: WalkForward, series: Iterable[Bars]
) -> Outcomes:
    """Return forecast and realised log returns of a forecaster on several series of made-up bars.

    Always one session ahead: over several sessions outcomes overlap and are not independent.
    """
    forecast, realised = [], []
    for bars in series:
        forecasts = plan.predict(forecaster, subject.make(bars, subject.kind, 1))
        rows = forecasts.judged
        last_close = forecasts.last_close[rows]
        close = np.maximum(forecasts.close[rows], 1e-6 * last_close)  # a price is above 0
        forecast.append(np.log(close / last_close))
        realised.append(np.log(forecasts.actual[rows] / last_close))
    return Outcomes(np.concatenate(forecast), np.concatenate(realised))


def check_white_noise(subject: Subject) -> tuple[Finding, ...]:
    """Return whether forecasts agree with the outcomes of random walks."""
    rows = max(150, 3 * subject.forecaster.lookback)
    plan = WalkForward(train_size=rows, step=50)
    walks = (white_noise(seed, rows + 100, _like(subject)) for seed in range(subject.walks))
    made = outcomes(subject.forecaster, subject, plan, walks)
    if made.agreement >= BOUND:
        return found(
            f"on {subject.walks} random walks its forecasts agree with the outcomes ({made.agreement:.1f}; "
            f"chance reaches {BOUND:.1f} in {LEVEL:.1%} of audits): nobody can know these, so an input or "
            "an answer holds a later close"
        )
    return PASSED


def _like(subject: Subject) -> Bars | None:
    """Return the bars whose dates the made-up bars take; None: any dates will do.

    A column of `--extra` is known from some day on, of some tickers. From the first session of the bars
    that are audited on, it is known wherever the user knows it.
    """
    return next(iter(subject.bars.values())) if subject.extras else None


def _plan(subject: Subject) -> WalkForward:
    return WalkForward(train_size=PLANTED_ROWS - TEST_ROWS, step=TEST_ROWS)


def check_drawn_future(subject: Subject) -> tuple[Finding, ...]:
    """Return whether forecasts agree with later returns whose signs were drawn, after a past to learn."""
    known = PLANTED_ROWS - TEST_ROWS
    series = (drawn_future(seed, PLANTED_ROWS, known + 1, _like(subject)) for seed in range(SERIES))
    made = outcomes(subject.skilled or subject.forecaster, subject, _plan(subject), series)
    if made.agreement >= BOUND:
        return found(
            f"after the signs of later returns were drawn its forecasts still agree with the outcomes "
            f"({made.agreement:.1f}; chance reaches {BOUND:.1f} in {LEVEL:.1%} of audits): it sees "
            "later bars"
        )
    return PASSED


def check_wrong_labels(subject: Subject) -> tuple[Finding, ...]:
    """Return whether skill on a planted series stays when every window has the label of another."""
    forecaster = subject.skilled or subject.forecaster
    series = [planted(seed, PLANTED_ROWS, _like(subject)) for seed in range(SERIES)]
    right = outcomes(forecaster, subject, _plan(subject), series)
    if right.skill < ENOUGH:
        return cannot_say(
            f"with the right labels its squared error on the planted series is {1 - right.skill:.2f} times that "
            "of naive: there is too little skill for this check"
        )
    wrong = outcomes(Mislabelled(forecaster), subject, _plan(subject), series)
    if np.array_equal(wrong.forecast, right.forecast):
        return cannot_say("its answers do not depend on the labels: it learns without them")
    if wrong.skill >= STAYS * right.skill:
        return found(
            f"fitted on labels of the wrong windows it keeps {wrong.skill / right.skill:.0%} of its skill "
            "on the planted series: it knows the outcomes from another source"
        )
    return PASSED
