"""The program of a child process that looks like a run: it fits, asks, and notes what is opened.

The child runs the text of this file, after that of `doors.py`, under the file name of the command
`run`. So neither the modules of the audit nor its name is there to be looked for. It imports what a
run imports, and nothing of the audit.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import pickle
import sys
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from backtests.auditing.probes.doors import heard, watch_questions
    from forecasters.preparation.windows import Windows
    from strategies.rule import Rule
    from strategies.situation import Situation


def serve(questions: BinaryIO, out: BinaryIO) -> None:
    """Read one request, write one answer: a dictionary with `opened` and what was asked for."""
    request: dict[str, Any] = pickle.load(questions)  # nosec B301 # from the audit, our parent
    for name in ("LD_PRELOAD", "CLOCK_SECONDS"):
        os.environ.pop(name, None)
    sys.argv[:] = request["argv"]
    move = _mover(request["clock"])
    _import_a_run(whole=request["kind"] == "ask")
    from backtests.plugins import load_file

    watch_questions()
    with heard(request["declared"]) as opened:
        for path, _ in request["files"]:
            load_file(path)
        work = pickle.loads(request["work"])  # nosec B301 # from the audit
        answer = {"fits": _fits, "ask": _ask, "decide": _decide}[request["kind"]](
            work, move, opened
        )
    pickle.dump({"opened": tuple(opened), "answer": answer}, out)
    out.flush()


def _import_a_run(whole: bool) -> None:
    """Import what a run has imported when it fits: the command, or all, which takes two seconds."""
    names = ("backtests.run", "backtests.runs.resolve", "backtests.studies.pipeline")
    for name in names if whole else names[:1]:
        importlib.import_module(name)


def _mover(library: str | None) -> Callable[[int], None]:
    if library is None:
        return lambda seconds: None
    move = ctypes.CDLL(library).move_clock
    move.argtypes = [ctypes.c_longlong]

    def moved(seconds: int) -> None:
        move(seconds)

    return moved


def _fits(
    work: dict[str, Any], move: Callable[[int], None], opened: Sequence[str] = ()
) -> tuple[Any, ...]:
    """Run fits one after the other."""
    return tuple(fit.run() for fit in work["fits"])


def _ask(
    work: dict[str, Any], move: Callable[[int], None], opened: Sequence[str] = ()
) -> dict[str, Any]:
    """Fit once, answer several batches of windows, and the first of them at other hours too."""
    from forecasters.threads.limit import one_thread

    with one_thread():
        model = deepcopy(work["forecaster"])
        model.fit(work["fit"], work["validation"], work["generator"])
        batches: Sequence[Windows] = work["batches"]
        answers = [_plain(model.predict(batches[0]))]
        if opened:  # that is a finding, and what looks around at every call takes long
            return {}
        answers += [_plain(model.predict(batch)) for batch in batches[1:]]
        hours = []
        for seconds in work["clocks"]:
            move(seconds)
            hours.append(_plain(model.predict(batches[0])))
        again = _plain(model.predict(batches[0]))
    return {"answers": answers, "hours": hours, "again": again}


def _plain(answer: Any) -> Any:
    import numpy as np

    return np.array(answer, dtype=np.float64)


def _decide(
    work: dict[str, Any], move: Callable[[int], None], opened: Sequence[str] = ()
) -> dict[str, Any]:
    """Ask a rule about situations: in order, after others, at other hours, and then many times over."""
    rule: Rule = work["rule"]
    situations: Sequence[Situation] = work["situations"]
    first = [rule.decide(situations[0])]
    if opened:  # that is a finding, and what looks around at every call takes long
        return {}
    first += [rule.decide(s) for s in situations[1:]]
    for situation in work["others"]:
        rule.decide(situation)
    again = [rule.decide(s) for s in situations]
    hours = []
    for seconds in work["clocks"]:
        move(seconds)
        hours.append([rule.decide(s) for s in situations[:: work["every"]]])
    asked = 2 * len(situations) + len(work["others"])
    calls, changed = asked + sum(map(len, hours)), None
    ends = time.monotonic() + work["seconds"]
    while changed is None and calls < work["calls"] and time.monotonic() < ends:
        for situation, signal in zip(situations, first, strict=True):
            calls += 1
            if rule.decide(situation) != signal:
                changed = (calls, situation)
                break
    return {"first": first, "again": again, "hours": hours, "changed": changed}
