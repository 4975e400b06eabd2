"""`python -m backtests.audit`: look-ahead and shared state in forecasters and rules."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from backtests.auditing.prepare import EPOCHS, FOLDS, SKILLED_EPOCHS, STEP, TRAIN_SIZE, prepare
from backtests.command.guard import DIFFERENT, DONE, guarded

if TYPE_CHECKING:
    pass

#: Those flags of a run that mean something here.
SHARED = (
    "ticker", "start", "end", "source", "data_dir", "adjust", "forecaster", "strategy",
    "threshold", "exit", "first_exit", "max_hold", "stop_loss", "features", "extra", "target", "lookback",
    "clip", "components", "reduction", "horizon", "train_size", "step", "expanding", "purge", "split",
    "validation", "epochs", "batch_size", "learning_rate", "patience", "device", "market", "jobs",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return guarded(_main, arguments)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the flags."""
    from backtests.command.flags import add_flags

    parser = argparse.ArgumentParser(
        prog="backtests audit",
        description="Look for look-ahead and for shared state in forecasters and rules, also your own.",
        epilog=f"Without --ticker and its kin the bars are simulated. Folds: {TRAIN_SIZE} sessions to "
        f"train, {STEP} to forecast, {FOLDS} folds; networks train {EPOCHS} epochs, and {SKILLED_EPOCHS} "
        "where something must be learned. exit codes: 0 clean, 1 something found, 2 bad usage or input, "
        "69 source unreachable, 70 a fault of ours, 75 source busy, 130 interrupted",
    )
    add_flags(parser, only=SHARED)
    parser.add_argument(
        "--quick", action="store_true", help="fewer days, walks and epochs: for a test of your own"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument(
        "--json", action="store_true", help="the findings as JSON on stdout, all else on stderr"
    )
    return parser


def _main(arguments: Sequence[str]) -> int:
    flags = make_parser().parse_args(arguments)
    examinations, subjects, told = prepare(flags)
    from backtests.auditing.register import examine
    from backtests.auditing.report import is_clean, to_rows, to_text
    from backtests.command.progress import Progress

    for line in told:
        print(line, file=sys.stderr)
    with Progress("auditing", len(examinations), quiet=flags.quiet) as progress:
        findings = examine(examinations, subjects.jobs, progress.advance, subjects.files)
    answers = list(zip(examinations, findings, strict=True))
    clean = is_clean(answers)
    if flags.json:
        print(json.dumps({"clean": clean, "told": told, "findings": to_rows(answers)}))
    else:
        print(to_text(answers))
        print("\nnothing was found" if clean else "\nsomething was found: see FOUND above")
    return DONE if clean else DIFFERENT


if __name__ == "__main__":
    sys.exit(main())
