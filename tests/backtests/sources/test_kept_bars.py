"""The bars of a run folder: names that no two tickers share, values that are found again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.sources.kept_bars import file_name, read_kept, write_kept
from backtests.sources.simulated import Simulated
from forecasters.bars import Bars, Origin
from forecasters.errors import InputError


@pytest.fixture(scope="module")
def bars() -> Bars:
    return Simulated().fetch("051900.KS", "2016-01-01", "2016-03-01")


@given(st.lists(st.text(min_size=1), min_size=2, max_size=2, unique=True))
def test_no_two_tickers_share_a_file_on_any_system(tickers: list[str]) -> None:
    first, second = (file_name(ticker.encode("utf-8", "replace").decode()) for ticker in tickers)
    if tickers[0].encode("utf-8", "replace") != tickers[1].encode("utf-8", "replace"):
        assert first.casefold() != second.casefold()
    assert not set(first) & set('/\\:*?"<>| \0') and len(first) < 200


@pytest.mark.parametrize(
    ("ticker", "name"),
    [
        ("051900.KS", "051900.KS"), ("^GSPC", "^GSPC"), ("BRK-B", "BRK-B"), ("EURUSD=X", "EURUSD=X"),
        ("brk", "%62%72%6B"), ("../x", "..%2F%78"), ("CON", "%43ON"), ("NUL.KS", "%4EUL.KS"),
        ("삼성", "%EC%82%BC%EC%84%B1"),
    ],
)  # fmt: skip
def test_names_stay_readable_where_they_can(ticker: str, name: str) -> None:
    assert file_name(ticker) == f"{name}.parquet"


def test_what_is_written_is_read_again_to_the_bit(bars: Bars, tmp_path: Path) -> None:
    write_kept(tmp_path / "a.parquet", bars)
    rows = read_kept(tmp_path / "a.parquet")
    again = rows.bars(bars.ticker, bars.origin)
    assert (again.digest, again.origin) == (bars.digest, bars.origin)
    assert np.array_equal(again.tradable, bars.tradable) and rows.changed.size == 0


def test_changed_values_are_found_again_by_the_parity(bars: Bars, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_kept(path, bars)
    table = pd.read_parquet(path)
    table.loc[3, "close"] += 1
    table.loc[9, "volume"] = 7.0
    table.to_parquet(path, index=False)
    rows = read_kept(path)
    assert rows.changed.tolist() == [3, 9]
    found = rows.before_change(bars.ticker, bars.origin, bars.digest)
    assert found is not None and found.digest == bars.digest
    assert rows.before_change(bars.ticker, bars.origin, "0" * 64) is None
    table.drop(columns="parity").to_parquet(path, index=False)
    rows = read_kept(path)
    assert rows.changed.size == 0
    assert rows.before_change(bars.ticker, bars.origin, bars.digest) is None


def test_a_file_without_bars_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with pytest.raises(InputError, match="there is no such file; put it back"):
        read_kept(path)
    path.write_bytes(b"PAR1")
    with pytest.raises(InputError, match="cannot be read as parquet"):
        read_kept(path)
    pd.DataFrame({"session": [["x" * 9_999]]}).to_parquet(path)
    with pytest.raises(InputError, match=r"column 'session' holds .*, not numbers, days or texts"):
        read_kept(path)
    pd.DataFrame({"session": [1], "open": ["x"]}).to_parquet(path)
    with pytest.raises(InputError, match="cannot be read as bars"):
        read_kept(path)
    assert Origin().source == "memory"
