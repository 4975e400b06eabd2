"""Forecast each next close walk-forward, trade the forecasts by a rule, write the pages."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from backtests.command.ending import INTERRUPTED
from backtests.command.guard import DONE, FAILURES, guarded

if TYPE_CHECKING:
    from backtests.runs.folder import Finished


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return guarded(_main, arguments)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the flags."""
    from backtests.command.config import RunConfig
    from backtests.command.flags import make_parser

    return make_parser(
        RunConfig,
        "Forecast the next close walk-forward, trade the forecasts by a rule, write the pages.",
        (
            "--ticker 051900.KS",
            "--universe large_caps.txt --largest 20 --strategy five_percent rank:k=5",
        ),
        json_help="print the summary as JSON on stdout, all else on stderr",
        quiet_help="print no progress and no table, only the path of the page",
        codes=f"{DONE} done, {FAILURES}",
    )


def _main(arguments: Sequence[str]) -> int:
    from backtests.command.flags import from_arguments

    flags = make_parser().parse_args(arguments)
    config = from_arguments(flags)
    from backtests.command.resumable import resumable
    from backtests.command.streams import nothing_printed
    from backtests.jobs.store import NONE
    from backtests.runs.runner import run

    with nothing_printed(flags.json):
        finished = resumable(
            lambda: run(config, quiet=flags.quiet), "run", arguments, kept=config.store != NONE
        )
    if finished is None:
        return INTERRUPTED
    if finished.found and (line := _other_pages(finished)):
        print(line, file=sys.stderr)
    if flags.json:
        print(json.dumps(_summary(finished), ensure_ascii=False, allow_nan=False))
    elif flags.quiet:
        print(finished.index)
    else:
        from backtests.runs.terminal import print_summary

        print_summary(finished)
    return DONE


def _other_pages(finished: Finished) -> str:
    """Return how to draw the pages of a run that was found again, if other code drew them."""
    from backtests.command.ending import called
    from backtests.runs.code import drawn_otherwise

    if not drawn_otherwise(finished.manifest):
        return ""
    again = called("report", [str(finished.folder)])
    return f"backtests: another version drew the pages of this run; this one draws them again with\n  {again}"


def _summary(finished: Finished) -> dict[str, Any]:
    """Return what `--json` prints: where the run is, its two hashes, the rows of the table."""
    return {
        "folder": str(finished.folder),
        "index": str(finished.index),
        "found": finished.found,
        "key": finished.manifest["key"],
        "digest": finished.manifest["digest"],
        "simulated": any(entry["simulated"] for entry in finished.manifest["data"]),
        "as_is": any(entry["as_is"] for entry in finished.manifest["data"]),
        "verdict": finished.manifest["verdict"],
        "summary": finished.manifest["summary"],
    }


if __name__ == "__main__":
    sys.exit(main())
