"""Rows of a file in which a price is missing: left out or filled, counted, and told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from backtests.run import main
from backtests.sources.csv import CsvFolder
from backtests.sources.missing import complete, sentence
from backtests.sources.simulated import Simulated
from forecasters.bars import COLUMNS, PRICES, Bars, FaultyRow
from forecasters.errors import InputError

ALWAYS = ("1980-01-01", "2100-01-01")
HEADER = "Date,Open,High,Low,Close,Volume"
ROWS = (
    "2015-01-05,100,110,90,105,1000",
    "2015-01-06,106,120,100,110,2000",
    "2015-01-07,111,121,109,120,3000",
)


def read(
    folder: Path, *rows: str, missing: str = "drop", header: str = HEADER, **more: str
) -> Bars:
    (folder / "X.csv").write_text("\n".join([header, *rows]))
    return CsvFolder(folder, missing=missing, **more).fetch("X", *ALWAYS)


@pytest.mark.parametrize("cell", ["", "null", "NaN", "-", "N/A"])
@pytest.mark.parametrize("place", [1, 2, 3, 4])
def test_dropped_is_the_file_without_the_row(tmp_path: Path, cell: str, place: int) -> None:
    cells = ROWS[1].split(",")
    cells[place] = cell
    bars = read(tmp_path, ROWS[0], ",".join(cells), ROWS[2])
    assert bars.digest == read(tmp_path, ROWS[0], ROWS[2]).digest
    origin = bars.origin
    assert (origin.incomplete, origin.filled, origin.first_missing) == (1, 0, "2015-01-06")
    assert origin.dropped == 0, "counted once"
    assert sentence(bars) == (
        "1 row with a missing price left out, the first on 2015-01-06: a return over such a day "
        "spans two sessions or more (--missing fill keeps the day)"
    )
    assert sentence(read(tmp_path, *ROWS)) is None


@pytest.mark.parametrize(
    ("row", "close"),
    [
        ("2015-01-06,106,120,100,,2000", 105.0),
        ("2015-01-06,,,,,", 105.0),
        ("2015-01-06,,120,100,110,2000", 110.0),
        ("2015-01-06,,,,110,", 110.0),
    ],
)
def test_filled_is_a_session_without_trade_at_the_last_known_close(
    tmp_path: Path, row: str, close: float
) -> None:
    bars = read(tmp_path, ROWS[0], row, ROWS[2], missing="fill")
    assert len(bars) == 3
    assert {getattr(bars, name)[1] for name in PRICES} == {close}
    assert bars.volume[1] == 0
    assert bars.tradable.tolist() == [True, False, True]
    origin = bars.origin
    assert (origin.incomplete, origin.filled, origin.first_missing) == (0, 1, "2015-01-06")
    assert "1 row with a missing price filled with the last known close" in str(sentence(bars))


def test_a_fill_knows_no_later_row() -> None:
    days = np.arange("2015-01-05", "2015-01-11", dtype="datetime64[D]")
    close = np.array([100.0, np.nan, np.nan, 103, 104, np.nan])
    columns = dict.fromkeys(PRICES, close) | {"volume": np.full(6, 9.0)}
    whole = complete(days, columns, "fill")
    assert whole.columns["close"].tolist() == [100, 100, 100, 103, 104, 104]
    assert whole.columns["volume"].tolist() == [9, 0, 0, 9, 9, 0]
    for end in range(1, 7):
        part = complete(days[:end], {name: c[:end] for name, c in columns.items()}, "fill")
        for name in COLUMNS:
            assert part.columns[name].tolist() == whole.columns[name][:end].tolist()


def test_a_row_before_the_first_close_cannot_be_filled(tmp_path: Path) -> None:
    bars = read(tmp_path, "2015-01-02,1,,1,,5", ROWS[0], "2015-01-06,,,,,", missing="fill")
    assert bars.sessions.astype(str).tolist() == ["2015-01-05", "2015-01-06"]
    origin = bars.origin
    assert (origin.incomplete, origin.filled, origin.first_missing) == (1, 1, "2015-01-02")
    assert str(sentence(bars)).endswith("; 1 row before the first close left out")


def test_a_closed_day_is_no_missing_price(tmp_path: Path) -> None:
    for missing in ("drop", "fill"):
        bars = read(tmp_path, ROWS[0], "2015-01-06,0,0,0,0,0", ROWS[2], missing=missing)
        assert (len(bars), bars.origin.dropped, bars.origin.first_missing) == (2, 1, "")


def test_a_row_without_any_price_is_dropped_as_a_row_without_a_session(tmp_path: Path) -> None:
    bars = read(tmp_path, ROWS[0], "2015-01-06,,,,,", ROWS[2])
    assert (len(bars), bars.origin.dropped, bars.origin.incomplete) == (2, 1, 0)


@pytest.mark.parametrize("missing", ["drop", "fill"])
@pytest.mark.parametrize(
    "row", ["2015-01-06,106,,100,oops,2000", "2015-01-06,106,", "2015-01-06,106,90,100,110,2000"]
)
def test_a_fault_stays_a_fault(tmp_path: Path, row: str, missing: str) -> None:
    with pytest.raises(FaultyRow) as caught:
        read(
            tmp_path, "2015-01-02,99,,99,99,9", ROWS[0], row, "2015-01-08,1,,1,1,1", missing=missing
        )
    assert str(caught.value.session) == "2015-01-06"
    before = caught.value.before
    assert before is not None
    assert str(before.sessions[-1]) == "2015-01-05"
    assert before.origin.first_missing == "2015-01-02"


def test_a_missing_adjusted_close_counts_where_it_is_used(tmp_path: Path) -> None:
    header = "Date,Open,High,Low,Close,Adj Close,Volume"
    rows = ("2015-01-05,100,110,90,105,52.5,1000", "2015-01-06,106,120,100,110,,2000")
    plain = read(tmp_path, *rows, header=header)
    assert (len(plain), plain.origin.first_missing) == (2, "")
    bars = read(tmp_path, *rows, header=header, missing="fill", adjust="all")
    assert bars.close.tolist() == [52.5, 52.5]


def test_a_file_of_missing_prices_alone_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a price is missing in every row"):
        read(tmp_path, "2015-01-05,,,,105,1000", "2015-01-06,,,,106,1000")
    with pytest.raises(InputError, match="unknown missing 'fil', did you mean 'fill'"):
        read(tmp_path, ROWS[0], missing="fil")


END = "2018-01-01"
#: Rows of the file with a missing cell: in the first training, and among the sessions that are traded.
LACKING = (30, 650, 651)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of two files of made bars, and a universe of both; B.KS lacks three closes."""
    folder = tmp_path_factory.mktemp("bars")
    for ticker in ("A.KS", "B.KS"):
        frame = Simulated().fetch(ticker, "2015-01-01", END).frame
        if ticker == "B.KS":
            frame.iloc[list(LACKING), frame.columns.get_loc("close")] = np.nan
        frame.to_csv(folder / f"{ticker}.csv", float_format="%.2f")
    (folder / "u.txt").write_text("A.KS\nB.KS\n")
    return folder


