"""For the tests of a project: a finished run still gives the same results."""

from __future__ import annotations

from pathlib import Path


def assert_reproduces(
    run: str | Path, data_dir: str | Path | None = None, jobs: int | None = None
) -> None:
    """Make a finished run again and raise where anything differs.

    Every fit is trained anew, so this takes as long as the training of the run. Code or libraries that moved
    without moving a result are no difference.

    Parameters
    ----------
    run : path
        The folder of the run, as `backtests run` printed it.
    data_dir : path, optional
        A folder of ``<ticker>.csv`` or ``.parquet``; by default the bars that the run folder keeps.
    jobs : int, optional
        Fits at once; by default one for each core.

    Raises
    ------
    AssertionError
        The run is different; the message says what moved and how it shows.
    InputError
        The run cannot be made again; the message says what is missing.

    Examples
    --------
    >>> def test_the_backtest_is_still_the_same():
    ...     assert_reproduces("runs/051900.KS-1a2b3c4d")
    """
    __tracebackhide__ = True  # pytest shows the caller's line
    from backtests.verifying.report import to_text
    from backtests.verifying.verify import verified

    folder = None if data_dir is None else str(data_dir)
    with verified(run, folder, jobs=jobs, quiet=True) as made:
        comparison = made.comparison
    if not comparison.same:
        raise AssertionError(to_text(comparison))
