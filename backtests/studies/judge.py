"""The judgement of a study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from backtests.judging.judgement import Judgement
from backtests.judging.returns import judge_returns
from backtests.judging.shift_test import RunShiftTasks, Shifted, shift_all
from backtests.judging.skill import judge_forecasts
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
        Label to rule and ticker to flags, as the results of the study were traded.
    shifts : int
        Largest number of circular shifts of a forecast; 0: none.
    run : callable
        Runs the shift tests, which are long and independent.
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
    return Judgement(
        skill=skill,
        chance=judge_returns(study.ruled, study.sensitivity, study.held, SEED),
        shifted=shifted,
        forecasts=tuple(forecast_verdict(judged, len(skill.judged)) for judged in skill.judged),
        rules=rule_verdicts(study.ruled, shifted),
    )
