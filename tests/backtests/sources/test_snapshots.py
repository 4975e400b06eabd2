"""A snapshot gives back what was downloaded, or says that it cannot."""

from __future__ import annotations

import datetime
import os
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backtests.sources.simulated import Simulated
from backtests.sources.snapshots import Snapshots, default_folder
from backtests.sources.source import SnapshotWarning
from forecasters.bars import COLUMNS, Bars, Origin
from forecasters.errors import InputError

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
YAHOO = Origin("yahoo", "Yahoo Finance", adjusted="splits", dropped=2)


def download(start: str, end: str, ticker: str = "051900.KS") -> Bars:
    """Return bars that look downloaded."""
    return replace(Simulated().fetch(ticker, start, end), origin=YAHOO)


def store(bars: Bars, start: str, end: str, now: datetime.datetime = NOW) -> Snapshots:
    snapshots = Snapshots()
    snapshots.store(bars, "splits", start, end, now)
    return snapshots


def path() -> Path:
    return Snapshots().path("051900.KS", "yahoo", "splits")


def test_what_was_stored_comes_back() -> None:
    bars = download("2020-01-01", "2021-01-01")
    found = store(bars, "2020-01-01", "2021-01-01").find("051900.KS", "yahoo", "splits")
    assert found is not None
    assert found.bars.digest == bars.digest
    assert found.bars.origin == YAHOO
    assert (found.start, found.end, found.fetched) == (
        "2020-01-01", "2021-01-01", "2026-11-20T12:00:00Z",
    )  # fmt: skip
    assert np.array_equal(found.bars.tradable, bars.tradable)


def test_they_lie_where_the_environment_says(tmp_path: Path) -> None:
    assert default_folder() == tmp_path / "cache" / "snapshots"
    store(download("2020-01-01", "2021-01-01"), "2020-01-01", "2021-01-01")
    assert [p.name for p in (tmp_path / "cache").rglob("*") if p.is_file()] == ["051900.KS.parquet"]


def test_one_adjustment_is_not_given_for_another() -> None:
    snapshots = store(download("2020-01-01", "2021-01-01"), "2020-01-01", "2021-01-01")
    assert snapshots.find("051900.KS", "yahoo", "all") is None
    assert snapshots.find("005930.KS", "yahoo", "splits") is None


@pytest.mark.parametrize(
    ("start", "end", "covered"),
    [
        ("2020-01-01", "2021-01-01", True),
        ("2020-05-01", "2020-06-01", True),
        ("2019-12-31", "2021-01-01", False),
        ("2020-01-01", "2021-01-02", False),
        ("2020-01-01", "2020-12-31", True),
    ],
)
def test_covers(start: str, end: str, covered: bool) -> None:
    snapshots = store(download("2020-01-01", "2021-01-01"), "2020-01-01", "2021-01-01")
    found = snapshots.find("051900.KS", "yahoo", "splits")
    assert found is not None and found.covers(start, end) is covered


def test_a_weekend_more_is_still_covered() -> None:
    # 2020-11-06 is a Friday.
    snapshots = store(download("2020-01-01", "2020-11-07"), "2020-01-01", "2020-11-07")
    found = snapshots.find("051900.KS", "yahoo", "splits")
    assert found is not None
    assert found.covers("2020-01-01", "2020-11-09")
    assert not found.covers("2020-01-01", "2020-11-10")


def test_an_end_in_the_future_does_not_cover_days_to_come() -> None:
    now = datetime.datetime(2020, 11, 6, 3, tzinfo=datetime.UTC)
    snapshots = store(download("2020-01-01", "2020-11-06"), "2020-01-01", "2030-01-01", now)
    found = snapshots.find("051900.KS", "yahoo", "splits")
    assert found is not None and found.end == "2020-11-06"
    assert not found.covers("2020-01-01", "2020-11-07")


def test_downloads_that_agree_are_joined() -> None:
    store(download("2019-01-01", "2020-01-01"), "2019-01-01", "2020-01-01")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        snapshots = store(download("2019-06-01", "2020-06-01"), "2019-06-01", "2020-06-01")
    found = snapshots.find("051900.KS", "yahoo", "splits")
    assert found is not None and found.covers("2019-01-01", "2020-06-01")
    assert found.bars.digest == download("2019-01-01", "2020-06-01").digest
    assert len(list(path().parent.iterdir())) == 1


