"""Lines of JSON, each with the sha256 of the line before it: an edit or a missing line shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backtests.reading.files import Unreadable
from backtests.reading.shape import TEXT, Leaf, check
from backtests.reading.untrusted import parse_json
from backtests.writing.numbers import count

#: Bytes of a line, and its largest number: a line with more is none of ours.
LONGEST, LAST = 4 * 2**20, 10**7
#: How each line of ours begins.
_BEGINNING = b'{"n": '
_NUMBER = Leaf("a line number", lambda v: isinstance(v, int) and v is not True and 0 < v <= LAST)
_LINK = {"n": _NUMBER, "previous": TEXT}


@dataclass(frozen=True)
class ChainedLine:
    """A line as it stands in the file.

    Attributes
    ----------
    content : object
        What `decode` returned; None where the line cannot be read.
    n, previous : int, str
        The number and the sha256 of the line before, as they are written in the line.
    """

    raw: bytes
    content: Any
    n: int = 0
    previous: str = ""

    @property
    def digest(self) -> str:
        """The sha256 of the line."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def torn(self) -> bool:
        """Whether it is the beginning of a line of ours."""
        begins = self.raw.startswith(_BEGINNING) or _BEGINNING.startswith(self.raw)
        return self.content is None and begins and not self.raw.endswith(b"}")


def parse(raw: bytes, decode: Callable[[Mapping[str, Any]], Any]) -> list[ChainedLine]:
    """Return the lines of a file; a line that cannot be read stays, without content.

    `decode` raises `Unreadable` for an entry that it does not know.
    """
    return [_line(text, decode) for text in raw.split(b"\n") if text.strip()]


def _line(raw: bytes, decode: Callable[[Mapping[str, Any]], Any]) -> ChainedLine:
    if len(raw) > LONGEST:
        return ChainedLine(raw, None)
    try:
        entry = parse_json(raw, "the line")
        check(entry, _LINK, "the line")
        return ChainedLine(raw, decode(entry), entry["n"], entry["previous"])
    except Unreadable:  # `damage` reports and counts it
        return ChainedLine(raw, None)


def extend(lines: Sequence[ChainedLine], entries: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the bytes of new lines that follow the given lines."""
    previous = lines[-1].digest if lines else ""
    entries = list(entries)
    n = max((len(lines), *(line.n for line in lines)))
    if n + len(entries) > LAST:  # none of ours: the next line with such a number could not be read
        n = len(lines)
    written = []
    for entry in entries:
        n += 1
        raw = json.dumps(
            {"n": n, **entry, "previous": previous}, ensure_ascii=False, allow_nan=False
        ).encode()
        previous = hashlib.sha256(raw).hexdigest()
        written.append(raw + b"\n")
    return b"".join(written)


def damage(lines: Sequence[ChainedLine], what: str, each: str) -> tuple[int, list[str]]:
    """Return how many entries cannot be read or are missing, and sentences on what is wrong.

    Parameters
    ----------
    what : str
        The file in a sentence: ``the ledger``.
    each : str
        What an entry is: ``trial``.
    """
    unread = [number for number, line in enumerate(lines, start=1) if line.content is None]
    broken, missing, last, digest = [], 0, 0, ""
    for number, line in enumerate(lines, start=1):
        if line.content is not None:
            if line.previous != digest:
                broken.append(number)
            missing += max(0, line.n - last - 1)
        last = max(last + 1, line.n)
        digest = line.digest
    sentences = []
    if unread:
        counts = f"counts as one {each}" if len(unread) == 1 else f"count as one {each} each"
        sentences.append(f"{_which(unread)} of {what} cannot be read and {counts}.")
    if missing:
        are = f"{count(missing, 'line')} {'is' if missing == 1 else 'are'} missing in {what}"
        sentences.append(f"{are}, counted as {count(missing, each)}.")
    elif broken:
        does = "does" if len(broken) == 1 else "do"
        sentences.append(
            f"{_which(broken)} of {what} {does} not follow from the line before: something was edited there."
        )
    return len(unread) + missing, sentences


def _which(numbers: Sequence[int]) -> str:
    """Return the numbers of some lines in words, the first five of them."""
    shown = ", ".join(map(str, numbers[:5]))
    more = f" and {len(numbers) - 5:,} more" if len(numbers) > 5 else ""
    return f"{'Line' if len(numbers) == 1 else 'Lines'} {shown}{more}"
