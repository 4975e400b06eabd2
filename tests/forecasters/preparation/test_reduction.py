"""Fewer inputs: the directions of scikit-learn's PCA and NumPy's SVD, with a fixed sign."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasters.bars import Bars, Floats
from forecasters.errors import InputError
from forecasters.features import make_features
from forecasters.preparation.preprocessing import Preprocessing
from forecasters.preparation.reduction import fit_reduction
from forecasters.walk_forward.fold_windows import cut_windows
from forecasters.walk_forward.folds import Fold


def rows_of(seed: int, columns: int = 5) -> Floats:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(40, columns)) @ rng.normal(size=(columns, columns)) + rng.normal(
        size=columns
    )


@given(seed=st.integers(0, 1000), components=st.integers(1, 5))
def test_pca_is_that_of_scikit_learn(seed: int, components: int) -> None:
    from sklearn.decomposition import PCA

    rows = rows_of(seed)
    made = fit_reduction("pca", rows, components).transform(rows)
    expected = PCA(components, svd_solver="full").fit_transform(rows)
    np.testing.assert_allclose(np.abs(made), np.abs(expected), atol=1e-8)


@given(seed=st.integers(0, 1000), components=st.integers(1, 5))
def test_svd_is_that_of_numpy(seed: int, components: int) -> None:
    rows = rows_of(seed)
    made = fit_reduction("svd", rows, components).transform(rows)
    u, s, _ = np.linalg.svd(rows, full_matrices=False)
    np.testing.assert_allclose(np.abs(made), np.abs(u * s)[:, :components], atol=1e-8)


@pytest.mark.parametrize("name", ["pca", "svd"])
def test_the_sign_is_fixed(name: str) -> None:
    rows = rows_of(3)
    directions = fit_reduction(name, rows, 5).directions
    largest = directions[np.arange(5), np.abs(directions).argmax(axis=1)]
    assert (largest > 0).all()
    np.testing.assert_allclose(directions @ directions.T, np.eye(5), atol=1e-12)


def test_a_row_does_not_change_when_others_join_it() -> None:
    reduction = fit_reduction("pca", rows_of(1, 15), 6)
    rows = rows_of(2, 15)
    whole = reduction.transform(rows)
    for count in range(1, len(rows)):
        assert reduction.transform(rows[:count]).tobytes() == whole[:count].tobytes()


def test_windows_hold_the_components_of_their_own_rows(
    bars_of: Callable[..., Bars], walk: Callable[..., Floats]
) -> None:
    fold = Fold(range(10), range(10, 15), range(15, 20), 1, np.datetime64("2015-01-26"))
    features = make_features(bars_of(walk(20)))
    settings = Preprocessing(lookback=3, components=2)
    windows = cut_windows(features, fold, settings)
    assert windows.fit.names == ("pca1", "pca2") and windows.fit.X.shape == (8, 3, 2)
    low, high = features.X[:10].min(axis=0), features.X[:10].max(axis=0)
    scaled = (features.X - low) / (high - low)
    centre = scaled[:10].mean(axis=0)
    _, _, directions = np.linalg.svd(scaled[:10] - centre)
    expected = (scaled - centre) @ directions[:2].T
    np.testing.assert_allclose(np.abs(windows.test.X[0]), np.abs(expected[13:16]), atol=1e-9)


def test_more_components_than_inputs_are_refused() -> None:
    with pytest.raises(InputError, match="6 components of 5 inputs"):
        fit_reduction("pca", rows_of(1), 6)
    with pytest.raises(InputError, match="did you mean 'pca'"):
        Preprocessing(reduction="pac")
