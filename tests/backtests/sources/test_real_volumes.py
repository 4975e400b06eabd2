"""The real Korean series, where they lie beside the project: which volumes a split left behind."""

from __future__ import annotations

from pathlib import Path

from backtests.sources.csv import CsvFolder
from backtests.universe.file import VolumeCorrection, corrected
from backtests.universe.volume_steps import volume_steps

#: Ticker to the first session after its split, and the ratio.
SPLITS = {
    "005930.KS": ("2018-05-04", 50),
    "035420.KS": ("2018-10-12", 5),
    "090430.KS": ("2015-05-08", 10),
}


def test_the_three_that_a_split_left_behind_are_found_and_no_other(krx: Path) -> None:
    folder = CsvFolder(krx / "krx")
    found = {}
    for path in sorted((krx / "krx").glob("*.csv")):
        bars = folder.fetch(path.stem, "1980-01-01", "2100-01-01")
        if steps := volume_steps(bars):
            found[path.stem] = [step.since for step in steps]
            day, ratio = SPLITS[path.stem]
            assert volume_steps(corrected(bars, [VolumeCorrection(day, ratio)])) == ()
    assert found == {ticker: [day] for ticker, (day, _) in SPLITS.items()}
