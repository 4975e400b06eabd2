"""Files of extra columns: read as they come, refused with the line where they cannot be."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from backtests.sources.extra_files import read_extra
from forecasters.errors import InputError
from forecasters.inputs.extras import Extra

HEADER = "date,known_at,mood\n"


def read(folder: Path, text: str, name: str = "my.csv") -> Extra:
    (folder / name).write_text(text, encoding="utf-8")
    return read_extra(folder / name)


def test_a_file_as_the_readme_says(tmp_path: Path) -> None:
    text = "ticker,date,known_at,mood,rate\nX.KS,2015-01-05,2015-01-06,0.5,\nY.KS,2015-01-05,2015-01-05,1,2\n"
    extra = read(tmp_path, text)
    assert (extra.file, extra.names) == ("my.csv", ("mood", "rate"))
    columns = extra.of("X.KS", np.datetime64("2015-12-31"))
    assert columns.known_at.astype(str).tolist() == ["2015-01-06"]
    np.testing.assert_array_equal(columns.values, [[0.5, np.nan]])


def test_dialects(tmp_path: Path) -> None:
    text = "Known_At;mood; Date\n2015/1/6;1,234.5;20150105\n\n2015. 1. 7;-;2015-01-06 00:00:00\n"
    extra = read(tmp_path, text)
    assert extra.date.astype(str).tolist() == ["2015-01-05", "2015-01-06"]
    assert extra.known_at.astype(str).tolist() == ["2015-01-06", "2015-01-07"]
    np.testing.assert_array_equal(extra.values, [[1234.5], [np.nan]])


def test_parquet_holds_the_same_as_csv(tmp_path: Path) -> None:
    text = HEADER + "2015-01-05,2015-01-06,1.5\n2015-01-06,2015-01-07,\n"
    seoul = pd.to_datetime(["2015-01-05", "2015-01-06"]).tz_localize("Asia/Seoul")
    frame = pd.DataFrame({
        "date": seoul,
        "known_at": [datetime.date(2015, 1, 6), datetime.date(2015, 1, 7)],
        "mood": [1.5, None],
    })  # fmt: skip
    frame.to_parquet(tmp_path / "column.parquet")
    frame.set_index("date").to_parquet(tmp_path / "index.parquet")
    frame.set_index(pd.Index([7, 9])).to_parquet(tmp_path / "counted.parquet")
    expected = read(tmp_path, text).digest
    for name in ("column", "index", "counted"):
        assert read_extra(tmp_path / f"{name}.parquet").digest == expected, name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("date,mood\n2015-01-05,1\n", "no column 'known_at'.*nobody can say what was known at a close"),
        ("date,knownat,mood\n2015-01-05,2015-01-05,1\n", "did you mean 'knownat'"),
        ("known_at,mood\n2015-01-05,1\n", "no column 'date'.*repeat known_at"),
        ("2015-01-05,2015-01-05,1\n", "no column 'known_at'"),
        ("date,known_at\n2015-01-05,2015-01-05\n", "no column of numbers"),
        ("date,known_at,\n2015-01-05,2015-01-05,1\n", "column 3 has no name"),
        ("date,known_at,a,A\n2015-01-05,2015-01-05,1,2\n", "two columns called 'a'"),
        (HEADER, "has a header and no rows"),
        (HEADER + "2015-01-05,2015-01-05\n", "line 2 has 2 cells, 3 are expected"),
        (HEADER + "2015-01-05,2015-01-05,1,5\n", "line 2 has 4 cells, 3 are expected"),
        (HEADER + "\n2015-01-05,2015-01-05,good\n", "line 3: mood 'good' is not a number"),
        (HEADER + '2015-01-05,2015-01-05,"1,50,0"\n', "line 2: mood '1,50,0' is not a number"),
        (HEADER + "2015-01-05,2015-01-05,inf\n", "line 2: mood is inf"),
        (HEADER + "2015-01-05,soon,1\n", "line 2: 'soon' is not a date"),
        (HEADER + "2015-01-05,,1\n", "line 2: known_at is empty"),
        (HEADER + "2015-02-30,2015-03-05,1\n", "line 2: '2015-02-30' is not a day"),
        (HEADER + "2015-01-05,2015-01-05 18:30,1\n", "line 2: known_at '2015-01-05 18:30' has a time"),
        (HEADER + "2015-01-05,2015-01-05 18,1\n", "line 2: known_at '2015-01-05 18' has a time"),
        (HEADER + "2015-01-06,2015-01-05,1\n", "line 2: known_at 2015-01-05 lies before date 2015-01-06"),
        (HEADER + "2015-01-05,2015-01-05,1\n2015-01-05,2015-01-05,2\n", "lines 2 and 3 are both of date"),
        ("ticker," + HEADER + ",2015-01-05,2015-01-05,1\n", "line 2: the ticker is empty"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_file_and_line(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(InputError, match=rf"^my\.csv.*{message}"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"known_at": pd.to_datetime(["2015-01-05 18:30"])},
            "line 1: known_at .* has a time of day",
        ),
        ({"known_at": pd.to_datetime([None])}, "line 1: known_at is empty"),
        ({"mood": ["good"]}, "line 1: mood 'good' is not a number"),
        ({"mood": pd.to_datetime(["2015-01-05"])}, "line 1: mood '2015-01-05 .* is not a number"),
        ({"mood": [-np.inf]}, "line 1: mood is -inf"),
    ],
)
def test_parquet_is_checked_too(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    day = pd.to_datetime(["2015-01-05"])
    frame = pd.DataFrame({"date": day, "known_at": day, "mood": [1.0]} | columns)
    frame.to_parquet(tmp_path / "my.parquet")
    with pytest.raises(InputError, match=rf"^my\.parquet: {message}"):
        read_extra(tmp_path / "my.parquet")


@pytest.mark.parametrize("name", ["no.csv", "no.parquet"])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        read_extra(tmp_path / name)


def test_a_file_that_is_no_parquet(tmp_path: Path) -> None:
    (tmp_path / "my.parquet").write_text("no")
    with pytest.raises(InputError, match=r"my\.parquet cannot be read as parquet"):
        read_extra(tmp_path / "my.parquet")
