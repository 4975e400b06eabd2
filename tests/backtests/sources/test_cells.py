"""Commas in numbers: each column shows what its comma is, or the file is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from backtests.sources.cells import to_number
from backtests.sources.table import read_table
from forecasters.errors import InputError

HEAD = "Date;Open;High;Low;Close;Volume\n"


def closes_and_volumes(tmp_path: Path, text: str) -> tuple[list[float], list[float]]:
    path = tmp_path / "X.csv"
    path.write_text(text)
    table = read_table(path)
    assert not table.faults
    return table.columns["close"].tolist(), table.columns["volume"].tolist()


@pytest.mark.parametrize(
    ("rows", "closes", "volumes"),
    [
        # the hostile tester's: it was read as 59800
        ("2015-01-05;598,00;600,00;597,00;598,00;1000\n", [598.0], [1000.0]),
        # a comma that could be both follows the decimal comma in its own column
        ("2015-01-05;1;1;1;1,5;9\n2015-01-06;1;1;1;1,250;9\n", [1.5, 1.25], [9.0, 9.0]),
        # German: points before thousands, in a column without any comma too
        ("2015-01-05;1;1;1;1.598,5;1.200\n", [1598.5], [1200.0]),
        # English: 1,598.5, and a volume that shows it
        ("2015-01-05;1;1;1;1,598.5;9\n2015-01-06;1;1;1;61,800;9\n", [1598.5, 61800.0], [9.0, 9.0]),
        ("2015-01-05;1;1;1;61,800;1,234,567\n", [61800.0], [1234567.0]),
        # other columns decide beside a number without separators, also columns that are not used
        (
            "2015-01-05;1;1;1;61,800;1,234,567\n2015-01-06;1;1;1;9500;9\n",
            [61800.0, 9500.0],
            [1234567.0, 9.0],
        ),
        # India
        ("2015-01-05;1;1;1;61,800;12,34,567\n", [61800.0], [1234567.0]),
        # two points show what a comma is
        ("2015-01-05;1;1;1;61,800;1.234.567\n", [61.8], [1234567.0]),
        ("2015-01-05;1;1;1;598;1.234.567\n", [598.0], [1234567.0]),
        # no thousands begin with 0
        ("2015-01-05;1;1;1,5;0.123;9\n", [0.123], [9.0]),
        # without a comma a point is a decimal point
        ("2015-01-05;1;1;1;1.234;9\n", [1.234], [9.0]),
    ],
)
def test_a_column_shows_what_its_comma_is(
    tmp_path: Path, rows: str, closes: list[float], volumes: list[float]
) -> None:
    assert closes_and_volumes(tmp_path, HEAD + rows) == (closes, volumes)


def test_quoted_commas_in_a_file_of_commas_are_before_thousands(tmp_path: Path) -> None:
    head = "Date,Open,High,Low,Close,Volume\n"
    text = head + '2015-01-05,1,1,1,"61,800",900\n2015-01-06,1,1,1,61800,900\n'
    assert closes_and_volumes(tmp_path, text) == ([61800.0, 61800.0], [900.0, 900.0])


@pytest.mark.parametrize(
    ("beside", "close"),
    [("1,234,567,890", 61800.0), ("598,5", 61.8), ("1.234.567", 61.8)],
)
def test_a_column_that_is_not_used_helps_to_decide(
    tmp_path: Path, beside: str, close: float
) -> None:
    row = f"2015-01-05\t1\t1\t1\t61,800\t950,000\t{beside}\n"
    text = HEAD.replace(";", "\t").replace("Volume", "Volume\tAmount") + row
    assert closes_and_volumes(tmp_path, text)[0] == [close]
    with pytest.raises(InputError, match="can mean"):  # a text decides nothing
        closes_and_volumes(tmp_path, text + row.replace(beside, f"{beside} KRW"))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("2015-01-05;1;1;1;61,800;950\n", r"line 2: close '61,800' can mean 61800 or 61\.800"),
        (
            "2015-01-05;1;1;1;598,5;9\n2015-01-06;1;1;1;598.5;9\n",
            r"line 2: close '598,5' has a decimal comma, and '598\.5' on line 3 has none",
        ),
        ("2015-01-05;1;1;598,5;61,800;1,234,567\n", "line 2: close '61,800' can mean"),
        # one mistake does not decide for a whole column, nor for the others
        (
            "2015-01-05;61,800;1;1;61,80;9\n" + "2015-01-06;61,800;1;1;61,800;9\n" * 20,
            r"line 2: close '61,80' has a decimal comma, and 20 cells such as '61,800' on line 3 need not",
        ),
    ],
)
def test_commas_that_nothing_decides_are_refused(tmp_path: Path, rows: str, message: str) -> None:
    path = tmp_path / "X.csv"
    path.write_text(HEAD + rows)
    with pytest.raises(InputError, match=rf"X\.csv: {message}.*: write numbers with a decimal"):
        read_table(path)


def test_rows_without_a_header_may_have_decimal_commas(tmp_path: Path) -> None:
    text = "2015-01-05;598,0;600,0;597,0;598,0;1000\n"
    assert closes_and_volumes(tmp_path, text) == ([598.0], [1000.0])


@pytest.mark.parametrize("text", ["1_0", "1,0,0", "0x1", "1 0", "\u22125", "1,", ",5", "--1"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert to_number(text) is None and to_number(text, decimal=True) is None
