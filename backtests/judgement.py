"""What the forecasts and the rules of a study show beside chance: the tests, and the words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from backtests.chance import Overfit, ResultChance, judge_returns
from backtests.shifts import Shifted, shift_test
from backtests.skill import Skill, judge_forecasts
from backtests.verdict import Verdict, forecast_verdict, headline, rule_verdicts

if TYPE_CHECKING:
    from backtests.broker import Broker
    from backtests.study import Study
    from strategies.rule import Rule

#: Seed of every bootstrap and of the draw of shifts: a page says the same each time.
SEED = 0

RunShifts = Callable[[Sequence[Callable[[], Shifted]]], Sequence[Shifted]]


@dataclass(frozen=True, eq=False)
class Judgement:
    """What a page says of chance. Nothing here depends on what other runs looked at.

    Attributes
    ----------
    skill : Skill
        Each forecaster against naive.
    chances : tuple of ResultChance
        Sharpe and return of each result, with intervals.
    overfit : Overfit
        The probability that the best of what was looked at is below the median elsewhere.
    shifted : mapping
        Label of a result that bought to its shift test.
    forecasts, rules : tuple of Verdict
        One a forecaster but naive; one a result that is judged (`Study.ruled`).
    """

    skill: Skill
    chances: tuple[ResultChance, ...]
    overfit: Overfit
    shifted: Mapping[str, Shifted]
    forecasts: tuple[Verdict, ...]
    rules: tuple[Verdict, ...]

    @property
    def headline(self) -> list[str]:
        """The verdict in two sentences: what stands at the top of the page."""
        return headline(self.forecasts, self.rules, self.skill.judged)

    def word_of(self, forecaster: str | None, strategy: str | None = None) -> str | None:
        """Return the word on a forecaster, or on a rule on it; None where none was said."""
        every = self.forecasts if strategy is None else self.rules
        return next(
            (v.word for v in every if (v.forecaster, v.strategy) == (forecaster, strategy)), None
        )


def judge(
    study: Study,
    rules: Mapping[str, Rule],
    broker: Broker,
    shifts: int,
    run: RunShifts = lambda tasks: [task() for task in tasks],
) -> Judgement:
    """Return the judgement of a study.

    Parameters
    ----------
    rules : mapping
        Label to rule, those of the study's results.
    shifts : int
        At most so many circular shifts of a forecast; 0: none.
    run : callable
        Runs the shift tests, which are long and independent.
    """
    skill = judge_forecasts(study.by_forecaster, study.horizon, SEED)
    chances, overfit = judge_returns(study.results, study.sensitivity)
    tried = [
        result
        for result in study.ruled
        if result.forecaster is not None and result.trades and shifts
    ]
    tasks: list[Callable[[], Shifted]] = []
    for result in tried:
        of = {f.ticker: f for f in study.by_forecaster[result.forecaster or ""]}
        rule = rules[result.strategy]
        tasks.append(
            partial(shift_test, study.bars, of, rule, broker, result, count=shifts, seed=SEED)
        )
    shifted = dict(zip((result.label for result in tried), run(tasks), strict=True))
    return Judgement(
        skill=skill,
        chances=chances,
        overfit=overfit,
        shifted=shifted,
        forecasts=tuple(forecast_verdict(judged) for judged in skill.judged),
        rules=rule_verdicts(study.ruled, shifted),
    )


def told(judgement: Judgement) -> dict[str, Any]:
    """Return what the manifest says of it."""
    from dataclasses import asdict

    return {
        "headline": judgement.headline,
        "forecasters": [
            {**asdict(verdict), **_figures(judged)}
            for verdict, judged in zip(judgement.forecasts, judgement.skill.judged, strict=True)
        ],
        "rules": [
            {**asdict(verdict), "shifts": _shifts(judgement, verdict)}
            for verdict in judgement.rules
        ],
        "superior": asdict(judgement.skill.superior) if judgement.skill.superior else None,
        "confidence_set": asdict(judgement.skill.kept) if judgement.skill.kept else None,
        "returns": [asdict(chance) for chance in judgement.chances],
        "overfitting": asdict(judgement.overfit),
    }
