"""The file of a universe: the tickers of one account, and the splits that their volumes lack."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from forecasters.bars import Bars
from forecasters.errors import InputError

_LINE = re.compile(r"(?P<ticker>\S+)(?P<corrections>(\s+x\S+\s+before\s+\S+)*)")
_CORRECTION = re.compile(r"x(\S+)\s+before\s+(\S+)")


@dataclass(frozen=True)
class VolumeCorrection:
    """A correction: multiply the volumes before this session by `factor`, the ratio of a split."""

    before: str
    factor: float


@dataclass(frozen=True)
class Universe:
    """The tickers of a file, in its order, and the corrections of their volumes.

    The name is the stem of the file; it enters no key.
    """

    name: str
    tickers: tuple[str, ...]
    corrections: Mapping[str, tuple[VolumeCorrection, ...]]


def read_universe(path: str | Path) -> Universe:
    """Return the universe of a file: one ticker on each line, ``#`` begins a comment.

    After a ticker the line may name the split that its volumes were not adjusted for:
    ``005930.KS x50 before 2018-05-04``, ``011200.KS x1/7 before 2016-05-09``.

    Raises
    ------
    InputError
        There is no such file, a ticker is named twice, a line has another form, or no ticker is named;
        the message gives the number of the line and what to do.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(
            f"--universe {path}: there is no such file; write one with a ticker on each line"
        ) from None
    except UnicodeDecodeError:
        raise InputError(f"--universe {path} is no text in UTF-8; save it as UTF-8") from None
    lines: dict[str, int] = {}
    corrections: dict[str, tuple[VolumeCorrection, ...]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        match = _LINE.fullmatch(content)
        if not match:
            raise InputError(
                f"--universe {path}, line {number}: '{content}' is not a ticker; write one ticker on each "
                "line, and after it only the split that its volumes lack: 005930.KS x50 before 2018-05-04"
            )
        ticker = match["ticker"]
        if ticker in lines:
            raise InputError(
                f"--universe {path}: {ticker} is on line {lines[ticker]} and again on line "
                f"{number}; remove one"
            )
        lines[ticker] = number
        where = f"--universe {path}, line {number}"
        if pairs := _CORRECTION.findall(match["corrections"]):
            corrections[ticker] = tuple(_correction(factor, day, where) for factor, day in pairs)
    if not lines:
        raise InputError(f"--universe {path} names no ticker; write one on each line")
    return Universe(path.stem, tuple(lines), corrections)


def _correction(factor: str, day: str, where: str) -> VolumeCorrection:
    try:
        value = float(Fraction(factor))
        before = str(np.datetime64(day, "D"))
    except (ValueError, ZeroDivisionError, OverflowError):
        raise InputError(
            f"{where}: write the ratio and the first session after the split: x50 before 2018-05-04"
        ) from None
    if not 0 < value < math.inf:
        raise InputError(f"{where}: x{factor} is not the ratio of a split; it must be above 0")
    return VolumeCorrection(before, value)


def corrected(bars: Bars, corrections: Sequence[VolumeCorrection]) -> Bars:
    """Return the bars with the volumes before each split multiplied by its ratio."""
    volume = bars.volume.copy()
    for correction in corrections:
        volume[bars.sessions < np.datetime64(correction.before, "D")] *= correction.factor
    return replace(bars, volume=volume) if corrections else bars
