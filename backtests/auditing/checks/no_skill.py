"""No skill where none can be, and none left where nothing right was learned."""

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
#: For x_i with a sign that nothing known before tells, the chance that sum(x) / sqrt(sum(x^2))
#: reaches b is at most exp(-b^2 / 2), however many rows, however heavy the tails.
BOUND = math.sqrt(-2 * math.log(LEVEL))
#: Honest skill on the planted series from which on something could vanish, and the share of it that
#: stays if labels do not matter. Honest regressions with wrong labels reached 0.10 in 330 tries (ours).
ENOUGH, STAYS = 0.3, 0.6
PLANTED_ROWS, TEST_ROWS, SERIES = 400, 120, 3


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Forecast and realised log return of the judged rows, [N]."""

    forecast: Floats
    realised: Floats

    @property
    def skill(self) -> float:
        """Share by which the squared error is below that of naive; below 0 it is worse."""
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
    """Return forecast and realised log returns of a forecaster on made-up bars, one after another.

    One session ahead, whatever the plan: over more, outcomes overlap and are not independent.
    """
    told, came = [], []
    for bars in series:
        made = plan.predict(forecaster, subject.make(bars, subject.kind, 1))
        rows = made.judged
        close = np.maximum(made.close[rows], 1e-6 * made.last_close[rows])  # a price is above 0
        told.append(np.log(close / made.last_close[rows]))
        came.append(np.log(made.actual[rows] / made.last_close[rows]))
    return Outcomes(np.concatenate(told), np.concatenate(came))


def check_white_noise(subject: Subject) -> tuple[Finding, ...]:
    """Return whether forecasts go with the outcomes of random walks."""
    rows = max(150, 3 * subject.forecaster.lookback)
    plan = WalkForward(train_size=rows, step=50)
    walks = (white_noise(seed, rows + 100) for seed in range(subject.walks))
    made = outcomes(subject.forecaster, subject, plan, walks)
    if made.agreement >= BOUND:
        return found(
            f"on {subject.walks} random walks its forecasts go with what came ({made.agreement:.1f}, where "
            f"chance reaches {BOUND:.1f} in {LEVEL:.1%} of audits): nobody can know that, so an input or "
            "an answer holds a later close"
        )
    return PASSED


def _plan(subject: Subject) -> WalkForward:
    return WalkForward(train_size=PLANTED_ROWS - TEST_ROWS, step=TEST_ROWS)


def check_drawn_future(subject: Subject) -> tuple[Finding, ...]:
    """Return whether forecasts go with a future whose signs are drawn, after a past to learn."""
    known = PLANTED_ROWS - TEST_ROWS
    series = (drawn_future(seed, PLANTED_ROWS, known + 1) for seed in range(SERIES))
    made = outcomes(subject.skilled or subject.forecaster, subject, _plan(subject), series)
    if made.agreement >= BOUND:
        return found(
            f"after the signs of the future were drawn its forecasts still go with what came "
            f"({made.agreement:.1f}, where chance reaches {BOUND:.1f} in {LEVEL:.1%} of audits): it sees "
            "later bars"
        )
    return PASSED


def check_wrong_labels(subject: Subject) -> tuple[Finding, ...]:
    """Return whether skill on a planted series stays when every window has another one's label."""
    forecaster = subject.skilled or subject.forecaster
    series = [planted(seed, PLANTED_ROWS) for seed in range(SERIES)]
    right = outcomes(forecaster, subject, _plan(subject), series)
    if right.skill < ENOUGH:
        return cannot_say(
            f"with the right labels its squared error on the planted series is {1 - right.skill:.2f} times that "
            "of naive: there is too little skill that could vanish"
        )
    wrong = outcomes(Mislabelled(forecaster), subject, _plan(subject), series)
    if np.array_equal(wrong.forecast, right.forecast):
        return cannot_say("it answers the same whatever the labels are: it learns without them")
    if wrong.skill >= STAYS * right.skill:
        return found(
            f"fitted on labels of the wrong windows it keeps {wrong.skill / right.skill:.0%} of its skill "
            "on the planted series: it knows outcomes from elsewhere"
        )
    return PASSED
