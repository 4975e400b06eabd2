"""Where the bars come from, what was done to them, and how the account is divided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from backtests.report.sections.facts import facts, facts_of_bars, facts_of_outliers
from backtests.sources.faults import Fault
from backtests.studies.study import UNIVERSE
from backtests.universe.membership import membership
from forecasters.bars import Bars
from tests.backtests.example_studies import make_bars, make_study

STUDY = make_study(rows=640)


def from_source(bars: Bars, **origin: object) -> Bars:
    """Return the bars with another origin."""
    return replace(bars, origin=replace(bars.origin, **origin))  # type: ignore[arg-type]


def split_behind(bars: Bars) -> Bars:
    """Return the bars whose volumes jump by 50 in the middle and whose prices do not."""
    late = np.arange(len(bars)) >= len(bars) // 2
    return replace(bars, volume=bars.volume * np.where(late, 50.0, 1.0))


def test_one_ticker_has_these_facts_in_this_order() -> None:
    told = facts(STUDY)
    assert [name for name, _ in told] == [
        "Prices", "Adjusted for", "Sessions", "Repairs", "Outliers",
    ]  # fmt: skip
    named = dict(told)
    (bars,) = STUDY.bars.values()
    assert named["Prices"] == "csv (a test)"
    assert named["Adjusted for"].startswith("splits, not dividends")
    assert named["Sessions"] == (
        f"640 from {bars.sessions[0]} to {bars.sessions[-1]}, {bars.periods_per_year:.1f} a year"
    )
    assert named["Repairs"] == (
        "2 rows without a session dropped; 3 halts: not traded, not judged; "
        "0 highs or lows widened for rounding"
    )


def test_a_universe_names_its_tickers_its_parts_and_each_faulty_row() -> None:
    bars = {t: make_bars(t, rows=n) for t, n in (("B.KS", 640), ("A.KS", 500))}
    faults = (
        Fault("A.KS", "2018-01-02", "line 7: close 'x' is not a number", "2018-01-01"),
        Fault("C.KS", "2016-01-05", "line 3: no close", None),
    )
    study = replace(STUDY, account=UNIVERSE, bars=bars, slots=3, faults=faults, left_out=("C.KS",))
    told = facts(study)
    assert [name for name, _ in told] == [
        "Tickers", "Prices", "Adjusted for", "Sessions", "Repairs", "Outliers", "Parts",
        "Faulty row", "Faulty row",
    ]  # fmt: skip
    named = dict(told)
    assert named["Tickers"] == "B.KS, A.KS"
    assert named["Prices"] == "csv (a file a ticker)"
    assert named["Sessions"] == "500 to 640 a ticker, 1,140 in all"
    assert named["Repairs"].startswith("4 rows without a session dropped; 6 halts")
    assert named["Parts"].startswith("3 equal parts of the equity, one a position")
    shortened, left_out = (text for name, text in told if name == "Faulty row")
    assert "used up to 2018-01-01" in shortened
    assert "left out, because no session comes before" in left_out


def test_volumes_that_a_split_left_behind_are_told_with_the_mend_that_fits_the_run() -> None:
    bars = split_behind(next(iter(STUDY.bars.values())))
    ((_, alone),) = (
        f for f in facts(replace(STUDY, bars={bars.ticker: bars})) if f[0] == "Volumes"
    )
    assert "its volumes change x50 for good" in alone
    assert "in your file of bars (--data-dir)" in alone
    ranked = membership({bars.ticker: bars}, 1)
    study = replace(STUDY, account=UNIVERSE, bars={bars.ticker: bars}, membership=ranked)
    ((_, pooled),) = (f for f in facts(study) if f[0] == "Volumes")
    assert "It is ranked by traded value not before" in pooled
    assert "write into the universe file: 051900.KS xN before" in pooled


def test_simulated_prices_are_called_so_and_each_origin_is_named_once() -> None:
    drawn, real = make_bars(simulated=True, rows=60), make_bars(rows=60)
    every = [drawn, real, real, from_source(real, source="yahoo", vendor="Yahoo", adjusted="all")]
    named = dict(facts_of_bars(every, pooled=True))
    assert named["Prices"].split("; ") == [
        "simulated (random walk), SIMULATED", "csv (a test)", "yahoo (Yahoo)",
    ]  # fmt: skip
    assert named["Adjusted for"].split("; ")[-1] == "splits and dividends"


@pytest.mark.parametrize(
    ("adjusted", "said"),
    [
        ("none", "nothing"),
        ("unknown", "not known: the source does not say"),
        ("as in the file", "as in the file"),
    ],
)
def test_what_prices_are_adjusted_for_is_said_in_words(adjusted: str, said: str) -> None:
    bars = from_source(make_bars(rows=60), adjusted=adjusted)
    assert dict(facts_of_bars([bars]))["Adjusted for"] == said


@pytest.mark.parametrize(
    ("shares", "span"),
    [([0.012], "1.2% of"), ([0.02, 0.001, 0.013], "0.1% to 2.0% of"), ([0.0, 0.0], "0.0% of")],
)
def test_outliers_are_told_from_the_lowest_to_the_highest_fold(
    shares: Sequence[float], span: str
) -> None:
    ((name, text),) = facts_of_outliers(shares)
    assert name == "Outliers" and text.startswith(span)


def test_where_nothing_was_trained_there_are_no_outliers() -> None:
    assert facts_of_outliers([]) == []
