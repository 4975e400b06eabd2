"""Many fits side by side, in threads of this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from typing import TypeVar

from forecasters.threads.limit import one_thread
from forecasters.threads.stop import Stop
from forecasters.walk_forward.fit import Fit

T = TypeVar("T")


def longest_first(fits: Sequence[Fit]) -> list[int]:
    """Return the numbers of the fits in the order to start them: no long one is left for last."""
    return sorted(range(len(fits)), key=lambda number: (-fits[number].cost, number))


def in_threads(fits: Sequence[Fit]) -> list[bool]:
    """Return of each fit whether it is `in_threads`; each forecaster is asked once, as it may build a network."""
    known: dict[tuple[int, int], bool] = {}
    for fit in fits:
        key = id(fit.forecaster), fit.channels
        if key not in known:
            known[key] = fit.in_threads
    return [known[id(fit.forecaster), fit.channels] for fit in fits]


def fit_many(
    fits: Sequence[Fit],
    workers: int = 1,
    on_done: Callable[[int, T], None] = lambda number, answer: None,
    run: Callable[[Fit], T] = Fit.run,  # type: ignore[assignment]  # what T is by default
    beside: Sequence[bool] | None = None,
) -> list[T]:
    """Run independent fits on `workers` threads, the longest first; return what `run` gives for each.

    A fit shares no number with another, so its answer does not depend on the others, on their
    order or on how many run at once, to the bit. Only fits that are `in_threads` run side by side:
    the kernels leave the interpreter to others while they train. The rest follow one by one.

    Parameters
    ----------
    on_done : callable
        Called in the thread of the caller with the number and the answer of each fit as it ends.
    run : callable
        What to do with a fit; `Fit.learn` gives what was learned too.
    beside : sequence of bool or None
        Of each fit whether it is `in_threads`, where the caller has asked already.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C: fits under way end at their next step, what `on_done` received stays done.
    Exception
        The first one that a fit raised; the others end.
    """
    answers: dict[int, T] = {}

    def done(number: int, answer: T) -> None:
        answers[number] = answer
        on_done(number, answer)

    order = longest_first(fits)
    beside = in_threads(fits) if beside is None else beside
    stop = Stop()
    with one_thread(), ThreadPoolExecutor(workers, "fit") as pool:
        try:
            futures = {
                pool.submit(stop.run, partial(run, fits[number])): number
                for number in order
                if beside[number]
            }
            for future in as_completed(futures):
                done(futures[future], future.result())
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    for number in order:
        if number not in answers:
            done(number, run(fits[number]))
    return [answers[number] for number in range(len(fits))]
