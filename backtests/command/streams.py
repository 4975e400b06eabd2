"""With --json the standard output holds the JSON and nothing else."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

OUT, ERR = 1, 2


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
