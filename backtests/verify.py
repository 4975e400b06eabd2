"""Make a finished run again, compare, and say what moved and how it shows."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from backtests.command.ending import INTERRUPTED
from backtests.command.guard import DIFFERENT, DONE, FAILURES, guarded
from backtests.command.streams import write_line

if TYPE_CHECKING:
    from backtests.verifying.finding import Comparison
    from backtests.verifying.verify import Verified


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return guarded(_main, arguments)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the flags."""
    from backtests.command.flags import shown_examples

    prog = "backtests verify"
    examples = (
        "runs/051900.KS-1a2b3c4d",
        "runs/051900.KS-1a2b3c4d --data-dir bars --update",
        "runs/051900.KS-1a2b3c4d --against runs/051900.KS-5e6f7a8b",
    )
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Make a finished run again from its manifest and compare everything that came out. The run "
        "folder and the ledger of trials stay as they are.",
        epilog=f"{shown_examples(prog, examples)}\n\nexit codes: {DONE} the same (also where code or a library "
        f"moved\nand no result did), {DIFFERENT} different, {FAILURES};\n2 also says that it cannot tell, and what "
        "is missing",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", metavar="RUN", help="the folder of a finished run")
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        help="take the bars from these files, not from the run's own copy",
    )
    parser.add_argument(
        "--against", metavar="RUN2", help="compare with another finished run; nothing is run"
    )
    parser.add_argument(
        "--stored", action="store_true", help="read stored fits instead of training each anew"
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="where anything moved, put the new run in the place of the folder, which is kept as RUN.before-1",
    )
    parser.add_argument(
        "--summary", metavar="FILE", help="append the comparison to this file as Markdown, for CI"
    )
    parser.add_argument(
        "--jobs", metavar="N", type=int, help="fits at once (default: one for each core)"
    )
    parser.add_argument("--quiet", action="store_true", help="print no progress")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the comparison as JSON on stdout, all else on stderr",
    )
    return parser


def _main(arguments: Sequence[str]) -> int:
    parser = make_parser()
    flags = parser.parse_args(arguments)
    if flags.against and (flags.data_dir or flags.stored or flags.update):
        parser.error("--against compares two folders and runs nothing: leave out the other flags")
    from forecasters.errors import InputError

    if flags.summary:
        _append(flags.summary, "")  # before the work: a file that cannot be written ends it here
    try:
        return _answer(flags, arguments)
    except InputError as error:
        if flags.summary:
            from backtests.verifying.report import cannot_tell

            _append(flags.summary, cannot_tell(str(error)))
        raise


def _answer(flags: argparse.Namespace, arguments: Sequence[str]) -> int:
    from backtests.command.resumable import resumable

    if flags.against:
        from backtests.verifying.compare import compare_folders
        from backtests.verifying.recorded import read_recorded

        comparison = compare_folders(read_recorded(flags.run), read_recorded(flags.against))
        _say(comparison, flags)
        return DONE if comparison.same else DIFFERENT
    code = resumable(lambda: _verify(flags), "verify", arguments, kept=False)
    return INTERRUPTED if code is None else code


def _verify(flags: argparse.Namespace) -> int:
    from backtests.command.streams import nothing_printed
    from backtests.verifying.verify import verified

    with ExitStack() as work:
        with nothing_printed(flags.json):
            made = work.enter_context(
                verified(
                    flags.run,
                    flags.data_dir,
                    stored=flags.stored,
                    jobs=flags.jobs,
                    quiet=flags.quiet,
                )
            )
        _say(made.comparison, flags)
        if flags.update:
            with nothing_printed(flags.json):
                _update(flags, made)
    return DONE if made.comparison.same else DIFFERENT


def _update(flags: argparse.Namespace, made: Verified) -> None:
    """Put the run made again in the place of the folder, and say so, or say why not."""
    from backtests.verifying.update import replace_folder

    if not made.comparison.findings:
        said = f"{flags.run} stays as it is: nothing moved"
    elif made.again is None:
        said = f"{flags.run} stays as it is: no run can be made of the bars that it keeps"
    else:
        kept = replace_folder(Path(made.comparison.before), made.again, flags.quiet)
        said = f"{flags.run} is now the run made again; the old folder is {kept}"
    print(said, file=sys.stderr)


def _say(comparison: Comparison, flags: argparse.Namespace) -> None:
    from backtests.verifying.report import to_json, to_markdown, to_text

    said = to_json(comparison)
    as_json = json.dumps(said, ensure_ascii=False, allow_nan=False)
    write_line(as_json if flags.json else to_text(comparison), sys.stdout)
    if flags.summary:
        _append(flags.summary, to_markdown(comparison))


def _append(path: str, text: str) -> None:
    from forecasters.errors import InputError

    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InputError(
            f"--summary {path} cannot be written ({error.strerror}): name another file"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
