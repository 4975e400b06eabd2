"""Hostile files that a person writes: universes and configurations; and what is no file at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.backtests.odd_places import make_hole, make_loop, make_socket
from tests.backtests.reading.case import FILES, Case

UNIVERSES: tuple[tuple[str, bytes | str, str | None], ...] = (
    (
        "a factor that takes hours",
        "X x1e99999999 before 2016-01-01\n",
        "line 1.*x1e99999999 before",
    ),
    ("a factor of 1e300", "X x1e300 before 2016-01-01\n", "is no split"),
    ("a factor of 999999999", "X x999999999 before 2016-01-01\n", "ratio of a split"),
    ("a factor of 1/999999999", "X x1/999999999 before 2016-01-01\n", "ratio of a split"),
    ("a factor of 0", "X x0 before 2016-01-01\n", "above 0"),
    ("a divisor of 0", "X x1/0 before 2016-01-01\n", "is no split"),
    ("a negative factor", "X x-5 before 2016-01-01\n", "is no split"),
    ("infinity", "X xinf before 2016-01-01\n", "is no split"),
    ("NaN", "X xnan before 2016-01-01\n", "is no split"),
    ("digits without end", f"X x{'9' * 900} before 2016-01-01\n", "is no split"),
    ("underscores", "X x5_0 before 2016-01-01\n", "is no split"),
    ("NaT", "X x2 before NaT\n", "NaT"),
    ("today", "X x2 before today\n", "today"),
    ("now", "X prices x1/5 before now\n", "now"),
    ("a month", "X x2 before 2016-01\n", "is no split"),
    ("no day", "X x2 before 2016-02-30\n", "is no split"),
    ("a sound one", "X x50 before 2018-05-04 prices x1/5 before 2021-04-16\n", None),
    ("a ticker twice", "X\nX\n", "line 1 and again on line 2"),
    ("a ticker twice and a comment", "X # one\n X # two\n", "again on line 2"),
    ("empty", b"", "names no ticker"),
    ("comments alone", "# one\n\n# two\n", "names no ticker"),
    ("a mark of UTF-8", b"\xef\xbb\xbfX\n", None),
    ("CP949", "X # 엘지".encode("cp949"), "save it as UTF-8"),
    ("UTF-16", "X\n".encode("utf-16"), "save it as UTF-8"),
    ("no text", bytes(range(256)), "save it as UTF-8"),
    ("a zero byte", "X\0\n", "zero byte"),
    ("a line of 900,000 letters", "X" * 900_000, "write one ticker on each line"),
    ("ten megabytes", "X" * 10_000_000, "10,000,000 bytes"),
    ("many corrections", "X" + " x2 before 2016-01-01" * 40 + "\n", None),
    ("half a correction", "X" + " x2 before" * 80 + "\n", "is not a ticker|is no split"),
    ("two words", "X Y\n", "is not a ticker"),
    ("bidi", "X\u202e\n", r"\\u202e"),
    ("a space of no width", "X\u200bY\n", "cannot be seen"),
    ("escape", "X \x1b[31mevil\n", r"\\x1b"),
    ("old line ends", "X\rY\r", None),
    ("many lines with old ends", "".join(f"T{i}\r" for i in range(900)), None),
    ("a zero byte after old line ends", "X\rY\r\nZ\0", "line 3 holds a zero byte"),
    ("50,000 tickers", "".join(f"T{i}\n" for i in range(50_000)), None),
)
CONFIGS: tuple[tuple[str, bytes | str, str | None], ...] = (
    ("sound", 'ticker = ["X"]\nseeds = 2\n', None),
    ("empty", b"", None),
    ("a mark of UTF-8", b"\xef\xbb\xbfseeds = 2\n", None),
    ("nested lists", "seeds = " + "[" * 400 + "]" * 400, "a list; it takes a whole number"),
    ("nested lists over lines", "seeds = " + "[\n" * 9_000 + "]\n" * 9_000, "too deep"),
    ("nested tables", "".join(f"[{'.'.join('a' * n)}]\n" for n in range(1, 90)), "no key 'a'"),
    ("lists in a list", 'ticker = [["X"], ["Y"]]', "a list; it takes a text or a list"),
    ("numbers in a list", "ticker = [1, 2]", "takes a text or a list"),
    ("5,000 digits", "cash = " + "9" * 5_000, "a number that is too long"),
    ("a list of 2,000 letters", f'ticker = ["X"{" " * 2_000}]', None),
    ("900 digits", "cash = " + "9" * 900, "too large a number"),
    ("900 digits for a whole number", "seeds = " + "9" * 900, "too large a number"),
    ("a number beyond its bounds", "seeds = -5", "at least 1"),
    ("infinity", "cash = inf", "finite number"),
    ("NaN", "threshold = nan", "finite number"),
    ("a whole number as a text", 'seeds = "3"', "a text; it takes a whole number"),
    ("a whole number with a point", "seeds = 3.0", "it takes a whole number"),
    ("truth for a number", "seeds = true", "it takes a whole number"),
    ("a number for truth", "save_fits = 1", "it takes true or false"),
    ("a table for a text", "[ticker]\na = 1", "a table"),
    ("a time", "start = 12:00:00", "a time"),
    ("a moment", "start = 2015-01-01T10:00:00", "write a date"),
    ("a near key", "seedz = 3", "did you mean 'seed'"),
    ("a key of 900 letters", "k" * 900 + " = 3", "no key"),
    ("a key of bidi", '"\u202e" = 3', "no key"),
    ("a key twice", "seeds = 1\nseeds = 2", "is not a TOML file"),
    ("no value", "seeds =", "is not a TOML file"),
    ("a zero byte", "seeds = 2\0", "zero byte"),
    ("a zero byte in a text", r'market = "a\u0000b"', "cannot be seen"),
    ("a zero byte in a path", r'out = "a\u0000b"', "cannot be seen"),
    ("escape in a text", r'market = "a\u001bb"', "cannot be seen"),
    ("bidi in a ticker", r'ticker = "a\u202eb"', "cannot be seen"),
    ("an empty folder", 'data_dir = ""', "--data-dir is empty"),
    ("an empty out", 'out = " "', "--out is empty"),
    ("an empty ticker", 'ticker = ["X", ""]', "--ticker is empty"),
    ("a ticker that leaves", 'ticker = "../X"', "is not a ticker"),
    ("a benchmark that leaves", 'benchmark = "../X"', "is not a ticker"),
    ("a ticker of 300 letters", f'ticker = "{"X" * 300}"', "at most 64 letters"),
    ("the account of a universe", 'ticker = "universe"', "rename the ticker"),
    ("an unknown source of 900 letters", f'tearsheets = "{"x" * 900}"', "tearsheets"),
    ("no text", bytes(range(256)), "save it as UTF-8"),
    ("CP949", 'name = "엘지"'.encode("cp949"), "save it as UTF-8"),
    ("UTF-16", "seeds = 2".encode("utf-16"), "save it as UTF-8"),
    ("a hundred kilobytes", "# x\n" * 25_000, "100,000 bytes"),
    ("dots without end", "a." * 400 + "b = 1", "no key 'a'"),
    ("a text without end", 'market = """' + "x\n" * 9, "is not a TOML file"),
)


def _folder(path: Path) -> None:
    path.mkdir()


def _link(path: Path) -> None:
    path.symlink_to("nowhere\x1b")


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


PLACES: tuple[tuple[str, Callable[[Path], None], str], ...] = (
    ("a folder", _folder, "is a folder, not a file"),
    ("a pipe", os.mkfifo, "is a pipe, not a file"),
    ("a device", _device, "is a device, not a file"),
    ("a socket", make_socket, "is a socket, not a file"),
    ("a broken link", _link, "is a link to .* which does not exist"),
    ("a link to itself", make_loop, "cannot be read"),
    ("a terabyte", make_hole, "1,000,000,000,000 bytes"),
)


def cases() -> list[Case]:
    """Return all of them; what is no file is tried with every reader."""
    readers = [kind for kind in FILES if kind != "snapshot"]
    return [
        *(Case("universe", *one) for one in UNIVERSES),
        *(Case("config", *one) for one in CONFIGS),
        *(Case(kind, *place) for kind in readers for place in PLACES),
    ]


def snapshots() -> list[Case]:
    """Return what is no file in place of a snapshot."""
    return [
        Case("snapshot", name, make, "damaged") for name, make, _ in PLACES if name != "a terabyte"
    ]
