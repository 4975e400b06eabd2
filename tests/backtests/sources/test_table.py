"""A table as somebody wrote it: every row keeps its place, and what cannot be read is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests.sources.table import read_table
from forecasters.errors import InputError

HEADER = "Date,Open,High,Low,Close,Adj Close,Volume"


def frame_of(**columns: object) -> pd.DataFrame:
    """Return three rows; the columns given replace those of the same name."""
    plain = {name: [1.0, 2.0, 3.0] for name in ("Open", "High", "Low", "Close", "Volume")}
    days = pd.to_datetime(["2015-01-05", "2015-01-06", "2015-01-07"])
    return pd.DataFrame({"Date": days, **plain, **columns})


def test_rows_keep_their_order_and_none_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "X.csv"
    path.write_text(f"{HEADER}\n2015-01-06,5,6,4,5,4,9\n2015-01-07,0,0,0,0,0,0\n2015-01-05,,,,,,\n")
    table = read_table(path)
    assert table.days.astype(str).tolist() == ["2015-01-06", "2015-01-07", "2015-01-05"]
    assert table.empty.tolist() == [False, True, True]
    assert table.columns["volume"].tolist() == [9, 0, 0]
    assert table.adjusted is not None
    assert np.array_equal(table.adjusted, [4, 0, np.nan], equal_nan=True)


def test_a_faulty_row_keeps_its_date_and_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "X.csv"
    path.write_text(f"{HEADER}\n2015-01-05,5,6,4,5,4,9\n\n2015-01-06,5,6,4,abc,4,9\n2015-01-07,5\n")
    table = read_table(path)
    assert table.days.astype(str).tolist() == ["2015-01-05", "2015-01-06", "2015-01-07"]
    assert dict(table.faults) == {
        1: "line 4: close 'abc' is not a number",
        2: "line 5 has 2 cells, 7 are expected: 2015-01-07,5",
    }


def test_a_row_cut_off_within_its_date_has_no_place_in_time(tmp_path: Path) -> None:
    path = tmp_path / "X.csv"
    path.write_text(f"{HEADER}\n2015-01-05,5,6,4,5,4,9\n2015-01-0")
    with pytest.raises(InputError, match=r"X\.csv: line 3 has 1 cells, 7 are expected: 2015-01-0$"):
        read_table(path)


@pytest.mark.parametrize("index", [False, True])
def test_a_parquet_row_without_a_date_is_an_error_that_names_it(
    tmp_path: Path, index: bool
) -> None:
    days = pd.to_datetime(["2015-01-05", None, "2015-01-07"])
    frame = frame_of(Date=days)
    (frame.set_index("Date") if index else frame).to_parquet(tmp_path / "X.parquet")
    with pytest.raises(InputError, match=r"X\.parquet: line 2: the row has no date; write it, or"):
        read_table(tmp_path / "X.parquet")


def test_parquet_and_csv_of_the_same_rows_are_the_same_table(tmp_path: Path) -> None:
    frame = frame_of(Close=[1.0, None, 3.0])
    frame.to_parquet(tmp_path / "X.parquet")
    frame.to_csv(tmp_path / "X.csv", index=False)
    one, other = read_table(tmp_path / "X.parquet"), read_table(tmp_path / "X.csv")
    assert np.array_equal(one.days, other.days)
    for name, column in one.columns.items():
        assert np.array_equal(column, other.columns[name], equal_nan=True), name
    assert one.adjusted is None and other.adjusted is None


def test_an_index_may_have_no_volumes(tmp_path: Path) -> None:
    path = tmp_path / "X.csv"
    path.write_text("date;open;high;low;close\n2015-01-05;5;6;4;5\n")
    assert read_table(path).columns["volume"].tolist() == [0]


def test_two_columns_of_one_meaning_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "X.csv"
    path.write_text("Date,Open,High,Low,Close,종가\n2015-01-05,5,6,4,5,5\n")
    with pytest.raises(InputError, match=r"X\.csv has two columns for close: Date, Open, High"):
        read_table(path)


def test_the_average_price_of_tehran_is_no_adjusted_close(tmp_path: Path) -> None:
    path = tmp_path / "X.csv"
    path.write_text("date,open,high,low,adjClose,yesterday,close\n2015-01-05,5,6,4,7,8,5\n")
    assert read_table(path).adjusted is None


TSE = (
    "<TICKER>,<DTYYYYMMDD>,<FIRST>,<HIGH>,<LOW>,<CLOSE>,<VALUE>,<VOL>,<OPENINT>,<PER>,<OPEN>,<LAST>"
)
TSE_ROWS = [
    "Zob.Ahan,20190325,2800.00,2900.00,2750.00,2850.00,1140000,400,30,D,2790.00,2880.00",
    "Zob.Ahan,20190324,2700.00,2810.00,2700.00,2790.00,1116000,390,29,D,2710.00,2805.00",
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1256"])
def test_tseclients_first_and_last_are_open_and_close(tmp_path: Path, encoding: str) -> None:
    """Its <OPEN> is the closing price of the day before, its <CLOSE> the average price of the day."""
    path = tmp_path / "ZOB.csv"
    name = "Zob.Ahan" if encoding == "utf-8" else "\u0630\u0648\u0628"
    text = "\r\n".join([TSE, *TSE_ROWS]).replace("Zob.Ahan", name)
    path.write_bytes(text.encode(encoding))
    table = read_table(path)
    assert table.days.astype(str).tolist() == ["2019-03-25", "2019-03-24"]
    first = {key: column[0] for key, column in table.columns.items()}
    assert first == {"open": 2800, "high": 2900, "low": 2750, "close": 2880, "volume": 400}
    assert table.adjusted is None
    assert not table.faults


def test_without_first_and_last_open_and_close_are_what_they_say(tmp_path: Path) -> None:
    path = tmp_path / "KGHM.csv"
    path.write_text(
        "<TICKER>,<DTYYYYMMDD>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>\nKGHM,20101220,156.7,158.2,155,157.9,394\n"
    )
    row = {key: column[0] for key, column in read_table(path).columns.items()}
    assert row == {"open": 156.7, "high": 158.2, "low": 155, "close": 157.9, "volume": 394}


def test_of_several_tickers_the_one_of_the_files_name_is_read(tmp_path: Path) -> None:
    other = "Folad,20190324,5,6,4,5,5,5,5,D,5,oops"
    rows = [TSE, TSE_ROWS[0], other, TSE_ROWS[1]]
    (tmp_path / "Zob.Ahan.csv").write_text("\n".join(rows))
    table = read_table(tmp_path / "Zob.Ahan.csv")
    assert table.columns["close"].tolist() == [2880, 2805]
    assert not table.faults, "the cell of another ticker is no fault of this one"
    (tmp_path / "Folad.csv").write_text("\n".join(rows))
    assert dict(read_table(tmp_path / "Folad.csv").faults) == {
        0: "line 3: close 'oops' is not a number"
    }
    (tmp_path / "ZOB.csv").write_text("\n".join(rows))
    with pytest.raises(
        InputError,
        match=r"ZOB\.csv holds 2 tickers, and none is called ZOB: Zob\.Ahan, Folad; name",
    ):
        read_table(tmp_path / "ZOB.csv")


def test_jalali_dates_of_tseclient_are_refused(tmp_path: Path) -> None:
    (tmp_path / "Z.csv").write_text("\n".join([TSE, TSE_ROWS[0].replace("20190325", "13980105")]))
    with pytest.raises(InputError, match="year 1398 is not Gregorian; convert the dates"):
        read_table(tmp_path / "Z.csv")
