"""What the forecasts and the rules of a study show beside chance: every test, and the verdicts."""

from __future__ import annotations

from dataclasses import dataclass

from backtests.judging.power import Power
from backtests.judging.returns import Chance
from backtests.judging.shifts import Shifted
from backtests.judging.skill import Skill
from backtests.judging.timing import Timed
from backtests.judging.verdict import ForecastVerdict, RuleVerdict


@dataclass(frozen=True, eq=False)
class Judgement:
    """What a study shows beside chance. Nothing here depends on the trials of other runs.

    Attributes
    ----------
    skill : Skill
        Each forecaster against naive.
    chance : Chance
        Sharpe ratio and return of each result, with intervals, and the probability of overfitting.
    timing : tuple of Timed
        What the timing of each result that bought earned.
    shifted : tuple of Shifted
        A picture for each result that bought on forecasts; empty where no shift was asked for.
    forecasts : tuple of ForecastVerdict
        One a forecaster, naive excepted.
    rules : tuple of RuleVerdict
        One for each result that is judged (`Study.ruled`).
    power : Power or None
        What chance the days gave a small true edge; None of a universe and of a longer horizon.
    """

    skill: Skill
    chance: Chance
    timing: tuple[Timed, ...]
    shifted: tuple[Shifted, ...]
    forecasts: tuple[ForecastVerdict, ...]
    rules: tuple[RuleVerdict, ...]
    power: Power | None = None

    @property
    def verdicts(self) -> tuple[ForecastVerdict | RuleVerdict, ...]:
        """All verdicts, those on forecasters first."""
        return (*self.forecasts, *self.rules)

    def word(self, forecaster: str | None, strategy: str | None = None) -> str | None:
        """Return the word on a forecaster, or on a rule on it; None where there is none."""
        asked = (forecaster, strategy)
        return next((v.word for v in self.verdicts if (v.forecaster, v.strategy) == asked), None)
