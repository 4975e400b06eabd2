"""Tables of a run folder that anybody may have written: read as they were given, or refused."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from backtests.reading import parquet
from backtests.verifying.tables import read
from backtests.writing.csv import write_csv
from forecasters.errors import InputError


def test_texts_of_a_csv_file_are_those_that_were_given(tmp_path: Path) -> None:
    path = tmp_path / "fills.csv"
    write_csv(path, ("ticker", "price"), [{"ticker": t, "price": 0.1} for t in ("=x", "005930")])
    table = read(path)
    assert table is not None
    assert table.to_dict("list") == {"ticker": ["=x", "005930"], "price": ["0.1", "0.1"]}
    assert read(tmp_path / "none.csv") is None and read(tmp_path / "none.parquet") is None


def test_a_parquet_table_is_read_with_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "equity.parquet"
    pd.DataFrame({"value": range(30)}).to_parquet(path)
    monkeypatch.setattr(parquet, "ROWS", 3)  # of a user's table; a run's may have ten times as many
    table = read(path)
    assert table is not None and len(table) == 30
    monkeypatch.setattr(parquet, "ROWS", 2)
    with pytest.raises(InputError, match="has 30 rows, and at most 20 are read"):
        read(path)
    os.unlink(path)
    os.mkfifo(path)
    with pytest.raises(InputError, match="is a pipe"):
        read(path)
