"""`python -m backtests.run`: bars -> forecasts -> backtests -> pages."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from backtests.command.guard import DONE, INTERRUPTED, guarded

if TYPE_CHECKING:
    from backtests.runs.folder import Finished


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return guarded(_main, arguments)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the flags."""
    from backtests.command.flags import add_flags

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
    from backtests.command.flags import from_arguments

    flags = make_parser().parse_args(arguments)
    config = from_arguments(flags)
    from backtests.command.resumable import resumable
    from backtests.runs.runner import run

    finished = resumable(lambda: run(config, quiet=flags.quiet), "run", arguments)
    if finished is None:
        return INTERRUPTED
    if flags.json:
        print(json.dumps(_summary(finished), ensure_ascii=False, allow_nan=False))
    elif flags.quiet:
        print(finished.index)
    else:
        from backtests.runs.terminal import print_summary

        print_summary(finished)
    return DONE


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


if __name__ == "__main__":
    sys.exit(main())
