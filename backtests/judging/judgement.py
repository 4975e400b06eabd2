"""What the forecasts and the rules of a study show beside chance: the tests, and the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from backtests.judging.returns import Chance, judge_returns
from backtests.judging.shift_test import RunTasks, Shifted, shift_all
from backtests.judging.skill import Skill, judge_forecasts
from backtests.judging.verdict import Verdict, forecast_verdict, headline, rule_verdicts

if TYPE_CHECKING:
    from backtests.account.broker import Broker
    from backtests.studies.study import Study
    from forecasters.bars import Flags
    from strategies.rule import Rule

#: Of every bootstrap and of the draw of shifts: a page says the same each time.
SEED = 0


@dataclass(frozen=True, eq=False)
class Judgement:
    """What a study shows beside chance. Nothing here depends on what other runs looked at.

    Attributes
    ----------
    skill : Skill
        Each forecaster against naive.
    chance : Chance
        Sharpe ratio and return of each result, with intervals, and how far the best was luck.
    shifted : tuple of Shifted
        One for each result that bought on forecasts; none where no shift was asked for.
    forecasts, rules : tuple of Verdict
        One a forecaster but naive, one a result that is judged (`Study.ruled`).
    """

    skill: Skill
    chance: Chance
    shifted: tuple[Shifted, ...]
    forecasts: tuple[Verdict, ...]
    rules: tuple[Verdict, ...]

    @property
    def headline(self) -> list[str]:
        """The verdict in a sentence or two: what stands at the top of the page."""
        return headline(self.forecasts, self.rules, self.skill.judged)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """All of them, forecasters first."""
        return (*self.forecasts, *self.rules)

    def word(self, forecaster: str | None, strategy: str | None = None) -> str | None:
        """Return the word on a forecaster, or on a rule on it; None where there is none."""
        asked = (forecaster, strategy)
        return next((v.word for v in self.verdicts if (v.forecaster, v.strategy) == asked), None)

    def described(self) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        skill = asdict(self.skill)
        words = {verdict.forecaster: verdict for verdict in self.forecasts}
        shifts = {(s.forecaster, s.strategy): asdict(s) for s in self.shifted}
        return {
            "headline": self.headline,
            "forecasters": [
                {
                    "word": words[own["forecaster"]].word,
                    "sentence": words[own["forecaster"]].sentence,
                    **own,
                }
                for own in skill.pop("judged")
            ],
            **skill,
            "rules": [
                {**asdict(v), "shifts": shifts.get((v.forecaster, v.strategy or ""))}
                for v in self.rules
            ],
            "returns": asdict(self.chance),
        }


def judge(
    study: Study,
    rules: Mapping[str, Rule],
    broker: Broker,
    shifts: int,
    run: RunTasks,
    members: Mapping[str, Flags] | None = None,
) -> Judgement:
    """Return the judgement of a study.

    Parameters
    ----------
    rules, members : mapping
        Label to rule and ticker to flags, those of the study's results.
    shifts : int
        At most so many circular shifts of a forecast; 0: none.
    run : callable
        Runs the shift tests, which are long and independent.
    """
    skill = judge_forecasts(study.by_forecaster, study.horizon, SEED)
    told = {name: {f.ticker: f for f in own} for name, own in study.by_forecaster.items()}
    shifted: tuple[Shifted, ...] = ()
    if shifts:
        shifted = shift_all(
            study.bars, told, rules, broker, study.ruled, run, members, shifts, SEED
        )  # fmt: skip
    return Judgement(
        skill=skill,
        chance=judge_returns(study.ruled, study.sensitivity, study.held, SEED),
        shifted=shifted,
        forecasts=tuple(forecast_verdict(one, len(skill.judged)) for one in skill.judged),
        rules=rule_verdicts(study.ruled, shifted),
    )
