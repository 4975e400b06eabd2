"""`python -m backtests.run`: bars -> forecasts -> backtests -> pages."""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtests.command import DONE, INTERRUPTED, guarded

if TYPE_CHECKING:
    from backtests.runner import Finished


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return guarded(_main, arguments)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the flags."""
    from backtests.config import add_flags

    parser = argparse.ArgumentParser(
        prog="backtests run",
        description="Forecast the next close walk-forward, trade the forecasts by a rule, write the pages.",
        epilog="exit codes: 0 done, 2 bad usage or input, 69 source unreachable, 70 a fault of ours, "
        "75 source busy, 130 interrupted",
    )
    add_flags(parser)
    parser.add_argument(
        "--quiet", action="store_true", help="no progress, no table: the path of the page alone"
    )
    parser.add_argument(
        "--json", action="store_true", help="the summary as JSON on stdout, all else on stderr"
    )
    return parser


def _main(arguments: Sequence[str]) -> int:
    from backtests.config import from_arguments

    flags = make_parser().parse_args(arguments)
    config = from_arguments(flags)
    from backtests.data.source import DataWarning
    from backtests.runner import run

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)  # the workers end with us, the fits are kept
    with warnings.catch_warnings():
        warnings.simplefilter("always", DataWarning)
        warnings.showwarning = _show  # type: ignore[assignment]  # our *rest takes file and line
        try:
            finished = run(config, quiet=flags.quiet)
        except KeyboardInterrupt:
            again = shlex.join([*_command(), *arguments])
            print(
                f"backtests: interrupted; what was trained is kept, go on with\n  {again}",
                file=sys.stderr,
            )
            return INTERRUPTED
    if flags.json:
        print(json.dumps(_summary(finished), ensure_ascii=False, allow_nan=False))
    elif flags.quiet:
        print(finished.index)
    else:
        from backtests.terminal import print_summary

        print_summary(finished)
    return DONE


def _interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


def _command() -> list[str]:
    """Return how this command was called."""
    if Path(sys.argv[0]).name == "backtests":
        return ["backtests", "run"]
    return [sys.executable, "-m", "backtests.run"]


def _summary(finished: Finished) -> dict[str, Any]:
    """Return what `--json` prints: where the run is, its two hashes, the rows of the table."""
    return {
        "folder": str(finished.folder),
        "index": str(finished.index),
        "found": finished.found,
        "key": finished.manifest["key"],
        "digest": finished.manifest["digest"],
        "simulated": any(entry["simulated"] for entry in finished.manifest["data"]),
        "verdict": finished.manifest["verdict"],
        "summary": finished.manifest["summary"],
    }


def _show(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *rest: Any
) -> None:
    """Print a warning that is meant for the user as a sentence; any other as Python does."""
    from backtests.data.source import DataWarning
    from backtests.plugins import PluginWarning

    if issubclass(category, DataWarning | PluginWarning):
        print(f"backtests: WARNING: {message}", file=sys.stderr)
    else:
        print(f"{Path(filename).name}:{lineno}: {category.__name__}: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
