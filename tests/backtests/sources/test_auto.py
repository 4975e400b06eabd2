"""What a user gets who named no source."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from backtests.sources.auto import Auto
from backtests.sources.simulated import Simulated
from backtests.sources.snapshots import Snapshots
from backtests.sources.source import (
    NoNetwork,
    PartialDataWarning,
    SimulatedDataWarning,
    SnapshotWarning,
    SourceBusy,
    SourceUnreachable,
    UnknownTicker,
)
from backtests.sources.yahoo import Yahoo
from forecasters.bars import Bars, Origin

SPAN = ("2020-01-01", "2021-01-01")
REAL = Origin("yahoo", "Yahoo Finance", adjusted="splits")
OFFLINE = NoNetwork("Yahoo Finance cannot be reached (no route)")


@dataclass
class Vendor:
    """Stands in for Yahoo: gives bars called real, or the error it was made with."""

    error: Exception | None = None
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def fetch(self, ticker: str, start: str, end: str) -> Bars:
        self.asked.append((ticker, start, end))
        if self.error is not None:
            raise self.error
        return replace(Simulated().fetch(ticker, start, end), origin=REAL)


def test_a_download_is_kept_and_not_repeated() -> None:
    vendor = Vendor()
    first = Auto(yahoo=vendor).fetch("051900.KS", *SPAN)
    again = Auto(yahoo=vendor).fetch("051900.KS", *SPAN)
    part = Auto(yahoo=vendor).fetch("051900.KS", "2020-03-01", "2020-06-01")
    assert len(vendor.asked) == 1
    assert first.digest == again.digest
    assert first.origin == again.origin == REAL
    assert part.digest == first.between("2020-03-01", "2020-06-01").digest


def test_a_snapshot_is_used_without_a_network() -> None:
    Auto(yahoo=Vendor()).fetch("051900.KS", *SPAN)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bars = Auto(yahoo=Vendor(OFFLINE)).fetch("051900.KS", *SPAN)
    assert not bars.origin.simulated


def test_a_snapshot_of_one_adjustment_is_not_used_for_another() -> None:
    Auto(yahoo=Vendor()).fetch("051900.KS", *SPAN)
    vendor = Vendor()
    Auto("all", yahoo=vendor).fetch("051900.KS", *SPAN)
    assert len(vendor.asked) == 1


def test_a_bundled_series_comes_before_the_network() -> None:
    vendor = Vendor()
    bars = Auto(yahoo=vendor).fetch("^GSPC", "2010-01-01", "2015-01-01")
    assert bars.origin.source == "bundled"
    assert not vendor.asked


def test_yahoo_comes_before_a_bundled_series_that_falls_short() -> None:
    bars = Auto(yahoo=Vendor()).fetch("^GSPC", "2010-01-01", "2020-01-01")
    assert bars.origin.source == "yahoo"


def test_without_a_network_the_bundled_series_goes_as_far_as_it_can() -> None:
    with pytest.warns(PartialDataWarning, match=r"to 2018-12-31 only, not from 2010-01-01"):
        bars = Auto(yahoo=Vendor(OFFLINE)).fetch("^GSPC", "2010-01-01", "2020-01-01")
    assert str(bars.sessions[-1]) == "2018-12-31"
    assert not bars.origin.simulated


def test_without_a_network_a_snapshot_goes_as_far_as_it_can() -> None:
    Auto(yahoo=Vendor()).fetch("051900.KS", *SPAN)
    with pytest.warns(PartialDataWarning, match=r"2020-12-30 only"):
        bars = Auto(yahoo=Vendor(OFFLINE)).fetch("051900.KS", "2020-01-01", "2022-01-01")
    assert bars.origin == REAL


def test_without_a_network_and_without_real_bars_they_are_simulated(tmp_path: Path) -> None:
    with pytest.warns(SimulatedDataWarning, match=r"SIMULATED.*no route"):
        bars = Auto(yahoo=Vendor(OFFLINE)).fetch("051900.KS", *SPAN)
    assert bars.origin.simulated
    assert not (tmp_path / "cache").exists()
    # And the next run with a network is real.
    assert not Auto(yahoo=Vendor()).fetch("051900.KS", *SPAN).origin.simulated


@pytest.mark.parametrize("offline", ["005930.KS", "051900.KS"])
@pytest.mark.filterwarnings("ignore::backtests.sources.source.SimulatedDataWarning")
def test_simulated_bars_never_stand_beside_downloaded_ones(offline: str) -> None:
    vendor = Vendor()
    source = Auto(yahoo=vendor)
    vendor.error = OFFLINE if offline == "005930.KS" else None
    source.fetch("005930.KS", *SPAN)
    vendor.error = OFFLINE if offline == "051900.KS" else None
    with pytest.raises(SourceUnreachable, match=f"was reached for .* and not for {offline}"):
        source.fetch("051900.KS", *SPAN)


def test_bundled_dates_out_of_reach_are_simulated() -> None:
    with pytest.warns(SimulatedDataWarning):
        bars = Auto(yahoo=Vendor(OFFLINE)).fetch("^GSPC", "2020-01-01", "2021-01-01")
    assert bars.origin.simulated


@pytest.mark.parametrize("error", [UnknownTicker("no such ticker"), SourceBusy("429")])
def test_only_a_missing_network_is_replaced(error: Exception) -> None:
    with pytest.raises(type(error)):
        Auto(yahoo=Vendor(error)).fetch("051900.KS", *SPAN)
    with pytest.raises(type(error)):
        Auto(yahoo=Vendor(error)).fetch("^GSPC", "2010-01-01", "2020-01-01")


def test_an_unknown_ticker_of_the_real_yahoo_is_never_simulated(serve: Any, symbol: str) -> None:
    with serve(lambda symbol, query: (404, '{"chart": {"result": null, "error": {}}}')) as server:
        source = Auto(yahoo=Yahoo(session=server.session()))
        for _ in range(3):
            with pytest.raises(UnknownTicker):
                source.fetch(symbol, *SPAN)


def test_a_refused_connection_of_the_real_yahoo_is_simulated(serve: Any, symbol: str) -> None:
    with serve(lambda symbol, query: (200, "")) as server:
        pass
    with pytest.warns(SimulatedDataWarning, match="cannot be reached"):
        bars = Auto(yahoo=Yahoo(session=server.session())).fetch(symbol, *SPAN)
    assert bars.origin.simulated


def test_a_damaged_snapshot_is_fetched_afresh() -> None:
    first = Auto(yahoo=Vendor()).fetch("051900.KS", *SPAN)
    path = Snapshots().path("051900.KS", "yahoo", "splits")
    path.write_bytes(path.read_bytes()[:-100])
    vendor = Vendor()
    with pytest.warns(SnapshotWarning, match="damaged"):
        again = Auto(yahoo=vendor).fetch("051900.KS", *SPAN)
    assert len(vendor.asked) == 1
    assert again.digest == first.digest


def test_a_folder_that_cannot_be_written_costs_the_snapshot_only(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, no folder")
    with pytest.warns(SnapshotWarning, match="BACKTESTS_CACHE"):
        bars = Auto(yahoo=Vendor()).fetch("051900.KS", *SPAN)
    assert bars.origin == REAL
