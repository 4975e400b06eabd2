"""Files are read as they come."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backtests.sources.csv import CsvFolder
from backtests.sources.source import NotCovered, UnknownTicker
from forecasters.bars import COLUMNS, Bars
from forecasters.errors import InputError

ALWAYS = ("1980-01-01", "2100-01-01")
ROWS = ["2015-01-05,100,110,90,105,1000", "2015-01-06,105,120,100,110,2000"]


def read(folder: Path, text: str | bytes, ticker: str = "X", adjust: str = "splits") -> Bars:
    raw = text.encode() if isinstance(text, str) else text
    (folder / f"{ticker}.csv").write_bytes(raw)
    return CsvFolder(folder, adjust).fetch(ticker, *ALWAYS)


def test_yahoo_export_with_adjusted_close(tmp_path: Path) -> None:
    text = "Date,Open,High,Low,Close,Adj Close,Volume\n2015-01-05,100,110,90,105,52.5,1000\n"
    bars = read(tmp_path, text)
    assert bars.close.tolist() == [105.0]
    assert bars.origin.vendor == "file X.csv"
    assert bars.origin.adjusted == "as in the file"
    assert not bars.origin.simulated


def test_adjust_all_scales_every_price_by_the_adjusted_close(tmp_path: Path) -> None:
    text = "Date,Open,High,Low,Close,Adj Close,Volume\n2015-01-05,100,110,90,105,52.5,1000\n"
    bars = read(tmp_path, text, adjust="all")
    assert [bars.open[0], bars.high[0], bars.low[0], bars.close[0]] == [50.0, 55.0, 45.0, 52.5]
    assert bars.volume[0] == 1000
    assert bars.origin.adjusted == "all"


def test_adjust_all_without_an_adjusted_close_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"X\.csv has none: use --adjust splits"):
        read(tmp_path, "Date,Open,High,Low,Close,Volume\n" + ROWS[0], adjust="all")


def test_tehran_close_is_the_last_trade_and_adj_close_adjusts_nothing(tmp_path: Path) -> None:
    text = (
        "date,open,high,low,adjClose,value,volume,count,yesterday,close\n"
        "2018-03-25,2800,2900,2750,2850.0,1000000,400,30,2790.0,2880\n"
    )
    bars = read(tmp_path, text)
    assert (bars.close[0], bars.volume[0]) == (2880.0, 400.0)
    with pytest.raises(InputError, match="adjusted close"):
        read(tmp_path, text, adjust="all")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_korean_headers_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    text = '날짜,시가,고가,저가,종가,거래량\r\n2015.01.05,"1,000","1,100",900,"1,050","12,345"\r\n'
    bars = read(tmp_path, text.encode(encoding))
    assert [getattr(bars, name)[0] for name in COLUMNS] == [1000, 1100, 900, 1050, 12345]


def test_no_header_and_a_trailing_change(tmp_path: Path) -> None:
    bars = read(tmp_path, "\n".join(row + ",-0.008" for row in ROWS))
    assert bars.volume.tolist() == [1000, 2000]


def test_no_header_after_a_byte_order_mark(tmp_path: Path) -> None:
    bars = read(tmp_path, "\n".join(ROWS).encode("utf-8-sig"))
    assert bars.volume.tolist() == [1000, 2000]


def test_newest_first_is_sorted(tmp_path: Path) -> None:
    assert read(tmp_path, "\n".join(ROWS[::-1])).close.tolist() == [105, 110]


def test_closed_days_and_nulls_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [*ROWS, "2015-01-07,0,0,0,0,0", "2015-01-08,null,null,null,null,null"]
    bars = read(tmp_path, "\n".join(rows))
    assert len(bars) == 2
    assert bars.origin.dropped == 2


def test_a_halt_is_kept_and_is_not_tradable(tmp_path: Path) -> None:
    bars = read(tmp_path, "\n".join([*ROWS, "2015-01-07,0,0,0,110,0"]))
    assert bars.tradable.tolist() == [True, True, False]
    assert bars.open[2] == 110
    assert bars.origin.dropped == 0


def test_dropped_counts_only_the_dates_asked_for(tmp_path: Path) -> None:
    (tmp_path / "X.csv").write_text("\n".join([*ROWS, "2015-01-07,0,0,0,0,0"]))
    bars = CsvFolder(tmp_path).fetch("X", "2015-01-05", "2015-01-06")
    assert (len(bars), bars.origin.dropped) == (1, 0)


def test_parquet_with_a_date_index_in_seoul(tmp_path: Path) -> None:
    index = pd.DatetimeIndex(["2015-01-05", "2015-01-06"], tz="Asia/Seoul", name="Date")
    frame = pd.DataFrame(
        {"Open": [1.0, 2], "High": [1.0, 2], "Low": [1.0, 2], "Close": [1.0, 2], "Volume": [1, 2]},
        index=index,
    )
    frame.to_parquet(tmp_path / "X.parquet")
    bars = CsvFolder(tmp_path).fetch("X", *ALWAYS)
    assert bars.sessions.astype(str).tolist() == ["2015-01-05", "2015-01-06"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("Date,Open,High,Low,Close,Volume\n", "no rows"),
        ("Date,Open,High,Low,Volume\n2015-01-05,1,1,1,1", "no column close; the columns are Date"),
        ("\n".join([ROWS[0], ROWS[0]]), "2015-01-05 comes twice"),
        ("2015-01-05,100,110,90,abc,1000", "line 1: close 'abc' is not a number"),
        (
            "Date,Open,High,Low,Close,Volume\n01/05/2015,1,1,1,1,1",
            "line 2: '01/05/2015' is not a date",
        ),
        ("2015-02-30,1,1,1,1,1", "is not a day"),
        ("1398-01-05,1,1,1,1,1", "year 1398 is not Gregorian"),
        ("Date,Open,High,Low,Close,Volume\n2015-01-05,1,000,1,000,1,000,1,000,5", "line 2 has 10"),
        ("\n".join([ROWS[0], "2015-01-06,105,12"]), "line 2 has 3 cells, 6 are expected"),
        ("2015-01-05,100,null,90,105,1000", "a price is missing in every row from 1980-01-01"),
        (b"\xff\xff\x00\x81", "neither UTF-8 nor CP949"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert says in str(caught.value)


def test_a_missing_file_is_answered_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "051900.KS.csv").write_text(ROWS[0])
    with pytest.raises(UnknownTicker, match=r"did you mean '051900\.KS'"):
        CsvFolder(tmp_path).fetch("051900", *ALWAYS)


def test_dates_outside_the_file_say_what_it_covers(tmp_path: Path) -> None:
    (tmp_path / "X.csv").write_text("\n".join(ROWS))
    with pytest.raises(NotCovered, match="covers 2015-01-05 to 2015-01-06"):
        CsvFolder(tmp_path).fetch("X", "2016-01-01", "2017-01-01")


@pytest.mark.parametrize("ticker", ["../X", "a/b", "a\\b", "", ".hidden", "C:X"])
def test_a_ticker_cannot_leave_the_folder(tmp_path: Path, ticker: str) -> None:
    (tmp_path.parent / "X.csv").write_text(ROWS[0])
    with pytest.raises(InputError, match="is not a ticker"):
        CsvFolder(tmp_path).fetch(ticker, *ALWAYS)


@pytest.mark.parametrize(
    ("start", "end"), [("2015-1-1", "2016-01-01"), ("2016-01-01", "2016-01-01"), ("x", "y")]
)
def test_dates_are_checked(tmp_path: Path, start: str, end: str) -> None:
    with pytest.raises(InputError, match="start"):
        CsvFolder(tmp_path).fetch("X", start, end)


def test_no_folder_names_the_flag(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--data-dir"):
        CsvFolder().fetch("X", *ALWAYS)
    with pytest.raises(InputError, match="is not a folder"):
        CsvFolder(tmp_path / "nowhere").fetch("X", *ALWAYS)


@dataclass
class Dialect:
    """How somebody may write the same rows."""

    header: str | None
    date: str
    thousands: bool
    encoding: str
    newest_first: bool
    closed_days: bool
    end_of_line: str


HEADERS = {
    "Date,Open,High,Low,Close,Adj Close,Volume": "{d},{o},{h},{l},{c},{c},{v}",
    "Date,Open,High,Low,Close,Volume": "{d},{o},{h},{l},{c},{v}",
    "날짜,시가,고가,저가,종가,거래량": "{d},{o},{h},{l},{c},{v}",
    "date,open,high,low,adjClose,value,volume,count,yesterday,close": (
        "{d},{o},{h},{l},7,9,{v},3,8,{c}"
    ),
    None: "{d},{o},{h},{l},{c},{v},0.01",
}
DIALECTS = st.builds(
    Dialect,
    header=st.sampled_from(list(HEADERS)),
    date=st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m-%d 00:00:00"]),
    thousands=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp949"]),
    newest_first=st.booleans(),
    closed_days=st.booleans(),
    end_of_line=st.sampled_from(["\n", "\r\n"]),
)
PRICE = st.integers(min_value=1, max_value=2_000_000)
BAR = st.tuples(
    st.dates(datetime.date(1985, 1, 1), datetime.date(2060, 1, 1)),
    st.lists(PRICE, min_size=4, max_size=4),
    st.integers(min_value=1, max_value=10**10),
)


@settings(
    max_examples=settings.default.max_examples,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(BAR, min_size=1, max_size=12, unique_by=lambda bar: bar[0]), DIALECTS)
def test_every_dialect_gives_the_same_bars(
    tmp_path: Path, drawn: list[tuple[datetime.date, list[int], int]], dialect: Dialect
) -> None:
    def number(value: int) -> str:
        return f'"{value:,}"' if dialect.thousands else str(value)

    drawn = sorted(drawn)
    table = []
    for day, prices, volume in drawn:
        low, a, b, high = sorted(prices)
        table.append((day, a, high, low, b, volume))
    if dialect.closed_days:
        table.append((drawn[-1][0] + datetime.timedelta(days=1), 0, 0, 0, 0, 0))
    lines = [
        HEADERS[dialect.header].format(
            d=day.strftime(dialect.date), **dict(zip("ohlcv", map(number, values), strict=True))
        )
        for day, *values in table[:: -1 if dialect.newest_first else 1]
    ]
    if dialect.header:
        lines.insert(0, dialect.header)
    raw = dialect.end_of_line.join(lines).encode(dialect.encoding)

    bars = read(tmp_path, raw)

    expected = np.array([row[1:] for row in table[: len(drawn)]], dtype=float)
    assert bars.sessions.tolist() == [day for day, *_ in drawn]
    assert np.array_equal(np.stack([getattr(bars, name) for name in COLUMNS], 1), expected)
    assert bars.origin.dropped == int(dialect.closed_days)


def test_all_real_korean_series_load(krx: Path) -> None:
    bars = {
        path.stem: CsvFolder(krx / "krx").fetch(path.stem, *ALWAYS)
        for path in sorted((krx / "krx").glob("*.csv"))
    }
    assert len(bars) == 25
    assert {t: b.halts for t, b in bars.items() if b.halts} == {
        "011200.KS": 24, "207940.KS": 18, "090430.KS": 10,
        **{t: b.halts for t, b in bars.items() if 0 < b.halts < 10},
    }  # fmt: skip
    assert bars["^KS11"].origin.dropped == 5
    assert bars["068270.KS"].widened > 0
    assert all(b.origin.dropped == 0 for t, b in bars.items() if t != "^KS11")


def test_real_calendar_days_without_a_header_load(krx: Path) -> None:
    raw = CsvFolder(krx / "raw").fetch("051900_calendar_days", *ALWAYS)
    clean = CsvFolder(krx / "krx").fetch("051900.KS", "2015-01-01", "2017-01-01")
    assert len(raw) + raw.origin.dropped == 730
    assert np.array_equal(raw.sessions, clean.sessions)
    assert np.array_equal(raw.close, clean.close)


def test_what_yfinance_downloads_and_pandas_saves_is_read(tmp_path: Path) -> None:
    (tmp_path / "A.KS.csv").write_text(
        "Price,Close,High,Low,Open,Volume\nTicker,A.KS,A.KS,A.KS,A.KS,A.KS\nDate,,,,,\n"
        "2019-01-07,102.0,103.0,99.0,100.0,50\n2019-01-08,104.0,105.0,101.0,102.0,60\n"
    )
    bars = CsvFolder(tmp_path).fetch("A.KS", "2019-01-01", "2020-01-01")
    assert bars.open.tolist() == [100.0, 102.0]
    assert bars.close.tolist() == [102.0, 104.0]
    assert bars.volume.tolist() == [50.0, 60.0]