def run(
    folder: Path, out: Path, capsys: pytest.CaptureFixture[str], flags: str
) -> tuple[Path, dict[str, Any], str]:
    """Return the folder of the run, its manifest, and what was said on the way."""
    command = (
        f"{flags} --data-dir {folder} --end {END} --forecaster drift --strategy quantile "
        f"--tearsheets none --shifts 0 --jobs 1 --json --out {out}"
    )
    code = main(command.split())
    printed, said = capsys.readouterr()
    assert code == 0, said
    made = Path(json.loads(printed)["folder"])
    return made, json.loads((made / "manifest.json").read_text()), said


@pytest.mark.parametrize(("missing", "kept"), [("drop", 0), ("fill", 3)])
def test_a_run_goes_on_and_tells_it_in_terminal_manifest_and_page(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], missing: str, kept: int
) -> None:
    made, manifest, said = run(folder, tmp_path, capsys, f"--ticker B.KS --missing {missing}")
    frame = pd.read_csv(folder / "B.KS.csv", index_col=0)
    days = frame.index[list(LACKING)].tolist()
    (data,) = manifest["data"]
    assert data["rows"] == len(frame) - 3 + kept
    assert data["missing"] == {"dropped": 3 - kept, "filled": kept, "first": days[0]}
    assert manifest["config"]["missing"] == missing
    page = (made / "index.html").read_text(encoding="utf-8")
    for text in (said, page):
        assert "3 rows with a missing price" in text
        assert days[0] in text
    forecasts = pd.read_parquet(made / "forecasts.parquet")
    targets = set(forecasts["target"].dropna().astype(str).str[:10])
    assert set(days[1:]).isdisjoint(targets) == (missing == "drop")
    filled = forecasts[forecasts["target"].astype(str).str[:10].isin(days)]
    assert filled["actual"].isna().all(), "a session without trade is not judged"


def test_a_universe_accepts_the_session_that_one_ticker_lacks(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, manifest, said = run(folder, tmp_path, capsys, f"--universe {folder / 'u.txt'} --slots 2")
    assert manifest["faults"] == []
    assert "B.KS: 3 rows with a missing price left out" in said
    frame = pd.read_csv(folder / "B.KS.csv", index_col=0)
    days = set(frame.index[list(LACKING)])
    equity = pd.read_parquet(made / "equity.parquet")
    assert days & set(equity["session"].astype(str).str[:10]) == set(frame.index[list(LACKING[1:])])
    fills = pd.read_csv(made / "fills.csv")
    of_b = fills[fills["ticker"] == "B.KS"]
    assert len(of_b) and days.isdisjoint(of_b["session"].astype(str).str[:10])
    assert equity["equity"].notna().all()


def test_a_source_without_the_choice_refuses_fill(capsys: pytest.CaptureFixture[str]) -> None:
    code = main("--ticker A.KS --source simulated --missing fill --forecaster drift".split())
    assert code == 2
    assert "--missing fill is for files: add --data-dir" in capsys.readouterr().err
