"""The streams of a command: with --json stdout holds the JSON alone, and a reader may leave."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

OUT, ERR = 1, 2


def write_line(text: str, stream: TextIO) -> None:
    """Print a line at once; what comes after a reader has left (`| head`) goes nowhere and is no error."""
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        # Python would fail on what is left in the buffer when it ends
        with contextlib.suppress(OSError, ValueError):  # a stream without a descriptor
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextlib.contextmanager
def nothing_printed(json: bool) -> Iterator[None]:
    """With `json`, send to stderr whatever is printed: by a plugin, a library, or a worker process.

    The file descriptor is redirected too, because compiled libraries and workers write to it.

    Parameters
    ----------
    json : bool
        False: change nothing.
    """
    if not json:
        yield
        return
    with contextlib.redirect_stdout(sys.stderr), _descriptor():
        yield


@contextlib.contextmanager
def _descriptor() -> Iterator[None]:
    real: Any = sys.__stdout__
    if real is None:  # a program without a console
        yield
        return
    real.flush()
    kept = os.dup(OUT)
    os.dup2(ERR, OUT)
    try:
        yield
    finally:
        real.flush()  # what a plugin wrote to sys.__stdout__ must not come after the JSON
        os.dup2(kept, OUT)
        os.close(kept)
