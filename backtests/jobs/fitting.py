"""Many fits: those in the store are read from it, the others run and are stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from backtests.command.progress import Progress
from backtests.jobs.memory import check_fits
from backtests.jobs.parallel import Plugin, run_tasks
from backtests.jobs.saved import save_fit
from backtests.jobs.store import FitStore
from forecasters.walk_forward.fit import Fit, Fitted
from forecasters.walk_forward.fit_many import fit_many, longest_first


def run_fits(
    fits: Sequence[Fit],
    store: FitStore,
    jobs: int,
    files: Sequence[Plugin] = (),
    *,
    quiet: bool = False,
    learned: str | None = None,
    what: str = "training",
) -> list[Fitted]:
    """Return the answers of all fits; run those that are not in the store, the longest first.

    Each fit is stored when it ends. Fits that the kernels train run in threads of this process, the
    others in processes.

    Parameters
    ----------
    files : sequence of Plugin
        User's files that a worker needs.
    learned : str, optional
        The kind of inputs (`--features`): store also what each fit learned.
    what : str
        What the progress is called.
    """
    answers = {
        number: kept
        for number, fit in enumerate(fits)
        if (kept := store.load(number)) and len(kept.close) == fit.rows
    }
    left = [number for number in longest_first(fits) if number not in answers]
    check_fits([fits[number] for number in left], jobs)
    threads = [number for number in left if fits[number].in_threads]
    processes = [number for number in left if number not in threads]
    number_of = {fit: number for number, fit in enumerate(fits)}

    def task(number: int) -> Callable[[], Fitted]:
        if learned is not None:
            return partial(_learn, fits[number], store.learned(number), learned)
        return fits[number].run

    with Progress(what, len(fits), kept=len(answers), quiet=quiet) as progress:

        def done(number: int, fitted: Fitted) -> None:
            answers[number] = fitted
            store.save(number, fitted)
            progress.advance()

        run_tasks(
            [task(n) for n in processes],
            jobs,
            lambda i, f: done(processes[i], f),
            files,
            lambda i: _title(fits[processes[i]]),
        )
        fit_many(
            [fits[n] for n in threads],
            jobs,
            lambda i, f: done(threads[i], f),
            lambda fit: task(number_of[fit])(),
        )
    return [answers[number] for number in range(len(fits))]


def _title(fit: Fit) -> str:
    tickers = " ".join(part.features.ticker for part in fit.parts)
    return f"{fit.forecaster.name}, {tickers}, fold {fit.name}, seed {fit.seed}"


def _learn(fit: Fit, path: Path, features: str) -> Fitted:
    """Run a fit and write what it learned, before the fit is stored as done."""
    fitted, learned = fit.learn()
    if learned.state:
        save_fit(path, fit, learned, features)
    return fitted
