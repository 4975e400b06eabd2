"""One thread for libraries that would otherwise use every core."""

from __future__ import annotations

from contextlib import AbstractContextManager


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which BLAS and OpenMP run on one thread, and as before after it.

    The number of threads changes the order of a sum, and so its last bits. A fit must give the same
    result in this process and in a worker. Only libraries that are already loaded are limited: a
    forecaster that imports a library in its `fit` enters this context after the import.
    """
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits
