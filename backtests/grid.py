"""Cross settings, rank every combination beside naive, choose without looking at the test."""

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


#: Why there is no --market, --commission-bps or --strategy here.
NO_ACCOUNT = (
    "a grid judges forecasts by their error and trades nothing, so it has no rules, no account and no costs. Trade the "
    "choice by a run with its settings: backtests run --split 80:20 --features ohlcv+indicators --seeds 1 "
    "--forecaster cnn:filters=128 --market krx"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return guarded(_main, arguments)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the flags."""
    from backtests.command.flags import make_parser
    from backtests.grids.config import GridConfig

    return make_parser(
        GridConfig,
        "Cross settings of forecasters, train every combination, rank them beside naive; choose on "
        "validation rows, train again on all rows before the test, and judge the choice once on it. Without --cross: "
        "the 54 CNNs of S3 and its RNN.",
        (
            "--ticker 051900.KS",
            "--ticker 051900.KS --forecaster stacked_lstm --cross epochs=50,100 batch_size=32,64",
        ),
        json_help="print the ranking as JSON on stdout, all else on stderr",
        quiet_help="print no progress and no table, only the path of the page",
        codes=f"{DONE} done, {FAILURES}",
        notes=f"{NO_ACCOUNT[0].upper()}{NO_ACCOUNT[1:]}",
    )


def _main(arguments: Sequence[str]) -> int:
    from backtests.command.flags import given_values, refuse_others
    from backtests.grids.config import GridConfig

    refuse_others(arguments, GridConfig, ("run",), NO_ACCOUNT)
    flags = make_parser().parse_args(arguments)
    config = GridConfig.of(given_values(flags, GridConfig))
    from backtests.command.resumable import resumable
    from backtests.command.streams import nothing_printed
    from backtests.grids.runner import run_grid
    from backtests.jobs.store import NONE

    with nothing_printed(flags.json):
        finished = resumable(
            lambda: run_grid(config, quiet=flags.quiet),
            "grid",
            arguments,
            kept=config.store != NONE,
        )
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
        "as_is": any(entry["as_is"] for entry in manifest["data"]),
        **{name: manifest[name] for name in names},
    }


if __name__ == "__main__":
    sys.exit(main())
