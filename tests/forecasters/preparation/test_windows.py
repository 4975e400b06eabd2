"""Windows hold what was known, scaled by what training alone could see, and lead back to a close."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasters.bars import COLUMNS, Bars, Floats
from forecasters.errors import InputError
from forecasters.features import Features, make_features
from forecasters.models.naive import Naive
from forecasters.preparation.preprocessing import Preprocessing
from forecasters.preparation.scaling import fit_scaler
from forecasters.preparation.windows import Windows
from forecasters.walk_forward.fit import Fit, Part
from forecasters.walk_forward.fold_windows import FoldWindows, cut_windows
from forecasters.walk_forward.folds import Fold

MakeBars = Callable[..., Bars]

#: Fit on rows 0-9, watch 10-14, forecast 15-19.
FOLD = Fold(range(10), range(10, 15), range(15, 20), 1, np.datetime64("2015-01-26"))
PARTS = ("fit", "validation", "test")


@pytest.fixture
def bars(bars_of: MakeBars, walk: Callable[..., Floats]) -> Bars:
    return bars_of(walk(20))


def cut(
    bars: Bars, *, lookback: int = 3, target: str = "close", scaler: str = "minmax"
) -> FoldWindows:
    return cut_windows(
        make_features(bars), FOLD, Preprocessing(lookback=lookback, target=target, scaler=scaler)
    )


def bits(windows: Windows) -> tuple[bytes, ...]:
    return tuple(getattr(windows, name).tobytes() for name in ("X", "y", "last_close", "as_of"))


def changed(bars: Bars, row: int) -> Bars:
    """Return the bars with one row three times as high."""
    rows = {name: getattr(bars, name).copy() for name in COLUMNS}
    for column in rows.values():
        column[row] *= 3
    return replace(bars, **rows)


# --- values --------------------------------------------------------------------------------------


def test_a_window_by_hand(bars_of: MakeBars) -> None:
    # Closes 100, 110 ... 290; open = close, high 10 above, low 10 below, volume 1000, 1001 ...
    # Fit rows 0-9: closes 100-190, highs 110-200, lows 90-180, volumes 1000-1009; every range is
    # 90 (9 for volume), so row t is t / 9 in each column, in the fit rows and beyond them.
    windows = cut(bars_of(100.0 + 10 * np.arange(20)))
    assert windows.fit.X.shape == (8, 3, 5)  # rows 2-9: the first complete window ends on row 2
    expected = np.array([[0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [2, 2, 2, 2, 2]]) / 9
    np.testing.assert_allclose(windows.fit.X[0], expected, rtol=1e-15)
    np.testing.assert_allclose(windows.test.X[0, :, 3], np.array([13, 14, 15]) / 9, rtol=1e-15)
    # Targets of rows 2-9 are the closes of rows 3-10, 130 to 200, onto [0, 1].
    np.testing.assert_allclose(windows.fit.y, np.arange(8) / 7, rtol=1e-15)
    np.testing.assert_allclose(windows.validation.y, (np.arange(5) + 8) / 7, rtol=1e-15)
    assert windows.fit.last_close.tolist() == [120 + 10 * n for n in range(8)]


@pytest.mark.parametrize("lookback", [1, 4])
def test_the_last_session_of_a_window_is_its_as_of(bars: Bars, lookback: int) -> None:
    windows = cut(bars, lookback=lookback, scaler="none")
    for part in PARTS:
        w = getattr(windows, part)
        row = np.searchsorted(bars.sessions, w.as_of)
        table = np.stack([getattr(bars, name) for name in COLUMNS], axis=1)
        for back in range(lookback):
            np.testing.assert_array_equal(w.X[:, lookback - 1 - back], table[row - back])
        assert (w.last_close == bars.close[row]).all()
    assert (windows.test.as_of == bars.sessions[15:]).all()


def test_a_test_window_carries_no_outcome(bars: Bars) -> None:
    for target in ("close", "return"):
        windows = cut(bars, target=target)
        assert np.isnan(windows.test.y).all()
        assert np.isfinite(windows.fit.y).all() and np.isfinite(windows.validation.y).all()


def test_a_return_target_is_the_log_return_standardised(bars: Bars) -> None:
    windows = cut(bars, target="return")
    r = np.log(bars.close[3:11] / bars.close[2:10])
    np.testing.assert_allclose(windows.fit.y, (r - r.mean()) / r.std(), rtol=1e-9)
    raw = cut(bars, target="return", scaler="none")
    np.testing.assert_allclose(raw.fit.y, r, rtol=1e-12)


def test_windows_are_read_only(bars: Bars) -> None:
    for name in ("X", "y", "last_close", "as_of"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(cut(bars).fit, name)[0] = 0


# --- scalers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("scaler", ["minmax", "standard"])
@pytest.mark.parametrize("target", ["close", "return"])
@pytest.mark.parametrize("row", [11, 14, 15, 19])
def test_scalers_never_see_a_later_row(bars: Bars, scaler: str, target: str, row: int) -> None:
    """Row 10 is the target of row 9; every row after it is unknown to the fit."""
    before = cut(bars, scaler=scaler, target=target)
    after = cut(changed(bars, row), scaler=scaler, target=target)
    assert bits(after.fit) == bits(before.fit)
    for name in ("shift", "scale"):
        a, b = (getattr(w.transform.target_scaler, name) for w in (after, before))
        assert a.tobytes() == b.tobytes()
    # Untouched windows of later parts show the input scaler itself.
    early = slice(0, row - 10)
    assert after.validation.X[early].tobytes() == before.validation.X[early].tobytes()


@pytest.mark.parametrize("scaler", ["minmax", "standard"])
@pytest.mark.parametrize("row", [0, 5, 9])
def test_scalers_see_every_fit_row(bars: Bars, scaler: str, row: int) -> None:
    before, after = cut(bars, scaler=scaler), cut(changed(bars, row), scaler=scaler)
    assert (after.test.X != before.test.X).all(), "no test window holds the row: this is the scaler"


def test_fit_rows_fill_the_range_exactly(bars: Bars) -> None:
    X = cut(bars, lookback=1).fit.X
    assert (X.min(axis=(0, 1)) == 0).all() and (X.max(axis=(0, 1)) == 1).all()
    X = cut(bars, lookback=1, scaler="standard").fit.X
    np.testing.assert_allclose(X.mean(axis=(0, 1)), 0, atol=1e-9)
    np.testing.assert_allclose(X.std(axis=(0, 1)), 1, rtol=1e-9)


@pytest.mark.parametrize("scaler", ["minmax", "standard"])
def test_a_constant_column_is_guarded(bars: Bars, scaler: str) -> None:
    """S2 guards its min-max scaler: an index has no volume, so the range is zero."""
    windows = cut(replace(bars, volume=np.zeros(20)), scaler=scaler)
    assert (windows.fit.X[:, :, 4] == 0).all()
    assert np.isfinite(windows.test.X).all()


@given(
    rows=st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=8),
    values=st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=8),
    name=st.sampled_from(["minmax", "standard", "none"]),
)
def test_a_scaler_goes_there_and_back(rows: list[float], values: list[float], name: str) -> None:
    scaler = fit_scaler(name, np.array(rows)[:, None])
    assert scaler.scale[0] > 0
    there = scaler.transform(np.array(values)[:, None])
    assert np.isfinite(there).all()
    back = scaler.inverse(there)[:, 0]
    np.testing.assert_allclose(back, values, rtol=1e-9, atol=1e-9 * (1 + max(rows)))


# --- halts ---------------------------------------------------------------------------------------


@pytest.fixture
def halted(bars: Bars) -> Bars:
    """Return the bars with halts on row 5 (fit), 12 (validation) and 16 (test)."""
    rows = {name: getattr(bars, name).copy() for name in COLUMNS}
    for row in (5, 12, 16):
        rows["close"][row] = rows["close"][row - 1]
        for name in ("open", "high", "low", "volume"):
            rows[name][row] = 0
    return replace(bars, **rows)


def test_a_halt_is_no_row_and_no_target_of_training(halted: Bars) -> None:
    windows = cut(halted)
    rows = [
        np.searchsorted(halted.sessions, getattr(windows, part).as_of).tolist() for part in PARTS
    ]
    assert rows == [
        [2, 3, 6, 7, 8, 9],  # not 5, a halt, nor 4, whose target is one
        [10, 13, 14],
        [15, 16, 17, 18, 19],  # every test row has a window; the walk-forward blanks row 16
    ]


def test_a_halt_does_not_stretch_the_scaler(halted: Bars) -> None:
    """Its volume of zero would squeeze every real volume together."""
    X = cut(halted, lookback=1).fit.X[:, 0, 4]
    assert X.min() == 0, "the smallest real volume, 1000 on row 0"
    assert halted.volume[np.isin(halted.sessions, cut(halted, lookback=1).fit.as_of)].min() == 1000


# --- outside -------------------------------------------------------------------------------------


def test_outside_by_hand(bars_of: MakeBars) -> None:
    close = np.full(20, 500.0)
    close[:10] = [450, 500, 550, 500, 500, 500, 500, 500, 500, 500]
    close[15:] = [500, 551, 550, 449, 450]
    volume = np.full(20, 1000.0)
    volume[[0, 1]] = [900, 1100]
    windows = cut(bars_of(close, volume=volume))
    assert windows.outside.tolist() == [False, True, False, True, False]
    volume[15] = 1101
    windows = cut(bars_of(close, volume=volume))
    assert windows.outside.tolist() == [True, True, False, True, False]


def test_a_validation_row_does_not_widen_the_fitted_range(bars_of: MakeBars) -> None:
    close = np.full(20, 500.0)
    close[:2] = [450, 550]
    close[12], close[15] = 600, 590
    made = bars_of(close, volume=np.full(20, 1000.0))
    assert cut(made).outside.tolist() == [True, False, False, False, False]


# --- back to a close -----------------------------------------------------------------------------


@pytest.mark.parametrize("scaler", ["minmax", "standard", "none"])
@pytest.mark.parametrize("target", ["close", "return"])
def test_the_perfect_answer_is_the_next_close(bars: Bars, target: str, scaler: str) -> None:
    """Scaled by hand with the fitted target scaler, a known next close comes back as itself."""
    windows = cut(bars, target=target, scaler=scaler)
    tomorrow = bars.close[15:] * np.array([1.1, 0.9, 1.0, 1.3, 0.7])
    value = tomorrow if target == "close" else np.log(tomorrow / bars.close[15:])
    answer = windows.transform.target_scaler.transform(value[:, None])[:, 0]
    np.testing.assert_allclose(windows.close(answer), tomorrow, rtol=1e-9)
    # And the labels that training saw lead back to the closes that came.
    back = windows.transform.target_scaler.inverse(windows.fit.y[:, None])[:, 0]
    back = back if target == "close" else windows.fit.last_close * np.exp(back)
    np.testing.assert_allclose(back, bars.close[3:11], rtol=1e-9)


@given(closes=st.lists(st.floats(1e-2, 1e7), min_size=20, max_size=20))
def test_naive_is_the_last_close_bit_for_bit(bars_of: MakeBars, closes: list[float]) -> None:
    made = bars_of(closes, low=np.array(closes) / 2)
    fitted = Fit((Part(make_features(made), FOLD),), Naive()).run()
    assert fitted.close.tobytes() == made.close[15:].tobytes()


@pytest.mark.parametrize(
    "answer", [np.zeros(4), np.zeros((5, 1)), np.full(5, np.nan), np.full(5, np.inf)]
)
def test_an_answer_that_is_none_is_refused(bars: Bars, answer: Floats) -> None:
    with pytest.raises(InputError, match="must answer 5 finite numbers"):
        cut(bars).close(answer)


def test_a_return_beyond_every_price_is_refused(bars: Bars) -> None:
    windows = cut(bars, target="return", scaler="none")
    with pytest.raises(InputError, match="beyond every price"):
        windows.close(np.array([0.0, 0.0, 1000.0, 0.0, 0.0]))


def test_who_answers_no_number_is_named(bars: Bars) -> None:
    class Silent(Naive):
        def predict(self, windows: Windows) -> Floats:
            return np.full(len(windows), np.nan)

    with pytest.raises(
        InputError, match=r"^test_windows, fold \d{4}-\d\d-\d\d: .*Silent\.predict .*returned nan"
    ):
        Fit((Part(make_features(bars), FOLD),), Silent()).run()


# --- what cannot be cut --------------------------------------------------------------------------


def test_a_lookback_longer_than_the_fit_rows_is_refused(bars: Bars) -> None:
    with pytest.raises(
        InputError, match="no complete window of 11 sessions among 10 fit rows; lower --lo"
    ):
        cut(bars, lookback=11)
    assert len(cut(bars, lookback=10).fit) == 1


def test_a_fit_of_halts_alone_is_refused(bars_of: MakeBars) -> None:
    close = np.full(20, 500.0)
    halts = dict.fromkeys(range(1, 11), 0.0)
    made = bars_of(close, open=halts, high=halts, low=halts, volume=halts)
    with pytest.raises(InputError, match="no complete window"):
        cut(made)


def test_a_rolling_fold_takes_its_scaler_from_its_own_rows(bars: Bars) -> None:
    """Rows before the fold may fill a window, but its scaler starts with the fold."""
    fold = Fold(range(6, 12), range(0), range(15, 20), 1, FOLD.name)
    features = make_features(bars)
    base = cut_windows(features, fold, Preprocessing(lookback=3))
    assert (base.fit.as_of == bars.sessions[6:12]).all()
    other = cut_windows(make_features(changed(bars, 3)), fold, Preprocessing(lookback=3))
    assert other.test.X.tobytes() == base.test.X.tobytes()


def test_misspelt_names_are_answered_with_the_nearest(bars: Bars) -> None:
    with pytest.raises(InputError, match="did you mean 'return'"):
        cut(bars, target="retrun")
    with pytest.raises(InputError, match="did you mean 'minmax'"):
        cut(bars, scaler="min-max")


def test_features_from_elsewhere_may_bring_a_warm_up(bars: Bars) -> None:
    X = make_features(bars).X.copy()
    X[:4] = np.nan
    features: Features = replace(make_features(bars), X=X)
    windows = cut_windows(features, FOLD, Preprocessing(lookback=3))
    assert windows.fit.as_of[0] == bars.sessions[6]
    assert np.isfinite(windows.fit.X).all()
    assert windows.fit.X.shape[0] == 4


def test_a_window_with_a_hole_is_refused() -> None:
    one: Any = {"y": np.zeros(1), "last_close": np.ones(1), "as_of": np.zeros(1, "datetime64[D]")}
    with pytest.raises(InputError, match="not a finite number"):
        Windows(X=np.full((1, 2, 3), np.nan), **one)


def test_prices_scaled_together_keep_the_shape_of_a_candle_and_volume_has_its_own_range() -> None:
    rows = np.array([[10.0, 14.0, 8.0, 12.0, 500.0], [11.0, 18.0, 9.0, 13.0, 900.0]])
    scaler = fit_scaler("together", rows, ("open", "high", "low", "close", "volume"))
    assert scaler.transform(rows).tolist() == [
        [0.2, 0.6, 0.0, 0.4, 0.0],  # prices between 8 and 18
        [0.3, 1.0, 0.1, 0.5, 1.0],
    ]
    assert np.allclose(scaler.inverse(scaler.transform(rows)), rows)
