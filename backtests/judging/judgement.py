"""What the forecasts and the rules of a study show beside chance: the tests, and the words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from backtests.judging.returns import Chance
from backtests.judging.shift_test import Shifted
from backtests.judging.skill import Skill
from backtests.judging.verdict import Verdict, headline

if TYPE_CHECKING:
    pass


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
