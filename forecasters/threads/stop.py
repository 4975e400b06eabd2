"""How fits that run in other threads are stopped: Python cannot interrupt them by itself."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Stopped(Exception):
    """A fit ended early because a stop was requested; its answer must not be used."""


class Stop:
    """A request to the fits that run under it: end at your next step.

    Attributes
    ----------
    flag : int32, shape [1]
        0 until a stop is requested, then 1. The compiled kernels read it at this address at each
        step, so the array must stay where it is in memory.
    """

    def __init__(self) -> None:
        self.flag = np.zeros(1, dtype=np.int32)

    def set(self) -> None:
        """Request the stop: each fit under it ends at its next step."""
        self.flag[0] = 1

    def run(self, call: Callable[[], T]) -> T:
        """Return what `call` returns; another thread can stop it by `set`.

        Raises
        ------
        Stopped
            A stop was requested before or during the call.
        """
        token = _current.set(self)
        try:
            self.check()
            return call()
        finally:
            _current.reset(token)

    def check(self) -> None:
        """Raise `Stopped` if a stop was requested."""
        if self.flag[0]:
            raise Stopped


_current: ContextVar[Stop | None] = ContextVar("stop", default=None)


def current() -> Stop:
    """Return the `Stop` that the caller runs under; outside of any, a new one that is never set."""
    return _current.get() or Stop()
