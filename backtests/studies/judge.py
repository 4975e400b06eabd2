"""The judgement of a study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from backtests.judging.judgement import Judgement
from backtests.judging.power import power_of
from backtests.judging.returns import judge_returns
from backtests.judging.shifts import RunShiftTasks, Shifted, shift_all
from backtests.judging.skill import judge_forecasts
from backtests.judging.timing import judge_timing
from backtests.judging.verdict import forecast_verdict, rule_verdicts

if TYPE_CHECKING:
    from backtests.account.broker import Broker
    from backtests.studies.study import Study
    from forecasters.bars import Flags
    from strategies.rule import Rule

#: Seed of every bootstrap and of the draw of shifts: a page says the same each time.
SEED = 0


def judge(
    study: Study,
    rules: Mapping[str, Rule],
    broker: Broker,
    shifts: int,
    run: RunShiftTasks,
    members: Mapping[str, Flags] | None = None,
) -> Judgement:
    """Return the judgement of a study.

    Parameters
    ----------
    rules, members : mapping
        Label to rule and ticker to flags, as the results of the study were traded: the shifts need them.
    shifts : int
        Largest number of circular shifts of a forecast; 0: none.
    run : callable
        Runs the shifted accounts, which are many and independent.
    """
    skill = judge_forecasts(study.by_forecaster, study.horizon, SEED)
    forecasts = {
        name: {f.ticker: f for f in by_ticker} for name, by_ticker in study.by_forecaster.items()
    }
    shifted: tuple[Shifted, ...] = ()
    if shifts:
        shifted = shift_all(
            study.bars, forecasts, rules, broker, study.ruled, run, members, shifts, SEED
        )
    timing = judge_timing(study.ruled, study.bars)
    verdicts = rule_verdicts(study.ruled, timing)
    tests = max((verdict.tests for verdict in verdicts), default=0)
    plain = not study.pooled and study.horizon == 1
    return Judgement(
        skill=skill,
        chance=judge_returns(study.ruled, study.sensitivity, study.held, SEED),
        timing=timing,
        shifted=shifted,
        forecasts=tuple(forecast_verdict(judged, len(skill.judged)) for judged in skill.judged),
        rules=verdicts,
        power=power_of(skill.n, len(skill.judged), tests) if plain else None,
    )
