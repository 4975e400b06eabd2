"""Outliers by a robust score: flagged by hand, clipped only when asked, never from later rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from forecasters.bars import Bars, Floats
from forecasters.errors import InputError
from forecasters.features import make_features
from forecasters.preparation.outliers import fit_bounds
from forecasters.preparation.preprocessing import Preprocessing
from forecasters.walk_forward.fold_windows import cut_windows
from forecasters.walk_forward.folds import Fold

FOLD = Fold(range(10), range(10, 15), range(15, 20), 1, np.datetime64("2015-01-26"))


def test_bounds_by_hand() -> None:
    # Median 5, deviations 4 3 2 1 0 1 2 3 4 and 95 for the outlier: with ten values the median is
    # 5.5, the deviations 4.5 3.5 2.5 1.5 0.5 0.5 1.5 2.5 3.5 94.5, their median 2.5.
    rows = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 100])[:, None]
    bounds = fit_bounds(rows, score=3.5)
    room = 3.5 * 2.5 / 0.6744897501960817
    np.testing.assert_allclose((bounds.low[0], bounds.high[0]), (5.5 - room, 5.5 + room))
    assert bounds.outside(rows).tolist() == [False] * 9 + [True]
    assert bounds.clip(rows)[:9].tolist() == rows[:9].tolist()
    assert bounds.clip(rows)[9, 0] == bounds.high[0]


def test_a_column_that_mostly_stands_still_has_no_outliers() -> None:
    rows = np.array([7.0, 7, 7, 7, 7, 7, 8, 9, 100])[:, None]
    assert not fit_bounds(rows).outside(rows).any()


@pytest.fixture
def bars(bars_of: Callable[..., Bars], walk: Callable[..., Floats]) -> Bars:
    volume = np.arange(1000.0, 1020.0)
    volume[[4, 17]] = 50_000  # one day among the fit rows, one among the test rows
    return bars_of(walk(20), volume=volume)


def test_outliers_are_counted_and_left_as_they_are(bars: Bars) -> None:
    windows = cut_windows(make_features(bars), FOLD, Preprocessing(lookback=2))
    assert windows.outliers == 1 / 10
    volume = windows.fit.X[:, -1, 4]
    assert volume.max() == 1.0 and (np.sort(volume)[:-1] < 0.01).all(), "squashed by the outlier"


def test_clipped_when_asked_in_every_part(bars: Bars) -> None:
    windows = cut_windows(make_features(bars), FOLD, Preprocessing(lookback=2, clip=3.5))
    # Fit volumes 1000-1009 but row 4: median 1005.5 (of 1000 1001 1002 1003 50000 1005 ... 1009).
    values = np.array([1000.0, 1001, 1002, 1003, 50_000, 1005, 1006, 1007, 1008, 1009])
    middle = np.median(values)
    top = middle + 3.5 * np.median(np.abs(values - middle)) / 0.6744897501960817
    scale = top - 1000
    np.testing.assert_allclose(windows.fit.X[3, -1, 4], 1.0)  # row 4, the largest that is left
    np.testing.assert_allclose(windows.fit.X[2, -1, 4], 3 / scale)
    np.testing.assert_allclose(windows.test.X[2, -1, 4], 1.0)  # row 17, by the bounds of the fit
    assert windows.outliers == 1 / 10, "what was clipped is still reported"


def test_a_later_outlier_moves_no_bound(bars: Bars) -> None:
    volume = bars.volume.copy()
    volume[15:] = 1e9
    settings = Preprocessing(lookback=2, clip=3.5)
    a = cut_windows(make_features(bars), FOLD, settings)
    b = cut_windows(make_features(replace(bars, volume=volume)), FOLD, settings)
    assert a.fit.X.tobytes() == b.fit.X.tobytes()
    assert a.outliers == b.outliers


@pytest.mark.parametrize("clip", [0.0, -1.0])
def test_a_score_must_be_above_zero(clip: float) -> None:
    with pytest.raises(InputError, match="clip is"):
        Preprocessing(clip=clip)