def test_a_contradicting_download_keeps_the_old_file_and_warns() -> None:
    old = download("2019-01-01", "2020-01-01")
    store(old, "2019-01-01", "2020-01-01")
    halved = {name: getattr(old, name) / 2 for name in COLUMNS[:4]}
    new = replace(old, **halved)
    with pytest.warns(SnapshotWarning, match="close on .* the first 2019-01-02") as caught:
        snapshots = store(new, "2019-01-01", "2020-01-01", NOW + datetime.timedelta(days=1))
    kept = path().with_name("051900.KS.2026-11-20T120000Z.parquet")
    assert str(kept) in str(caught[0].message)
    found = snapshots.find("051900.KS", "yahoo", "splits")
    assert found is not None and found.bars.digest == new.digest
    kept.replace(path())
    found = snapshots.find("051900.KS", "yahoo", "splits")
    assert found is not None and found.bars.digest == old.digest


def test_a_session_gone_missing_is_a_contradiction() -> None:
    old = download("2019-01-01", "2020-01-01")
    store(old, "2019-01-01", "2020-01-01")
    with pytest.warns(SnapshotWarning, match="1 sessions are only in one of the two"):
        store(old.rows(np.delete(np.arange(len(old)), 7)), "2019-01-01", "2020-01-01")


def test_separate_spans_do_not_pretend_to_cover_the_gap() -> None:
    store(download("2015-01-01", "2016-01-01"), "2015-01-01", "2016-01-01")
    snapshots = store(download("2019-01-01", "2020-01-01"), "2019-01-01", "2020-01-01")
    found = snapshots.find("051900.KS", "yahoo", "splits")
    assert found is not None and not found.covers("2015-01-01", "2020-01-01")


@pytest.mark.parametrize("where", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("how", ["flip", "cut"])
def test_a_damaged_file_is_reported_and_not_used(where: float, how: str) -> None:
    snapshots = store(download("2019-01-01", "2020-01-01"), "2019-01-01", "2020-01-01")
    raw = bytearray(path().read_bytes())
    at = int(len(raw) * where)
    raw[at] ^= 0xFF
    path().write_bytes(raw if how == "flip" else raw[:at])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = snapshots.find("051900.KS", "yahoo", "splits")
    if found is None:
        assert "damaged" in str(caught[0].message)
    else:
        # A bit of the file that carries no price, such as a statistic or a comment.
        assert found.bars.digest == download("2019-01-01", "2020-01-01").digest
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = store(download("2019-01-01", "2020-01-01"), "2019-01-01", "2020-01-01")
    assert again.find("051900.KS", "yahoo", "splits") is not None


def test_a_price_changed_by_hand_is_found() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    snapshots = store(download("2019-01-01", "2020-01-01"), "2019-01-01", "2020-01-01")
    table = pq.read_table(path())
    close, high = table["close"].to_numpy().copy(), table["high"].to_numpy()
    close[np.argmax(close < high)] = high[np.argmax(close < high)]
    place = table.schema.get_field_index("close")
    pq.write_table(table.set_column(place, "close", pa.array(close)), path())
    with pytest.warns(SnapshotWarning, match="sha256 .* differs from"):
        assert snapshots.find("051900.KS", "yahoo", "splits") is None


def test_an_interrupted_write_leaves_the_old_file(monkeypatch: pytest.MonkeyPatch) -> None:
    old = download("2019-01-01", "2020-01-01")
    snapshots = store(old, "2019-01-01", "2020-01-01")

    def stop(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        store(download("2019-01-01", "2020-06-01"), "2019-01-01", "2020-06-01")
    assert [p.name for p in path().parent.iterdir()] == ["051900.KS.parquet"]
    found = snapshots.find("051900.KS", "yahoo", "splits")
    assert found is not None and found.bars.digest == old.digest


def test_simulated_bars_are_never_stored(tmp_path: Path) -> None:
    bars = Simulated().fetch("051900.KS", "2020-01-01", "2021-01-01")
    with pytest.raises(InputError, match="simulated bars are not stored"):
        store(bars, "2020-01-01", "2021-01-01")
    assert not (tmp_path / "cache").exists()


def test_a_ticker_cannot_leave_the_folder() -> None:
    with pytest.raises(InputError, match="is not a ticker"):
        Snapshots().find("../../x", "yahoo", "splits")
