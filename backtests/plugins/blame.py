"""Whose mistake an error is: the user's code that ran when it arose, with its own lines."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from backtests.plugins.provenance import foreign_code
from forecasters.errors import InputError, told
from strategies.rule import AnswerError

#: Lines of the user's code that a message shows: the last ones, where an error repeats itself.
SHOWN = 6


@dataclass(frozen=True)
class _Frame:
    """A call in a traceback: its file, its line, the function with its class, and whose file it is."""

    file: str
    line: int
    function: str
    whose: str

    @property
    def text(self) -> str:
        code = linecache.getline(self.file, self.line).strip()
        return f"  {self.file}, line {self.line}, in {self.function}{': ' + code if code else ''}"


def blamed(error: BaseException) -> InputError | None:
    """Return the error as a mistake in the user's code, with the lines of it that ran; None where none ran.

    ``sys.exit()`` in such code is a mistake too: it would end the program without an answer.

    Parameters
    ----------
    error : BaseException
        With its traceback, and the errors that it arose from.
    """
    places = foreign_code()
    for one in _chain(error):
        if isinstance(one, AnswerError):
            return InputError(str(one))
        frames = list(_frames(one.__traceback__, places))
        theirs = [frame for frame in frames if frame.whose]
        if not theirs:
            continue
        lines = [frame.text for frame in theirs[-SHOWN:]]
        if frames[-1] is not theirs[-1]:
            lines.append(f"  raised in {frames[-1].file}, line {frames[-1].line}")
        last = theirs[-1]
        return InputError(f"{_what(one, last.whose, last.function)}\n" + "\n".join(lines))
    return None


def _what(error: BaseException, whose: str, function: str) -> str:
    if isinstance(error, SystemExit):
        return (
            f"{whose} ended the program (sys.exit({'' if error.code is None else repr(error.code)})) in "
            f"{function}: take the call out, or raise an error that says what is wrong"
        )
    return f"error in {whose}, in {function}: {told(error)}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those that it arose from, the outermost first."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__


def _frames(tb: TracebackType | None, places: dict[str, str]) -> Iterator[_Frame]:
    for frame, line in traceback.walk_tb(tb):
        code = frame.f_code
        file = code.co_filename
        whose = next((words for place, words in places.items() if _inside(file, place)), "")
        yield _Frame(file, line, code.co_qualname, whose)


def _inside(file: str, place: str) -> bool:
    return file == place or Path(place) in Path(file).parents
