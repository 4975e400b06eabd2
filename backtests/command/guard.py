"""Exit codes, errors in one line, and the check of the current folder, for every command."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from backtests.command.ending import INTERRUPTED, end_now, say_interrupted, watch
from backtests.command.streams import write_line

#: Exit codes: those of sysexits.h; that of an interruption stands in `ending.py`.
DONE, DIFFERENT, USAGE, UNREACHABLE, FAULT, TRY_LATER = 0, 1, 2, 69, 70, 75
#: What the codes of a failure mean, for `--help`.
FAILURES = (
    f"{USAGE} bad usage or input, {UNREACHABLE} source unreachable, {FAULT} a fault of ours, "
    f"{TRY_LATER} source busy, {INTERRUPTED} interrupted"
)

REPORT = (
    "this is a fault of ours: please report it with the lines above at the project's issue tracker"
)


def shadowed() -> str | None:
    """Return a message when another folder's package hides one that backtests needs, else None.

    The names of the packages are general, and ``python -m`` looks in the current folder first.
    """
    home = Path(__file__).resolve().parents[2]
    for name in ("forecasters", "strategies"):
        spec = find_spec(name)
        if spec is None:
            return f"the package '{name}' is missing beside '{home / 'backtests'}': install again"
        places = [Path(place) for place in spec.submodule_search_locations or ()]
        place = places[0] if places else Path(spec.origin or "")
        if place.resolve() != home / name:
            return (
                f"'{place}' hides the package '{name}' that backtests needs: "
                "run `backtests` (the installed command) instead of `python -m`, or from another folder"
            )
    return None


def guarded(body: Callable[[Sequence[str]], int], arguments: Sequence[str] | None = None) -> int:
    """Run the body of a command and return its exit code.

    An error is printed in one line, one of the user's code with its own lines of the traceback. A whole
    traceback is shown only for a fault of ours.

    Parameters
    ----------
    body : callable
        Takes the arguments and returns an exit code.
    arguments : sequence of str or None
        None: those of the command line.
    """
    if arguments is not None:
        return _guarded(body, arguments)
    watch()
    code = _guarded(body, sys.argv[1:])
    if code == INTERRUPTED:
        end_now()
    return code


def _guarded(body: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    if hidden := shadowed():
        return _say(hidden, USAGE)
    from backtests.writing.plain import printable
    from forecasters.errors import Error, InputError

    try:
        return body(arguments)
    except InputError as error:
        return _say(str(error), USAGE)
    except Error as error:
        return _say(str(error), getattr(error, "exit_code", FAULT))
    except KeyboardInterrupt:
        say_interrupted()
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has left (`| head`); a second error at exit helps nobody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if theirs := _theirs(error):
            return _say(theirs, USAGE)
        if isinstance(error, OSError):  # a folder that cannot be written, a full disk
            return _say(f"{error.filename or 'the system'}: {error.strerror or error}", USAGE)
        if isinstance(error, MemoryError):
            short = f" ({error})" if str(error) else ""
            return _say(
                f"memory is short{short}: lower --jobs, or the size of networks and windows", USAGE
            )
        lines = traceback.format_exc().splitlines()
        print("\n".join(map(printable, lines)), file=sys.stderr)
        return _say(REPORT, FAULT)
    except BaseException as error:
        # argparse ends by SystemExit; a plugin must not, for there would be no answer and no error
        if "backtests.plugins" in sys.modules and (theirs := _theirs(error)):
            return _say(theirs, USAGE)
        raise


def _theirs(error: BaseException) -> str | None:
    """Return the message for an error in code that is not ours; None for any other."""
    from backtests.plugins import blamed

    theirs = blamed(error)
    return None if theirs is None else str(theirs)


def _say(text: str, code: int) -> int:
    say(text)
    return code


def say(text: str) -> None:
    """Print a message on stderr: every error and warning of a command leaves through here.

    It may show text from outside, so control characters are written as escapes and it is not longer than
    a screen.
    """
    from backtests.writing.plain import message

    write_line(f"backtests: {message(text)}", sys.stderr)
