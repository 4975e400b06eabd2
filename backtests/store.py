"""Show, check and prune the store of trained fits that all runs share."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from backtests.command.guard import DIFFERENT, DONE, FAILURES, guarded

WHAT = ("show", "verify", "prune")
SIZES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
AGES = {"h": 3600.0, "d": 24 * 3600.0, "w": 7 * 24 * 3600.0}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return guarded(_main, arguments)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the flags."""
    from backtests.command.flags import shown_examples

    prog = "backtests store"
    examples = ("", "verify --remove", "prune --size 2GB", "prune --older-than 30d")
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Every fit that a run or a grid trains is kept in one store, so that no equal fit is trained "
        "again. show: what is in it; verify: read every file; prune: delete the fits that were not used for longest, "
        "none that a running run uses.",
        epilog=f"{shown_examples(prog, examples)}\n\n"
        f"exit codes: {DONE} done, {DIFFERENT} files are damaged,\n{FAILURES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=WHAT, nargs="?", default=WHAT[0], help="(default show)")
    parser.add_argument(
        "--store", metavar="DIR", help="folder of the store (default: the user's cache folder)"
    )
    parser.add_argument("--remove", action="store_true", help="verify: delete the damaged files")
    parser.add_argument("--size", help="prune: until the store has this size at most: 500MB, 2GB")
    parser.add_argument(
        "--older-than", metavar="AGE", help="prune: fits not used for longer: 12h, 30d, 8w"
    )
    parser.add_argument("--json", action="store_true", help="print the answer as JSON on stdout")
    return parser


def _main(arguments: Sequence[str]) -> int:
    flags = make_parser().parse_args(arguments)
    _check(flags)
    folder = _folder(flags.store)
    commands: dict[str, Callable[[Path, Any], tuple[dict[str, Any], list[str], int]]] = {
        "show": _show,
        "verify": _verify,
        "prune": _prune,
    }
    answer, lines, code = commands[flags.what](folder, flags)
    if flags.json:
        print(json.dumps({"folder": str(folder), **answer}, ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(lines))
    return code


def _check(flags: argparse.Namespace) -> None:
    """Refuse flags that do not go together."""
    from forecasters.errors import InputError

    owners = {"remove": "verify", "size": "prune", "older_than": "prune"}
    for name, owner in owners.items():
        if getattr(flags, name) and flags.what != owner:
            flag = "--" + name.replace("_", "-")
            raise InputError(f"{flag} goes with `backtests store {owner}`, not with {flags.what}")
    if flags.what == "prune" and not (flags.size or flags.older_than):
        raise InputError("say what may go: prune --size 2GB, or prune --older-than 30d")


def _folder(named: str | None) -> Path:
    from backtests.jobs.store import NONE, check_named, default_folder
    from forecasters.errors import InputError

    folder = str(default_folder()) if named is None else named
    check_named(folder)
    if folder == NONE:
        raise InputError("--store none is no folder: runs keep nothing then; name one, --store DIR")
    if Path(folder).exists() and not Path(folder).is_dir():
        raise InputError(f"--store {folder} is a file; name a folder")
    return Path(folder).absolute()


def _show(folder: Path, flags: Any) -> tuple[dict[str, Any], list[str], int]:
    from backtests.jobs.upkeep import contents

    found = contents(folder)
    answer = {
        "fits": found.fits,
        "size": found.size,
        "oldest": _when(found.oldest),
        "newest": _when(found.newest),
        "forecasters": dict(found.forecasters),
    }
    lines = [f"{folder}: {_fits(found.fits)}, {_bytes(found.size)}"]
    if found.fits:
        lines.append(f"last used from {answer['oldest']} to {answer['newest']}")
        lines += _columns(found.forecasters)
    return answer, lines, DONE


def _verify(folder: Path, flags: Any) -> tuple[dict[str, Any], list[str], int]:
    from backtests.jobs.upkeep import damaged, stored_files

    files = stored_files(folder)
    wrong = damaged(folder)
    if flags.remove:
        for path in wrong:
            path.unlink(missing_ok=True)
    answer = {
        "fits": len(files),
        "damaged": {str(path): why for path, why in wrong.items()},
        "removed": len(wrong) if flags.remove else 0,
    }
    lines = [f"{path}: {why}" for path, why in wrong.items()]
    ending = " and removed" if wrong and flags.remove else ""
    lines.append(f"{folder}: {_fits(len(files))} read, {len(wrong)} damaged{ending}")
    if wrong and not flags.remove:
        lines.append("a run trains them again and replaces them; --remove deletes them now")
    return answer, lines, DIFFERENT if wrong else DONE


def _prune(folder: Path, flags: Any) -> tuple[dict[str, Any], list[str], int]:
    from backtests.jobs.upkeep import prune

    size = None if flags.size is None else int(_number("--size", flags.size, SIZES, "2GB"))
    age = (
        None if flags.older_than is None else _number("--older-than", flags.older_than, AGES, "30d")
    )
    done = prune(folder, size, age)
    line = (
        f"{folder}: {_fits(done.removed)} removed ({_bytes(done.freed)}), {_fits(done.left)} left "
        f"({_bytes(done.size)})"
    )
    if done.in_use:
        line += f"; running runs use {done.in_use} of them, which stay"
    return vars(done), [line], DONE


def _number(flag: str, text: str, units: Mapping[str, float], example: str) -> float:
    """Return a number with its unit."""
    from forecasters.errors import InputError

    known = {unit.upper(): factor for unit, factor in units.items()}
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", text.strip())
    if not found or found[2].upper() not in known:
        raise InputError(f"{flag} is '{text}'; write a number and a unit, as {example}")
    return float(found[1]) * known[found[2].upper()]


def _fits(number: int) -> str:
    return f"{number:,} fit" if number == 1 else f"{number:,} fits"


def _bytes(number: int) -> str:
    for unit in ("TB", "GB", "MB", "KB"):
        if number >= SIZES[unit]:
            return f"{number / SIZES[unit]:.1f} {unit}"
    return f"{number} B"


def _when(seconds: float | None) -> str | None:
    """Return a time of this machine's zone, to the minute."""
    import time

    if seconds is None:
        return None
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def _columns(forecasters: Mapping[str, int]) -> list[str]:
    width = max(map(len, forecasters))
    return [f"  {name:<{width}}  {number:,}" for name, number in forecasters.items()]


if __name__ == "__main__":
    sys.exit(main())
