"""Many fits: those in the store are read from it, the others run and are stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from backtests.command.progress import Progress
from backtests.jobs.memory import check_fits
from backtests.jobs.parallel import Plugin, run_tasks
from backtests.jobs.store import FitStore
from forecasters.errors import InputError
from forecasters.walk_forward.fit import Fit, Fitted, Learned
from forecasters.walk_forward.fit_many import fit_many, in_threads, longest_first


def run_fits(
    fits: Sequence[Fit],
    store: FitStore,
    jobs: int,
    files: Sequence[Plugin] = (),
    *,
    quiet: bool = False,
    what: str = "training",
) -> list[Fitted]:
    """Return the answers of all fits; run those that are not in the store, the longest first.

    Each fit is stored when it ends. Fits that the kernels train run in threads of this process, the
    others in processes.

    Parameters
    ----------
    files : sequence of Plugin
        User's files that a worker needs.
    what : str
        What the progress is called.

    Raises
    ------
    InputError
        The store is `only_stored` and lacks a fit.
    """
    answers = store.load_all(fits)
    left = [number for number in longest_first(fits) if number not in answers]
    if left and store.only_stored:
        first = fits[min(left)]
        raise InputError(
            f"{len(left)} of {len(fits)} fits are not in the store {store.folder}, the first of "
            f"{first.forecaster.name}, fold {first.name}, seed {first.seed}: train them"
        )
    check_fits([fits[number] for number in left], jobs)
    threaded = in_threads([fits[number] for number in left])
    threads = [number for number, beside in zip(left, threaded, strict=True) if beside]
    processes = [number for number, beside in zip(left, threaded, strict=True) if not beside]
    work: Callable[[Fit], tuple[Fitted, Learned | None]]
    work = Fit.learn if store.keeps_learned else _run  # to try what was learned is not for nothing

    with Progress(what, len(fits), kept=len(answers), quiet=quiet) as progress:

        def done(number: int, made: tuple[Fitted, Learned | None]) -> None:
            answers[number] = made[0]
            store.save(fits[number], *made)
            progress.advance()

        run_tasks(
            [partial(work, fits[n]) for n in processes],
            jobs,
            lambda i, m: done(processes[i], m),
            files,
            lambda i: _title(fits[processes[i]]),
        )
        fit_many(
            [fits[n] for n in threads],
            jobs,
            lambda i, m: done(threads[i], m),
            work,
            beside=[True] * len(threads),
        )
    return [answers[number] for number in range(len(fits))]


def _run(fit: Fit) -> tuple[Fitted, None]:
    return fit.run(), None


def _title(fit: Fit) -> str:
    tickers = " ".join(part.features.ticker for part in fit.parts)
    return f"{fit.forecaster.name}, {tickers}, fold {fit.name}, seed {fit.seed}"
