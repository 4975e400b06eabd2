"""Look for look-ahead and shared state in a forecaster or a rule, also your own."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from backtests.command.guard import DIFFERENT, DONE, FAILURES, guarded


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return guarded(_main, arguments)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the flags."""
    from backtests.auditing.config import FOLDS, STEP, TRAIN_SIZE, AuditConfig
    from backtests.command.flags import make_parser

    return make_parser(
        AuditConfig,
        "Look for look-ahead and for shared state in forecasters and rules, also your own.",
        (
            "--forecaster ./my_gru.py --quick",
            "--strategy ./my_rule.py five_percent --ticker 051900.KS --data-dir my_bars",
        ),
        json_help="print the findings as JSON on stdout, all else on stderr",
        quiet_help="print no progress",
        codes=f"{DONE} nothing was found, {DIFFERENT} something was found, {FAILURES}",
        notes=f"The audit uses {FOLDS} folds, of the newest bars: {TRAIN_SIZE} sessions to train on, {STEP} to "
        "forecast from one training.",
    )


def _main(arguments: Sequence[str]) -> int:
    from backtests.auditing.prepare import prepare

    flags = make_parser().parse_args(arguments)
    from backtests.command.streams import nothing_printed

    with nothing_printed(flags.json):
        examinations, subjects, notes = prepare(flags)
    from backtests.auditing.register import examine
    from backtests.auditing.report import is_clean, to_rows, to_text
    from backtests.command.progress import Progress

    for line in notes:
        print(line, file=sys.stderr)
    with (
        nothing_printed(flags.json),
        Progress("auditing", len(examinations), quiet=flags.quiet) as progress,
    ):
        findings = examine(examinations, subjects.jobs, progress.advance, subjects.files)
    answers = list(zip(examinations, findings, strict=True))
    clean = is_clean(answers)
    if flags.json:
        print(json.dumps({"clean": clean, "told": notes, "findings": to_rows(answers)}))
    else:
        print(to_text(answers))
        print("\nnothing was found" if clean else "\nsomething was found: see FOUND above")
    return DONE if clean else DIFFERENT


if __name__ == "__main__":
    sys.exit(main())
