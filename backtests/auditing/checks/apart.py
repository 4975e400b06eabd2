"""A fit must not depend on what else runs, and must not change anything for later fits."""

from __future__ import annotations

import pickle
import random
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from backtests.auditing.finding import PASSED, Finding, Status, found
from backtests.auditing.probes.fresh import ChildFailed, Fresh, pickled, run_fresh
from backtests.auditing.subject import Subject
from forecasters.walk_forward.fit import Fit, Fitted


def bits(fitted: Fitted) -> bytes:
    """Return the answer of a fit as bytes."""
    return pickle.dumps([np.asarray(getattr(fitted, f.name)).tobytes() for f in fields(fitted)])


def _seeds(subject: Subject) -> tuple[int, ...]:
    return (0,) if subject.few_days else (0, 1)


def _alone(subject: Subject, fits: Sequence[Fit]) -> Fresh:
    """Run the first fit alone in a new process, in the place where the user runs it."""
    return run_fresh(fits[:1], subject.files, subject.declared)


def _bare(subject: Subject, fits: Sequence[Fit]) -> Fresh:
    """Run fits in a bare folder with another clock."""
    return run_fresh(fits, subject.files, subject.declared, bare=True)


def check_state(subject: Subject) -> tuple[Finding, ...]:
    """Return whether a fit gives other bits among others, in another order, in another process."""
    fits = subject.fits(subject.bars, _seeds(subject))
    inputs = _inputs(fits)
    try:
        settings = pickled(vars(subject.forecaster))
        (first,) = _alone(subject, fits).fitted
    except ChildFailed as error:
        return _not_alone(error)
    try:
        # Not in the process of the first fit: anything that the first fit changed would be there too.
        (last,) = _bare(subject, fits[-1:]).fitted
    except ChildFailed as error:
        return found(
            f"it does not run in a bare folder ({error}): a file that it needs must be "
            "named by a setting (--forecaster ./mine.py:table=data.csv)"
        )
    fits[0].run()  # imports may draw random numbers too; that is not the fault of a fit
    before = _global_states()
    in_order = [bits(fit.run()) for fit in fits]
    touched = [name for name, state in _global_states().items() if before.get(name, state) != state]
    if touched:
        return found(
            f"a fit moved the global random numbers of {', '.join(touched)}: draw from the `rng` that `fit` "
            "is given, otherwise the draws depend on what ran before"
        )
    for name, fit, fitted, here in (
        ("first", fits[0], first, in_order[0]),
        ("last", fits[-1], last, in_order[-1]),
    ):
        if bits(fitted) == here:
            continue
        if (
            name == "last"
            and bits(run_fresh(fits[-1:], subject.files, subject.declared).fitted[0]) == here
        ):
            return found(
                f"fold {fit.name}, seed {fit.seed}: it gave other numbers in a bare folder with another clock and "
                "without variables of your environment: it depends on the time, on files, or on the environment"
            )
        return _shared(fit, f"the {name} fit gave other numbers alone in a new process")
    _disturb()
    backwards = [bits(fit.run()) for fit in reversed(fits)][::-1]
    for fit, a, b in zip(fits, in_order, backwards, strict=True):
        if a != b:
            return _shared(fit, "it gave other numbers when the fits ran in reverse order")
    if pickle.dumps(vars(subject.forecaster)) != settings:
        return found(
            "a fit changed the forecaster that it is a copy of: the copies share a setting"
        )
    if _inputs(fits) != inputs:
        return found("a fit changed the features it was given")
    return PASSED


def _inputs(fits: Sequence[Fit]) -> list[bytes]:
    return [part.features.X.tobytes() for fit in fits for part in fit.parts]


def _shared(fit: Fit, what: str) -> tuple[Finding, ...]:
    return found(
        f"fold {fit.name}, seed {fit.seed}: {what}: something is kept between fits (in the class, "
        "the module or a file) or is drawn from global random numbers"
    )


def _not_alone(error: ChildFailed) -> tuple[Finding, ...]:
    return found(
        f"it does not run in a process of its own ({error}): settings and module must pickle"
    )


def check_doors(subject: Subject) -> tuple[Finding, ...]:
    """Return whether importing, fitting or answering reads what is neither code nor declared data."""
    try:
        opened = _alone(subject, subject.fits(subject.bars, _seeds(subject))).opened
    except ChildFailed as error:
        return _not_alone(error)
    if opened:
        return found(
            opened[0]
            + (f", and {len(opened) - 1} more of this kind" if len(opened) > 1 else "")
            + ": there may be later prices, and no other check can look into it; give data as a setting "
            "that names its file (--forecaster ./mine.py:table=data.csv), or take it out"
        )
    if subject.declared:
        names = ", ".join(subject.declared)
        return (
            Finding(
                Status.REPORTED,
                f"it may read {names}, which a setting names: no check knows what was known on which day in it",
            ),
        )
    return PASSED


def _global_states() -> dict[str, Any]:
    states: dict[str, Any] = {
        "numpy": pickle.dumps(np.random.get_state()),
        "random": pickle.dumps(random.getstate()),
    }
    if torch := sys.modules.get("torch"):  # not imported here: only if the forecaster imported it
        states["torch"] = torch.get_rng_state().numpy().tobytes()
    return states


def _disturb() -> None:
    np.random.seed(99)
    random.seed(99)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(99)
