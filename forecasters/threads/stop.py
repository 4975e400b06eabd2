"""Stopping fits that are under way in other threads: Python cannot interrupt those by itself."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Stopped(Exception):
    """A fit ended early because somebody asked for it; its answer must not be used."""


class Stop:
    """A wish that the fits which run within it end soon.

    Attributes
    ----------
    flag : int32, shape [1]
        Not 0 once it is wished. The compiled kernels read it at this address at every step.
    """

    def __init__(self) -> None:
        self.flag = np.zeros(1, dtype=np.int32)

    def set(self) -> None:
        """Wish it; a fit within ends at its next step."""
        self.flag[0] = 1

    def run(self, call: Callable[[], T]) -> T:
        """Return what `call` gives, which can be stopped from another thread.

        Raises
        ------
        Stopped
            It was.
        """
        token = _current.set(self)
        try:
            self.check()
            return call()
        finally:
            _current.reset(token)

    def check(self) -> None:
        """Raise `Stopped` if it is wished."""
        if self.flag[0]:
            raise Stopped


_current: ContextVar[Stop | None] = ContextVar("stop", default=None)


def current() -> Stop:
    """Return the wish that the caller runs within, or one that nobody ever sets."""
    return _current.get() or Stop()
