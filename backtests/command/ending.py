"""Ctrl-C and SIGTERM: a command ends soon, whatever it is doing, and says how to go on.

The first signal raises KeyboardInterrupt in the main thread, and the command ends by itself. But Python
raises it only between two steps of Python, and may raise it where it is caught or ignored: while a
library is imported or closed, in a destructor. So a second thread hears of the signal at once, waits
`PATIENCE` seconds and then ends the process. Files are written whole or not at all
(`writing/atomic.py`), so nothing is lost; worker processes end with this one (`jobs/parallel.py`).
"""

from __future__ import annotations

import os
import shlex
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from backtests.command.streams import write_line

#: The exit code of an interruption, as shells have it.
INTERRUPTED = 130
#: Seconds that an interrupted command has to end by itself.
PATIENCE = 1.2
SIGNALS = (signal.SIGINT, signal.SIGTERM)

THREAD = "ending"

_interrupted, _said = threading.Event(), threading.Event()
#: How the work under way goes on after an interruption, the innermost last.
_how: list[str] = []


def watch() -> None:
    """Begin to listen; for the main thread of a process that runs one command and then ends."""
    here = threading.current_thread() is threading.main_thread()  # only there Python sets signals
    if not here or any(thread.name == THREAD for thread in threading.enumerate()):
        return
    ear, mouth = socket.socketpair()
    mouth.setblocking(False)
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as `nohup` sets it
            signal.signal(number, _interrupt)
    signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_listen, args=(ear, mouth), name=THREAD, daemon=True).start()


@contextmanager
def interruptible(how: str) -> Iterator[None]:
    """Have an interruption inside say how the work goes on."""
    _how.append(how)
    try:
        yield
    finally:
        _how.pop()


def say_interrupted() -> None:
    """Print that the command was interrupted, and how its work goes on, if `interruptible` says so."""
    _said.set()
    how = f"; {_how[-1]}" if _how else ""
    write_line(f"backtests: interrupted{how}", sys.stderr)


def end_now() -> None:
    """End an interrupted process without closing what it opened: worker processes, libraries.

    To close them takes a second or two, and the workers end with this process.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # its reader has left, or it is closed
            stream.flush()
    os._exit(INTERRUPTED)


def called(command: str, arguments: Sequence[str]) -> str:
    """Return how this command was called, as a shell reads it."""
    if Path(sys.argv[0]).name == "backtests":
        return shlex.join(["backtests", command, *arguments])
    return shlex.join([sys.executable, "-m", f"backtests.{command}", *arguments])


def _interrupt(number: int, frame: object) -> None:
    """Raise KeyboardInterrupt at the first signal; later ones change nothing."""
    if not _interrupted.is_set():
        _interrupted.set()
        raise KeyboardInterrupt


def _listen(ear: socket.socket, mouth: socket.socket) -> None:
    """Wait for a signal, and end the process if it does not end by itself.

    The interpreter writes the number of each signal to `mouth`, which is here so that it stays open.
    """
    while not set(SIGNALS) & set(ear.recv(64)):
        pass
    time.sleep(PATIENCE)
    if not _said.is_set():
        say_interrupted()
    os._exit(INTERRUPTED)
