"""Draw the pages of a finished run again; nothing is trained or traded."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from backtests.command.ending import INTERRUPTED
from backtests.command.guard import DONE, FAILURES, guarded

DESCRIPTION = (
    "Draw the pages of a finished run again: with a newer version of the pages, or with other tearsheets. "
    "Nothing is trained or traded; tables, key and digest of the run stay as they are."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return guarded(_main, arguments)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the flags."""
    from backtests.command.flags import shown_examples
    from backtests.runs.pages import TEARSHEETS

    prog = "backtests report"
    examples = ("runs/051900.KS-1a2b3c4d", "runs/051900.KS-1a2b3c4d --tearsheets all --out copies")
    parser = argparse.ArgumentParser(
        prog=prog,
        description=DESCRIPTION,
        epilog=f"{shown_examples(prog, examples)}\n\nexit codes: {DONE} done, {FAILURES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="the folder of a finished run")
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="folder for a copy of the run with the new pages (default: its pages are replaced)",
    )
    parser.add_argument(
        "--tearsheets",
        choices=TEARSHEETS,
        help="main: the first rule of each forecaster and buy_and_hold (default: as the run has them)",
    )
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=int,
        default=1,
        help="tearsheets drawn side by side (default: 1)",
    )
    parser.add_argument("--quiet", action="store_true", help="print only the path of the page")
    return parser


def _main(arguments: Sequence[str]) -> int:
    flags = make_parser().parse_args(arguments)
    from backtests.command.resumable import resumable
    from backtests.runs.redraw import redraw
    from forecasters.errors import InputError

    if flags.jobs < 1:
        raise InputError(f"--jobs is {flags.jobs}; it must be at least 1")
    drawn = resumable(
        lambda: redraw(flags.run, flags.out, flags.tearsheets, flags.jobs, quiet=flags.quiet),
        "report",
        arguments,
        kept=False,
    )
    if drawn is None:
        return INTERRUPTED
    if not flags.quiet:
        print("The pages were drawn again; nothing was trained or traded.", file=sys.stderr)
    print(drawn.index)
    return DONE


if __name__ == "__main__":
    sys.exit(main())
