"""The series that come with the packages are real and end in 2018."""

from __future__ import annotations

import pytest

from backtests.sources.bundled import FIRST, LAST, Bundled
from backtests.sources.source import NotCovered, UnknownTicker


@pytest.mark.parametrize("ticker", ["^GSPC", "^IXIC"])
def test_the_whole_series(ticker: str) -> None:
    bars = Bundled().fetch(ticker, "1999-01-01", "2019-01-01")
    assert (len(bars), bars.sessions[0], bars.sessions[-1]) == (5031, FIRST, LAST)
    assert not bars.origin.simulated
    assert bars.origin.source == "bundled"


def test_the_close_of_a_known_day() -> None:
    # S&P 500, 2008-10-15: 907.84, the largest fall of that year (-9.03%).
    bars = Bundled().fetch("^GSPC", "2008-10-14", "2008-10-16")
    assert round(bars.close[1], 2) == 907.84
    assert round(bars.close[1] / bars.close[0] - 1, 4) == -0.0903


@pytest.mark.parametrize(
    ("start", "end", "covered"),
    [
        ("1999-01-01", "2019-01-01", True),
        ("2010-06-01", "2012-01-01", True),
        ("1999-01-01", "2019-01-02", True),
        ("1998-12-31", "2010-01-01", False),  # a session that the series lacks
        ("2010-01-01", "2019-01-03", False),  # 2019-01-02 was one
        ("1998-06-01", "2010-01-01", False),
        ("2016-01-01", "2019-02-01", False),
        ("2020-01-01", "2021-01-01", False),
    ],
)
def test_covers(start: str, end: str, covered: bool) -> None:
    assert Bundled().covers("^GSPC", start, end) is covered
    if not covered:
        with pytest.raises(NotCovered, match="1999-01-04 to 2018-12-31"):
            Bundled().fetch("^GSPC", start, end)


def test_partial_goes_as_far_as_it_can() -> None:
    bars = Bundled(partial=True).fetch("^GSPC", "2018-01-01", "2026-01-01")
    assert (str(bars.sessions[0]), bars.sessions[-1]) == ("2018-01-02", LAST)
    with pytest.raises(NotCovered):
        Bundled(partial=True).fetch("^GSPC", "2020-01-01", "2026-01-01")


def test_another_ticker_is_unknown() -> None:
    assert not Bundled().covers("051900.KS", "2010-01-01", "2011-01-01")
    with pytest.raises(UnknownTicker, match=r"\^GSPC and \^IXIC"):
        Bundled().fetch("051900.KS", "2010-01-01", "2011-01-01")
