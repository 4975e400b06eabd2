"""Bars are checked once, when they are made: what leaves is sound, what is repaired is counted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasters.bars import COLUMNS, PRICES, Bars, Days, Origin
from forecasters.errors import Error, InputError

MakeBars = Callable[..., Bars]


def frame_of(bars: Bars, **columns: Any) -> pd.DataFrame:
    return bars.frame.assign(**columns)


# --- halts ---------------------------------------------------------------------------------------


def test_a_halt_without_prices_is_marked_and_takes_the_repeated_close(bars_of: MakeBars) -> None:
    # KRX exports write a suspended session as 0, 0, 0, last close, 0.
    bars = bars_of([100, 200, 200, 300], open={2: 0}, high={2: 0}, low={2: 0}, volume={2: 0})
    assert bars.tradable.tolist() == [True, True, False, True]
    assert bars.halts == 1
    assert [getattr(bars, name)[2] for name in PRICES] == [200] * 4
    assert bars.widened == 0, "a repaired halt is no rounding"


def test_a_flat_halt_is_marked(bars_of: MakeBars) -> None:
    bars = bars_of([100, 200, 200], high={2: 200}, low={2: 200}, volume={2: 0})
    assert bars.tradable.tolist() == [True, True, False]


@pytest.mark.parametrize(
    "row",
    [
        {"high": {1: 210}, "volume": {1: 0}},  # a range without a volume: an index, a currency
        {"high": {1: 200}, "low": {1: 200}},  # flat with a volume: locked at a limit
    ],
)
def test_what_only_looks_like_a_halt_is_tradable(bars_of: MakeBars, row: dict[str, Any]) -> None:
    assert bars_of([100, 200], **row).tradable.all()


def test_a_halt_on_the_first_row_borrows_nothing_from_others(bars_of: MakeBars) -> None:
    bars = bars_of([100, 200], open={0: 0}, high={0: 0}, low={0: 0}, volume={0: 0})
    assert (bars.open[0], bars.high[0], bars.low[0]) == (100, 100, 100)


# --- rounding ------------------------------------------------------------------------------------


@pytest.mark.parametrize("won", [1, 2, 3])
def test_a_high_some_won_too_low_is_widened_and_counted(bars_of: MakeBars, won: int) -> None:
    bars = bars_of([5000] * 3, open={1: 5020}, high={1: 5020 - won})
    assert bars.high[1] == 5020
    assert bars.widened == 1


@pytest.mark.parametrize("won", [1, 2, 3])
def test_a_low_some_won_too_high_is_widened_and_counted(bars_of: MakeBars, won: int) -> None:
    bars = bars_of([5000] * 3, open={1: 4980}, low={1: 4980 + won})
    assert bars.low[1] == 4980
    assert bars.widened == 1


def test_a_row_with_both_is_counted_once(bars_of: MakeBars) -> None:
    bars = bars_of([5000] * 3, high={0: 4999, 2: 4999}, low={0: 5001})
    assert bars.widened == 2


@pytest.mark.parametrize("column", [{"high": {1: 4996}}, {"low": {1: 5004}}])
def test_four_won_on_a_small_price_are_refused_with_the_row(
    bars_of: MakeBars, column: dict[str, Any]
) -> None:
    with pytest.raises(
        InputError, match=r"TEST: row 2 \(2015-01-06\) has a (high|low) .*close 5000"
    ):
        bars_of([5000] * 3, **column)


def test_a_large_price_may_be_a_basis_point_off_and_no_more(bars_of: MakeBars) -> None:
    # The worst seen in a real KRX export: 5 won at 62,000.
    assert bars_of([62_000], high=[61_995]).widened == 1
    with pytest.raises(InputError, match="high below"):
        bars_of([62_000], high=[61_990])


def test_cents_are_not_won(bars_of: MakeBars) -> None:
    """Three dollars on a price with cents are no rounding."""
    with pytest.raises(InputError, match="high below"):
        bars_of([150.25], high=[148.25], low=[140.5])
    with pytest.raises(InputError, match="high below"):
        bars_of([12], high=[11], low=[10])  # whole numbers, but a won of 12 is no won


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_is_refused(bars_of: MakeBars, name: str, value: float) -> None:
    with pytest.raises(InputError, match=r"row 3 \(2015-01-07\) has a value that is not a finite"):
        bars_of([100.0] * 4, **{name: {2: value}})


@pytest.mark.parametrize("name", PRICES)
@pytest.mark.parametrize("value", [-1.0, 0.0])
def test_a_price_of_nothing_is_refused(bars_of: MakeBars, name: str, value: float) -> None:
    with pytest.raises(InputError, match=r"row 2 \(2015-01-06\) has a price of zero or less"):
        bars_of([100.0] * 4, **{name: {1: value}})


def test_a_halt_without_a_close_is_refused(bars_of: MakeBars) -> None:
    with pytest.raises(InputError, match="price of zero"):
        bars_of([100.0, 0.0], open={1: 0}, high={1: 0}, low={1: 0}, volume={1: 0})


def test_a_negative_volume_is_refused(bars_of: MakeBars) -> None:
    with pytest.raises(InputError, match=r"row 1 \(2015-01-05\) has a negative volume"):
        bars_of([100.0] * 2, volume={0: -5})


def test_a_date_that_comes_twice_is_refused(bars_of: MakeBars) -> None:
    with pytest.raises(InputError, match="2015-01-06 comes twice; sort"):
        bars_of([100.0] * 3, sessions=["2015-01-05", "2015-01-06", "2015-01-06"])


def test_dates_out_of_order_are_refused(bars_of: MakeBars) -> None:
    with pytest.raises(InputError, match="2015-01-02 comes after 2015-01-06; sort"):
        bars_of([100.0] * 3, sessions=["2015-01-05", "2015-01-06", "2015-01-02"])


def test_a_missing_date_is_refused(bars_of: MakeBars) -> None:
    with pytest.raises(InputError, match="row 2 has no date"):
        bars_of([100.0] * 2, sessions=np.array(["2015-01-05", "NaT"], dtype="datetime64[D]"))


def test_no_bars_and_columns_of_another_length_are_refused(bars_of: MakeBars) -> None:
    with pytest.raises(InputError, match="no bars at all"):
        bars_of([])
    with pytest.raises(InputError, match=r"volume has .* values for 3 sessions"):
        bars_of([100.0] * 3, volume=[1.0, 2.0])


@given(
    values=st.lists(
        st.tuples(
            *[st.sampled_from([0.0, 1.0, 99.0, 100.0, 103.0, 104.0, np.nan, np.inf])] * 4,
            st.sampled_from([0.0, 1.0, -1.0, np.nan]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_bars_are_sound_or_refused(values: list[tuple[float, ...]], days: Any) -> None:
    """Whatever comes in, what is accepted satisfies what every later step relies on."""
    try:
        bars = Bars("TEST", days(len(values)), *np.array(values).T)
    except InputError:
        return
    table = np.stack([getattr(bars, name) for name in COLUMNS])
    assert np.isfinite(table).all()
    assert (table[:4] > 0).all()
    assert (bars.volume >= 0).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.volume[~bars.tradable] == 0).all()
    # What was repaired once is left alone the second time, so a copy has the same digest.
    again = bars.rows(slice(None))
    assert again.digest == bars.digest
    assert (again.tradable == bars.tradable).all()


# --- arrays --------------------------------------------------------------------------------------


def test_arrays_are_read_only(bars_of: MakeBars) -> None:
    bars = bars_of([100.0] * 3)
    for name in ("sessions", "tradable", *COLUMNS):
        with pytest.raises(ValueError, match="read-only"):
            getattr(bars, name)[0] = getattr(bars, name)[1]


def test_arrays_are_detached_from_the_callers(days: Callable[..., Days]) -> None:
    sessions, given_ = days(3), [np.full(3, 100.0) for _ in COLUMNS]
    bars = Bars("TEST", sessions, *given_)
    digest = bars.digest
    sessions += 1
    for array in given_:
        array *= 2  # the caller's arrays stay writable
    assert bars.digest == digest
    frame = bars.frame
    frame.loc[:, "close"] = 1.0
    assert bars.digest == digest


def test_repairs_leave_the_callers_arrays_alone(days: Callable[..., Days]) -> None:
    columns = [np.array([0.0]), np.array([0.0]), np.array([0.0]), np.array([5.0]), np.array([0.0])]
    assert Bars("TEST", days(1), *columns).open[0] == 5
    assert columns[0][0] == 0


# --- digest --------------------------------------------------------------------------------------


def test_the_digest_is_that_of_the_bytes(bars_of: MakeBars) -> None:
    """Recomputed here from its definition, so that stored digests stay good."""
    bars = bars_of([100.0, 101.0])
    h = hashlib.sha256(b"TEST")
    h.update(np.array([16440, 16441], dtype="<i8").tobytes())  # days since 1970
    for column in ([100, 101], [110, 111], [90, 91], [100, 101], [1000, 1001]):
        h.update(np.array(column, dtype="<f8").tobytes())
    assert bars.digest == h.hexdigest()


@pytest.mark.parametrize("name", COLUMNS)
def test_the_digest_sees_the_last_bit_of_every_column(bars_of: MakeBars, name: str) -> None:
    bars = bars_of([100.0, 101.0])
    value = np.nextafter(getattr(bars, name)[1], np.inf)
    # A close moves within high and low; an open is free to.
    assert bars_of([100.0, 101.0], **{name: {1: value}}).digest != bars.digest


def test_the_digest_sees_ticker_and_dates_and_not_the_origin(bars_of: MakeBars) -> None:
    bars = bars_of([100.0, 101.0])
    assert bars_of([100.0, 101.0]).digest == bars.digest
    assert bars_of([100.0, 101.0], ticker="OTHER").digest != bars.digest
    assert bars_of([100.0, 101.0], sessions=["2015-01-05", "2015-01-07"]).digest != bars.digest
    assert bars_of([100.0, 101.0], origin=Origin("csv")).digest == bars.digest


# --- frames --------------------------------------------------------------------------------------


def test_a_frame_goes_there_and_back(bars_of: MakeBars, walk: Callable[..., Any]) -> None:
    bars = bars_of(walk(50))
    assert Bars.from_frame("TEST", bars.frame).digest == bars.digest


def test_capitals_and_further_columns_do_not_matter(bars_of: MakeBars) -> None:
    bars = bars_of([100.0, 101.0])
    frame = frame_of(bars, Dividends=0.0).rename(columns=str.title)[
        ["Volume", "Close", "Dividends", "Low", "High", "Open"]
    ]
    assert Bars.from_frame("TEST", frame).digest == bars.digest


@pytest.mark.parametrize("zone", ["Asia/Seoul", "America/New_York", "UTC"])
@pytest.mark.parametrize("hour", [0, 9, 15])
def test_a_timezone_is_dropped_and_the_date_stays(bars_of: MakeBars, zone: str, hour: int) -> None:
    """Midnight in Seoul is the day before in UTC: converted, every bar would be a day early."""
    bars = bars_of([100.0, 101.0])
    index = (bars.frame.index + pd.Timedelta(hours=hour)).tz_localize(zone)
    made = Bars.from_frame("TEST", bars.frame.set_index(index))
    assert made.sessions.astype(str).tolist() == ["2015-01-05", "2015-01-06"]


def test_a_missing_column_is_named(bars_of: MakeBars) -> None:
    frame = bars_of([100.0, 101.0]).frame.drop(columns=["open", "volume"])
    with pytest.raises(
        InputError, match="TEST: no column open, volume; the columns are high, low, close"
    ):
        Bars.from_frame("TEST", frame)


def test_a_frame_without_dates_is_refused(bars_of: MakeBars) -> None:
    frame = bars_of([100.0, 101.0]).frame.reset_index(drop=True)
    with pytest.raises(Error, match="date"):
        Bars.from_frame("TEST", frame)


# --- parts ---------------------------------------------------------------------------------------


def test_between_takes_the_start_and_leaves_the_end(bars_of: MakeBars) -> None:
    bars = bars_of([100.0, 101.0, 102.0, 103.0], origin=Origin("csv"))
    part = bars.between("2015-01-06", "2015-01-08")
    assert part.close.tolist() == [101, 102]
    assert part.origin == bars.origin
    with pytest.raises(InputError, match="no bars at all"):
        bars.between("2030-01-01")


def test_a_part_still_counts_what_was_repaired(bars_of: MakeBars) -> None:
    """A page cut out of stored bars must not claim that nothing was repaired, nor count it twice."""
    halt = {"open": {3: 0}, "low": {3: 0}, "volume": {3: 0}}
    bars = bars_of([5000.0] * 6, high={0: 4999, 2: 4999, 3: 0, 4: 4998}, **halt)
    assert (bars.widened, bars.halts) == (3, 1)
    part = bars.rows(slice(1, 6))
    assert (part.widened, part.halts) == (3, 1)
    assert bars.rows(slice(4, 6)).halts == 0


def test_sessions_a_year_are_those_of_the_bars(bars_of: MakeBars) -> None:
    assert bars_of([100.0] * 500).periods_per_year == pytest.approx(261, abs=1)  # every weekday
    assert bars_of([100.0] * 20).periods_per_year == 252  # too few to count


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.assign(Close=1.0), "a column comes twice"),
        (lambda f: f.reset_index(drop=True), "not dates"),
        (lambda f: f.assign(close="many"), "no number"),
    ],
)
def test_a_frame_that_is_no_table_of_bars_says_why(change: Any, words: str) -> None:
    days = pd.date_range("2019-01-07", periods=3)
    frame = pd.DataFrame(dict.fromkeys(COLUMNS, 100.0), index=days)
    assert len(Bars.from_frame("A", frame)) == 3
    with pytest.raises(InputError, match=words):
        Bars.from_frame("A", change(frame))


def test_a_date_that_is_none_is_refused(bars_of: Any) -> None:
    with pytest.raises(InputError, match="2015-01-31"):
        bars_of([100.0] * 3).between("2015-13-01")
