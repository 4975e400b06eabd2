"""Prices known by their content: names, copies, roundings and later bars make no difference."""

from dataclasses import replace

import numpy as np
import pytest

from backtests.trials.prices import PriceRegistry, Prices
from tests.backtests.example_studies import make_bars

BARS = make_bars(rows=400)


def scaled(bars, factor, digits):
    """Return the bars in another unit, rounded as an adjusted price is."""
    prices = {
        name: np.round(getattr(bars, name) * factor, digits)
        for name in ("open", "high", "low", "close")
    }
    return replace(bars, **prices)


def cut(bars, rows):
    arrays = ("sessions", "open", "high", "low", "close", "volume")
    return replace(bars, **{name: getattr(bars, name)[rows] for name in arrays})


@pytest.mark.parametrize(
    "other",
    [
        replace(BARS, ticker="COPY"),
        replace(scaled(BARS, 0.0123, 2), ticker="051900"),
        replace(cut(BARS, slice(150, None)), ticker="LATER"),
        replace(cut(BARS, np.r_[0:80, 83:400]), ticker="HOLES"),
        replace(cut(BARS, slice(0, 399)), ticker="051900.ks"),
    ],
    ids=lambda bars: bars.ticker,
)
def test_the_same_prices_keep_their_name(tmp_path, other):
    registry = PriceRegistry(tmp_path)
    first = registry.names({BARS.ticker: BARS})
    assert registry.names({other.ticker: other}) == first
    assert PriceRegistry(tmp_path).names({other.ticker: other}) == first


def test_other_prices_have_another_name_whatever_they_are_called(tmp_path):
    registry = PriceRegistry(tmp_path)
    first = registry.names({BARS.ticker: BARS})
    drawn = make_bars(rows=400, seed=2)
    assert registry.names({BARS.ticker: drawn}) != first
    both = registry.names({"A": BARS, "B": drawn})
    assert len(both) == 2 and set(first) < set(both)


def test_a_stock_that_moves_with_another_is_not_the_same():
    one = Prices.of(BARS)
    noise = np.random.default_rng(3).normal(0, 0.004, one.level.size).cumsum()  # correlation 0.98
    assert not one.agrees(Prices(one.sessions, one.level + noise))


def test_too_few_shared_days_are_not_compared():
    one = Prices.of(BARS)
    assert not one.agrees(Prices(one.sessions[-15:], one.level[-15:]))


def test_later_bars_are_added_so_that_a_still_later_copy_is_known(tmp_path):
    registry = PriceRegistry(tmp_path)
    early, middle, late = (cut(BARS, slice(a, b)) for a, b in ((0, 150), (100, 300), (250, 400)))
    first = registry.names({"A": early})
    assert registry.names({"B": middle}) == first
    assert registry.names({"C": late}) == first
    assert PriceRegistry(tmp_path / "other").names({"C": late}) != first
    (file,) = tmp_path.glob("*.npz")
    assert np.load(file)["days"].size == 400


def test_a_file_that_is_damaged_is_no_price(tmp_path):
    registry = PriceRegistry(tmp_path)
    first = registry.names({"A": BARS})
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(file.read_bytes()[:200])
    assert registry.there() == set()
    assert registry.names({"A": BARS}) == first, "written again"
    assert registry.there() == set(first)
