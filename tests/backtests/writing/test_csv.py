"""CSV files: a spreadsheet runs no text of them, and every text comes back."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.writing.csv import guarded_cell, plain_cell, read_csv, write_csv

HOSTILE = ["=cmd|' /C calc'!A0", "+1", "-X", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", "'=1", "''-X"]


def cells_of(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_that_a_spreadsheet_would_run_has_an_apostrophe(tmp_path: Path, text: str) -> None:
    path = tmp_path / "trades.csv"
    write_csv(path, ("ticker", "profit"), [{"ticker": text, "profit": -1.5}])
    assert cells_of(path)[1] == [f"'{text}", "-1.5"]
    assert read_csv(path)["ticker"].tolist() == [text]


def test_numbers_and_plain_texts_are_written_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    rows = [{"ticker": "051900.KS", "shares": -3, "note": None}, {"ticker": "it's", "shares": 4}]
    write_csv(path, ("ticker", "shares", "note"), rows)
    assert path.read_text() == "ticker,shares,note\n051900.KS,-3,\nit's,4,\n"


def test_a_number_among_texts_stays_a_number(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    write_csv(path, ("value",), [{"value": -2.5}, {"value": "-X"}])
    assert cells_of(path)[1:] == [["-2.5"], ["'-X"]]


def test_a_name_of_a_column_is_guarded_too(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    write_csv(path, ("=1+1",), [{"=1+1": 3}])
    assert cells_of(path)[0] == ["'=1+1"]
    assert list(read_csv(path).columns) == ["=1+1"]


@given(st.text("'=+-@\t\r\n ,\"a가"))
def test_every_text_comes_back_and_none_can_run(text: str) -> None:
    cell = guarded_cell(text)
    assert plain_cell(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_a_table_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "fills.csv"
    write_csv(path, ("name", "price"), [{"name": text, "price": 1.25} for text in HOSTILE])
    pd.testing.assert_frame_equal(read_csv(path), pd.DataFrame({"name": HOSTILE, "price": 1.25}))


def test_codes_and_texts_that_look_like_no_value_come_back(tmp_path: Path) -> None:
    path = tmp_path / "fills.csv"
    rows = [{"ticker": "005930", "name": "NA", "x": 1.5}, {"ticker": "NA", "name": "nan"}]
    write_csv(path, ("ticker", "name", "x"), rows)
    table = read_csv(path)
    assert table["ticker"].tolist() == ["005930", "NA"]
    assert table["name"].tolist() == ["NA", "nan"]
    assert table["x"].tolist()[0] == 1.5 and np.isnan(table["x"][1])


def test_days_are_written_as_days(tmp_path: Path) -> None:
    path = tmp_path / "fills.csv"
    write_csv(path, ("session", "day"), [{"session": np.datetime64("2019-01-02"), "day": None}])
    assert path.read_text() == "session,day\n2019-01-02,\n"
