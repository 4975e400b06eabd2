"""What every command has in common: exit codes, one-line errors, the check of the current folder."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

#: Exit codes (sysexits.h, and 130 as shells have it).
DONE, DIFFERENT, USAGE, UNREACHABLE, FAULT, TRY_LATER, INTERRUPTED = 0, 1, 2, 69, 70, 75, 130
#: The codes of every command but those of success, for `--help`.
FAILURES = (
    f"{USAGE} bad usage or input, {UNREACHABLE} source unreachable, {FAULT} a fault of ours, "
    f"{TRY_LATER} source busy, {INTERRUPTED} interrupted"
)

REPORT = (
    "this is a fault of ours: please report it with the lines above at the project's issue tracker"
)


def shadowed() -> str | None:
    """Return one line when another folder's package hides one of ours, else None.

    The names are general, and ``python -m`` looks in the current folder first.
    """
    home = Path(__file__).resolve().parents[2]
    for name in ("forecasters", "strategies"):
        spec = find_spec(name)
        if spec is None:
            return f"the package '{name}' is missing beside '{home / 'backtests'}': install again"
        places = [Path(place) for place in spec.submodule_search_locations or ()]
        found = places[0] if places else Path(spec.origin or "")
        if found.resolve() != home / name:
            return (
                f"'{found}' hides the package '{name}' that backtests needs: "
                "run `backtests` (the installed command) instead of `python -m`, or from another folder"
            )
    return None


def guarded(body: Callable[[Sequence[str]], int], arguments: Sequence[str] | None = None) -> int:
    """Run the body of a command; return its exit code, one line instead of a traceback.

    A traceback is shown for a fault of ours only.
    """
    if hidden := shadowed():
        return _say(hidden, USAGE)
    from forecasters.errors import Error, InputError

    try:
        return body(sys.argv[1:] if arguments is None else arguments)
    except InputError as error:
        return _say(str(error), USAGE)
    except Error as error:
        return _say(str(error), getattr(error, "exit_code", FAULT))
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has left (`| head`); a second complaint at exit helps nobody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:  # a folder that cannot be written, a full disk
        return _say(f"{error.filename or 'the system'}: {error.strerror or error}", USAGE)
    except Exception:
        traceback.print_exc()
        from backtests.plugins import foreign_code

        lines = traceback.format_exc()
        for place, whose in foreign_code().items():
            if place in lines:
                return _say(f"the error above arose in {whose}", USAGE)
        return _say(REPORT, FAULT)


def _say(message: str, code: int) -> int:
    print(f"backtests: {message}", file=sys.stderr)
    return code
