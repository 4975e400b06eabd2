"""The file of a universe: the tickers of one account, and the splits that their bars lack."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from backtests.reading.files import read_written
from backtests.writing.plain import short
from forecasters.bars import COLUMNS, PRICES, Bars
from forecasters.errors import InputError

#: The largest ratio of a split; the largest that exchanges know are a few thousand to one.
LARGEST_RATIO = 1_000_000
_RATIO = re.compile(r"\d{1,9}(\.\d{1,9})?|\d{1,9}/\d{1,9}")
_LINE = re.compile(r"(?P<ticker>\S+)(?P<corrections>(\s+(prices\s+)?x\S+\s+before\s+\S+)*)")
_CORRECTION = re.compile(r"(?<!\S)(prices\s+)?x(\S+)\s+before\s+(\S+)")


@dataclass(frozen=True)
class VolumeCorrection:
    """A correction: multiply the volumes before this session by `factor`, the ratio of a split."""

    before: str
    factor: float


@dataclass(frozen=True)
class Split:
    """A split that a file lacks: prices before this session times `ratio`, volumes divided by it.

    `ratio` is a text as a user writes it, ``1/5`` or ``10``.
    """

    before: str
    ratio: str


@dataclass(frozen=True)
class Universe:
    """The tickers of a file, in its order, and the corrections of their volumes and prices.

    The name is the stem of the file; it enters no key.
    """

    name: str
    tickers: tuple[str, ...]
    corrections: Mapping[str, tuple[VolumeCorrection, ...]]
    splits: Mapping[str, tuple[Split, ...]] = field(default_factory=dict)


def read_universe(path: str | Path) -> Universe:
    """Return the universe of a file: one ticker on each line, ``#`` begins a comment.

    After a ticker the line may name the split that its volumes were not adjusted for:
    ``005930.KS x50 before 2018-05-04``, ``011200.KS x1/7 before 2016-05-09``; and the split that
    neither prices nor volumes were adjusted for: ``263750.KS prices x1/5 before 2021-04-16``.

    Raises
    ------
    InputError
        There is no such file, a ticker is named twice, a line has another form, or no ticker is named;
        the message gives the number of the line and what to do.
    """
    path = Path(path)
    text = read_written(
        path,
        f"--universe {path}",
        "write one with a ticker on each line",
        long="write one ticker on each line",
    )
    lines: dict[str, int] = {}
    corrections: dict[str, tuple[VolumeCorrection, ...]] = {}
    splits: dict[str, tuple[Split, ...]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        match = _LINE.fullmatch(content)
        if not match:
            raise InputError(
                f"--universe {path}, line {number}: {short(content)} is not a ticker; write one ticker on each "
                "line, and after it only the split that its volumes lack, 005930.KS x50 before 2018-05-04, or "
                "that its prices lack, 263750.KS prices x1/5 before 2021-04-16"
            )
        ticker = match["ticker"]
        if not ticker.isprintable():
            raise InputError(
                f"--universe {path}, line {number}: {short(ticker)} has a character that cannot be seen; "
                "type the ticker again"
            )
        if ticker in lines:
            raise InputError(
                f"--universe {path}: {ticker} is on line {lines[ticker]} and again on line "
                f"{number}; remove one"
            )
        lines[ticker] = number
        where = f"--universe {path}, line {number}"
        found = _CORRECTION.findall(match["corrections"])
        if pairs := [pair for prices, *pair in found if not prices]:
            corrections[ticker] = tuple(_correction(factor, day, where) for factor, day in pairs)
        if pairs := [pair for prices, *pair in found if prices]:
            splits[ticker] = tuple(_split(ratio, day, where) for ratio, day in pairs)
    if not lines:
        raise InputError(f"--universe {path} names no ticker; write one on each line")
    return Universe(path.stem, tuple(lines), corrections, splits)


def read_split(line: str, where: str) -> tuple[str, Split]:
    """Return the ticker and the split of a line: ``263750.KS prices x1/5 before 2021-04-16``.

    Raises
    ------
    InputError
        The line has another form; `where` says where it stands.
    """
    match = _LINE.fullmatch(line.strip())
    found = _CORRECTION.findall(match["corrections"]) if match else []
    if not match or len(found) != 1 or not found[0][0]:
        raise InputError(
            f"{where}: {short(line)} is no split; write '263750.KS prices x1/5 before 2021-04-16', the ratio "
            "of the price after to the price before, and the first session after the split"
        )
    _, ratio, day = found[0]
    return match["ticker"], _split(ratio, day, where)


def _split(ratio: str, day: str, where: str) -> Split:
    return Split(_correction(ratio, day, where).before, str(Fraction(ratio)))


def _correction(factor: str, day: str, where: str) -> VolumeCorrection:
    if not _RATIO.fullmatch(factor):  # before it is computed: 1e99999999 takes hours
        raise _no_correction(factor, day, where)
    try:
        value = float(Fraction(factor))
        before = datetime.date.fromisoformat(day).isoformat()
    except (ValueError, ZeroDivisionError):
        raise _no_correction(factor, day, where) from None
    if not 1 / LARGEST_RATIO <= value <= LARGEST_RATIO:
        raise InputError(
            f"{where}: {short(f'x{factor}')} is not the ratio of a split; it must be above 0, from "
            f"1/{LARGEST_RATIO} to {LARGEST_RATIO}"
        )
    return VolumeCorrection(before, value)


def _no_correction(factor: str, day: str, where: str) -> InputError:
    return InputError(
        f"{where}: {short(f'x{factor} before {day}')} is no split: write the ratio and the first session "
        "after the split: x50 before 2018-05-04"
    )


def with_splits(bars: Bars, splits: Sequence[Split]) -> Bars:
    """Return the bars with the prices before each split times its ratio, the volumes divided by it.

    Raises
    ------
    InputError
        No bar lies before a split, or none from its session on: the date is mistaken.

    Examples
    --------
    >>> days = np.array(["2021-04-12", "2021-04-16"], dtype="datetime64[D]")
    >>> close = np.array([336_500.0, 67_000.0])
    >>> bars = Bars("263750.KS", days, close, close, close, close, np.array([900.0, 5000.0]))
    >>> split = with_splits(bars, [Split("2021-04-16", "1/5")])
    >>> split.close.tolist(), split.volume.tolist(), split.origin.splits
    ([67300.0, 67000.0], [4500.0, 5000.0], (('2021-04-16', '1/5'),))
    """
    if not splits:
        return bars
    columns = {name: getattr(bars, name).copy() for name in COLUMNS}
    for split in splits:
        ratio = Fraction(split.ratio)
        over, under = float(ratio.numerator), float(ratio.denominator)
        earlier = bars.sessions < np.datetime64(split.before, "D")
        if not earlier.any() or earlier.all():
            raise InputError(
                f"{bars.ticker}: a split before {split.before} lies outside the bars, "
                f"{bars.sessions[0]} to {bars.sessions[-1]}: correct its date"
            )
        for name in PRICES:
            columns[name][earlier] = columns[name][earlier] * over / under
        columns["volume"][earlier] = columns["volume"][earlier] * under / over
    applied = (*bars.origin.splits, *((split.before, split.ratio) for split in splits))
    return replace(bars, **columns, origin=replace(bars.origin, splits=applied))


def corrected(bars: Bars, corrections: Sequence[VolumeCorrection]) -> Bars:
    """Return the bars with the volumes before each split multiplied by its ratio."""
    volume = bars.volume.copy()
    for correction in corrections:
        volume[bars.sessions < np.datetime64(correction.before, "D")] *= correction.factor
    return replace(bars, volume=volume) if corrections else bars
