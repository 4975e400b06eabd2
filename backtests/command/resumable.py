"""Work that can be resumed: after Ctrl-C the user reads how to go on; warnings are sentences."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from backtests.command.ending import called, interruptible, say_interrupted
from backtests.command.guard import say
from backtests.writing import plain

T = TypeVar("T")


def resumable(
    work: Callable[[], T], command: str, arguments: Sequence[str], *, kept: bool = True
) -> T | None:
    """Return the result of `work`; None when it was interrupted, after saying how to go on.

    Parameters
    ----------
    work : callable
    command : str
        The name of the command (``run``).
    arguments : sequence of str
        The arguments of the command: the same ones go on with it.
    kept : bool
        What was trained is kept, so that the command goes on and does not begin again.
    """
    from forecasters.errors import DataWarning

    again = called(command, arguments)
    how = "what was trained is kept, go on" if kept else "nothing of it is kept, begin again"
    with warnings.catch_warnings(), interruptible(f"{how} with\n  {again}"):
        warnings.simplefilter("always", DataWarning)
        warnings.showwarning = _show  # type: ignore[assignment]  # our *rest takes file and line
        try:
            return work()
        except KeyboardInterrupt:
            say_interrupted()
            return None


def _show(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *rest: Any
) -> None:
    """Print a warning that is meant for the user as a sentence; any other as Python does."""
    from backtests.plugins import PluginWarning
    from forecasters.errors import DataWarning

    if issubclass(category, DataWarning | PluginWarning):
        say(f"WARNING: {message}")
    else:
        text = f"{Path(filename).name}:{lineno}: {category.__name__}: {message}"
        print(plain.message(text), file=sys.stderr)
