"""Work that can be resumed: after Ctrl-C the user reads how to go on; warnings are sentences."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from backtests.command.guard import say
from backtests.writing import plain

T = TypeVar("T")


def resumable(work: Callable[[], T], command: str, arguments: Sequence[str]) -> T | None:
    """Return the result of `work`; None when it was interrupted, after saying how to go on.

    A request to end (SIGTERM) is an interruption too: the workers end with this process, and the
    fits are kept.

    Parameters
    ----------
    work : callable
    command : str
        The name of the command (``run``).
    arguments : sequence of str
        The arguments of the command: the same ones go on with it.
    """
    from forecasters.errors import DataWarning

    with _ending_as_interruption(), warnings.catch_warnings():
        warnings.simplefilter("always", DataWarning)
        warnings.showwarning = _show  # type: ignore[assignment]  # our *rest takes file and line
        try:
            return work()
        except KeyboardInterrupt:
            again = shlex.join([*_called_as(command), *arguments])
            print(
                f"backtests: interrupted; what was trained is kept, go on with\n  {again}",
                file=sys.stderr,
            )
            return None


@contextmanager
def _ending_as_interruption() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C; afterwards it means what it meant before."""
    if threading.current_thread() is not threading.main_thread():  # Python sets signals only there
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def _interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


def _called_as(command: str) -> list[str]:
    """Return how this command was called."""
    if Path(sys.argv[0]).name == "backtests":
        return ["backtests", command]
    return [sys.executable, "-m", f"backtests.{command}"]


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
