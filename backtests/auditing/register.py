"""The list of checks: the name of each, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from backtests.auditing.checks import rules_as_run
from backtests.auditing.checks.apart import check_doors, check_state
from backtests.auditing.checks.as_run import check_as_run
from backtests.auditing.checks.extras import check_extras
from backtests.auditing.checks.first_bar import check_first_bar
from backtests.auditing.checks.lookahead import (
    check_features,
    check_folds,
    check_forecasts,
    check_windows,
)
from backtests.auditing.checks.no_skill import (
    check_drawn_future,
    check_white_noise,
    check_wrong_labels,
)
from backtests.auditing.checks.outside import check_dates, check_prices
from backtests.auditing.checks.rules import check_orders, check_pure
from backtests.auditing.checks.rules_as_run import CALLS
from backtests.auditing.finding import Finding, found
from backtests.auditing.probes.batches import DATED
from backtests.jobs.parallel import Plugin, run_tasks
from backtests.plugins import blamed, is_ours
from forecasters.errors import InputError, told


@dataclass(frozen=True)
class Check:
    """One check: its name in the table, what it does, and its function."""

    name: str
    does: str
    run: Callable[[Any], tuple[Finding, ...]]


#: The checks of a forecaster; each takes a `Subject`.
FORECASTER_CHECKS = (
    Check(
        "inputs",
        "cut off, change, halt and append the bars after a day: inputs and targets known by then stay the same",
        check_features,
    ),
    Check("folds", "the same: folds that have begun stay the same", check_folds),
    Check(
        "windows",
        "the same: what the forecaster is given stays the same, bit for bit",
        check_windows,
    ),
    Check(
        "forecasts",
        "the same: every forecast made by then stays the same, but for rounding",
        check_forecasts,
    ),
    Check(
        "fits apart",
        "fit alone in a new process (and in a bare folder, at another time), with others, in reverse order, "
        "after other random draws: the same bits",
        check_state,
    ),
    Check(
        "no files",
        "watch import, fit and answer: no file, folder, shared memory or connection but code and declared data",
        check_doors,
    ),
    Check(
        "as in a run",
        "fit once as a run does, in a process that does not look like an audit: each answer comes from its "
        "own window in batches of any size, at any hour; a gain survives small changes of prices and other dates",
        check_as_run,
    ),
    Check("dates", "date all windows 28 years earlier: forecasts stay the same", check_dates),
    Check("prices", "double every price: forecast returns stay the same", check_prices),
    Check(
        "white noise",
        "forecast random walks: forecasts must not agree with the outcomes (at most 0.1% false alarms)",
        check_white_noise,
    ),
    Check(
        "drawn future",
        "train on a swing, then draw the signs of later returns: the same (at most 0.1% false alarms)",
        check_drawn_future,
    ),
    Check(
        "wrong labels",
        "train on labels of other windows: skill on a planted series vanishes",
        check_wrong_labels,
    ),
    Check(
        "first bar",
        "begin 1 and 5 sessions later: reports what depends on the first bar",
        check_first_bar,
    ),
)

#: The check of the columns of `--extra`; it takes a `Subject`, once for all forecasters.
EXTRA_CHECKS = (
    Check(
        "next return",
        "compare each column, its change and its ratio to the close with the next return: none may go with it",
        check_extras,
    ),
)

#: The checks of a rule; each takes a `RuleSubject`.
RULE_CHECKS = (
    Check(
        "pure",
        "decide in many situations, twice, in another order, as a copy, with other dates: the same "
        "signals, no error, no file",
        check_pure,
    ),
    Check(
        "elsewhere",
        "decide in a process that does not look like an audit, in a bare folder, at many hours, and "
        f"up to {CALLS:,} times: the same signals",
        rules_as_run.check_as_run,
    ),
    Check(
        "calendar",
        f"date the same situations on {DATED} weekdays: the same signals, but for a rule that says it goes by "
        "weekday, month or day of the month",
        rules_as_run.check_calendar,
    ),
    Check(
        "orders",
        "trade, then change the bars after a day: every decision and fill until then stays the same",
        check_orders,
    ),
    Check(
        "small changes",
        "trade on random forecasts, then change the prices of each situation a little: right signals stay right",
        rules_as_run.check_small_changes,
    ),
)


@dataclass(frozen=True, eq=False)
class Examination:
    """One check of one forecaster or rule."""

    check: Check
    label: str
    subject: Any

    def run(self) -> tuple[Finding, ...]:
        """Return the findings of the check; an error that a user's class causes is a finding too.

        An error with a class of ours is a fault of ours, and raised.
        """
        try:
            return self.check.run(self.subject)
        except InputError as error:
            return found(f"it raised {type(error).__name__}: {error}")
        except (
            Exception
        ) as error:  # a user's class may raise anything, or answer what raises in ours
            asked = getattr(self.subject, "rule", None) or self.subject.forecaster
            if is_ours(type(asked)):
                raise
            return found(f"it raised {told(error)}")
        except SystemExit as error:
            theirs = blamed(error)
            if theirs is None:
                raise
            return found(str(theirs))


def examine(
    examinations: Sequence[Examination],
    jobs: int = 1,
    on_done: Callable[[], None] = lambda: None,
    files: Sequence[Plugin] = (),
) -> list[tuple[Finding, ...]]:
    """Return the findings of each examination, in order."""
    return run_tasks(
        [e.run for e in examinations],
        jobs,
        lambda n, findings: on_done(),
        files,
        lambda n: f"{examinations[n].label}: {examinations[n].check.name}",
    )
