"""`python -m backtests.grid`: settings crossed, ranked beside naive, chosen without the test."""

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
    from backtests.grids.config import OWN, SHARED, GridConfig

    parser = argparse.ArgumentParser(
        prog="backtests grid",
        description="Cross settings of forecasters, train every combination, rank them beside naive; choose on "
        "validation rows and judge the choice once on the test. Without --cross: the 54 runs of S3 and its RNN.",
        epilog="exit codes: 0 done, 2 bad usage or input, 69 source unreachable, 70 a fault of ours, "
        "75 source busy, 130 interrupted",
    )
    add_flags(parser, only=(*SHARED, *OWN), of=GridConfig)
    parser.add_argument(
        "--quiet", action="store_true", help="no progress, no table: the path of the page alone"
    )
    parser.add_argument(
        "--json", action="store_true", help="the ranking as JSON on stdout, all else on stderr"
    )
    return parser


def _main(arguments: Sequence[str]) -> int:
    from backtests.command.flags import given_values
    from backtests.grids.config import GridConfig

    flags = make_parser().parse_args(arguments)
    config = GridConfig.of(given_values(flags, GridConfig))
    from backtests.command.resumable import resumable
    from backtests.grids.runner import run_grid

    finished = resumable(lambda: run_grid(config, quiet=flags.quiet), "grid", arguments)
    if finished is None:
        return INTERRUPTED
    if flags.json:
        print(json.dumps(_summary(finished), ensure_ascii=False, allow_nan=False))
    elif flags.quiet:
        print(finished.index)
    else:
        from backtests.grids.pages.terminal import print_ranking

        print_ranking(finished)
    return DONE


def _summary(finished: Finished) -> dict[str, Any]:
    """Return what `--json` prints: where the grid is, its two hashes, the table, the choices."""
    manifest = finished.manifest
    names = ("key", "digest", "verdict", "ranking", "selection", "findings")
    return {
        "folder": str(finished.folder),
        "index": str(finished.index),
        "found": finished.found,
        "simulated": any(entry["simulated"] for entry in manifest["data"]),
        **{name: manifest[name] for name in names},
    }


if __name__ == "__main__":
    sys.exit(main())
