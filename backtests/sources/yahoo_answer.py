"""Yahoo's answer to a chart request, checked before yfinance reads it, and what its rows lack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backtests.reading.files import Unreadable
from backtests.reading.shape import NUMBER, TEXT, Leaf, check, optional
from backtests.reading.untrusted import parse_json
from backtests.sources.source import SourceBusy
from forecasters.bars import COLUMNS, Days

if TYPE_CHECKING:
    import pandas as pd

#: Bytes of an answer after it is inflated: 90 years of daily rows have 5 MiB.
LARGEST = 32 * 2**20
_STAMP = Leaf("a time", lambda v: NUMBER.holds(v) and abs(v) < 9e9)  # within what pandas can hold
_RATIO = Leaf("a number above 0", lambda v: NUMBER.holds(v) and v > 0)
_PAID = {"date": _STAMP, "amount": NUMBER}
_COLUMN = [optional(NUMBER)]
#: An answer with rows, as far as it is read.
SHAPE = {
    "meta": {"currency?": optional(TEXT), "exchangeTimezoneName": TEXT},
    "timestamp": [_STAMP],
    "indicators": {
        "quote": [dict.fromkeys(COLUMNS, _COLUMN)],
        "adjclose?": [{"adjclose": _COLUMN}],
    },
    "events?": {
        "splits?": {str: {"date": _STAMP, "numerator": _RATIO, "denominator": _RATIO}},
        "dividends?": {str: _PAID},
        "capitalGains?": {str: _PAID},
    },
}


@dataclass(frozen=True, eq=False)
class Chart:
    """The rows of an answer, [N], in the order in which they came.

    Attributes
    ----------
    days : datetime64[D], shape [N]
        Dates at the exchange.
    rows : tuple of tuple
        Open, high, low, close and volume of each; None is null.
    currency : str
        Empty if the answer does not say it.
    adjusted : bool
        Whether the answer has an adjusted close for a row.
    """

    days: Days
    rows: tuple[tuple[Any, ...], ...]
    currency: str
    adjusted: bool

    def findings(self, inside: Any) -> tuple[tuple[str, int, str], ...]:
        """Return what is wrong with the rows, as `Origin.findings` has it.

        Parameters
        ----------
        inside : callable
            Whether a day counts: the others were not asked for, or are still open.
        """
        backwards = [
            str(day)
            for day, before in zip(self.days[1:], self.days, strict=False)
            if day < before and inside(day)
        ]
        repeated = []
        for day, rows in self._several().items():
            if inside(day) and len(set(rows)) == 1:
                repeated += [str(day)] * (len(rows) - 1)
        contradicting = [str(day) for day in self.contradicting() if inside(day)]
        kinds = {"repeated": repeated, "contradicting": contradicting, "unsorted": backwards}
        return tuple((kind, len(days), min(days)) for kind, days in kinds.items() if days)

    def contradicting(self) -> Days:
        """Return the days that came more than once, with different prices or volumes."""
        days = [day for day, rows in self._several().items() if len(set(rows)) > 1]
        return np.array(days, dtype="datetime64[D]")

    def _several(self) -> dict[np.datetime64, list[tuple[Any, ...]]]:
        by_day: dict[np.datetime64, list[tuple[Any, ...]]] = {}
        for day, row in zip(self.days, self.rows, strict=True):
            by_day.setdefault(day, []).append(row)
        if self._last_is_sent_again():
            by_day[self.days[-1]][-2] = self.rows[-1]  # yfinance keeps the last row too
        return {day: rows for day, rows in by_day.items() if len(rows) > 1}

    def _last_is_sent_again(self) -> bool:
        """Return whether the last two rows are one day with one price, whose volume has grown."""
        if len(self.days) < 2 or self.days[-1] != self.days[-2]:
            return False
        return self.rows[-1][:-1] == self.rows[-2][:-1]


def read_chart(body: bytes) -> Chart | None:
    """Return the rows of an answer; None where Yahoo says that there are none.

    The content decides, not its type: a proxy may name any.

    Raises
    ------
    SourceBusy
        It is not such an answer: no JSON, too deep, another shape, columns of different length.
    """
    try:
        value = parse_json(body, "the answer")
        check(value, {"chart": {}}, "the answer")
        error = value["chart"].get("error")
        if error:
            check(error, {"description": TEXT}, "the error in the answer")
            return None
        results = value["chart"].get("result")
        if results is None or results == []:
            return None
        check(results, [{"meta": {}}], "the answer")
        result = results[0]
        if "timestamp" not in result and result.get("indicators") in (
            {"quote": [{}]},
            {"quote": [{}], "adjclose": [{}]},
        ):
            check(result, {"meta": SHAPE["meta"]}, "the answer")
            return None
        check(result, SHAPE, "the answer")
        return _chart(result)
    except Unreadable as wrong:
        raise unreadable(str(wrong)) from wrong


def _chart(result: dict[str, Any]) -> Chart:
    if not result["indicators"]["quote"]:
        raise Unreadable("the answer has no column")
    quote = result["indicators"]["quote"][0]
    adjusted = result["indicators"].get("adjclose", [{"adjclose": None}])
    if not adjusted:
        raise Unreadable("the answer has an empty list of adjusted closes")
    closes = adjusted[0]["adjclose"]
    columns = [quote[name] for name in COLUMNS]
    if {len(c) for c in (*columns, *([] if closes is None else [closes]))} != {
        len(result["timestamp"])
    }:
        raise Unreadable("the columns of the answer differ in length")
    meta = result["meta"]
    return Chart(
        days=_days(result["timestamp"], meta["exchangeTimezoneName"]),
        rows=tuple(zip(*columns, strict=True)),
        currency=meta.get("currency") or "",
        adjusted=closes is not None and any(close is not None for close in closes),
    )


def _days(stamps: list[float], zone: str) -> Days:
    """Return the dates at the exchange. Late on the evening before is the next day, as in yfinance."""
    import pandas as pd

    try:
        index: pd.DatetimeIndex = pd.to_datetime(stamps, unit="s", utc=True).tz_convert(zone)
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise Unreadable(f"the answer has no known timezone ({type(error).__name__})") from error
    local = index.tz_localize(None) + pd.Timedelta(hours=2)
    return np.asarray(local.to_numpy().astype("datetime64[D]"))


def unreadable(why: str) -> SourceBusy:
    """Return the error for an answer that cannot be read."""
    return SourceBusy(
        f"Yahoo Finance gave an answer that cannot be read: {why}; there may be a proxy or portal in "
        "between: try again later, or give bars with --data-dir"
    )
