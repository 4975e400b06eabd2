"""What a fit tells of its training, and the mean curve of several."""

from __future__ import annotations

import numpy as np
import pytest

from backtests.sources.simulated import Simulated
from backtests.studies.training import History, mean_curve
from forecasters.features import make_features
from forecasters.models.naive import Naive
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fit import Fitted


def test_a_history_is_of_its_own_fit() -> None:
    bars = Simulated().fetch("051900.KS", "2016-01-01", "2017-01-01").rows(slice(0, 100))
    (fit,) = WalkForward(train_size=60, step=50).fits(Naive(), make_features(bars), (7,))
    rows = np.zeros(fit.rows)
    told = Fitted(
        rows, rows > 0, np.zeros(1), np.array([3.0, 2.0]), np.array([4.0, 5.0]), 1, 0.25, "native"
    )
    history = History.of(fit, told)
    assert (history.seed, history.kept, history.outliers, history.engine) == (7, 1, 0.25, "native")
    assert history.fold == bars.sessions[60], "the first test session"
    assert history.train_loss.tolist() == [3.0, 2.0]
    assert history.validation_loss.tolist() == [4.0, 5.0]


def test_an_epoch_is_the_mean_of_the_fits_that_came_so_far() -> None:
    curves = [np.array([4.0, 2.0, 1.0]), np.array([2.0]), np.array([3.0, 4.0])]
    assert mean_curve(curves).tolist() == [3.0, 3.0, 1.0]
    assert mean_curve(curves[::-1]).tolist() == [3.0, 3.0, 1.0]


@pytest.mark.parametrize("curves", [[], [np.empty(0)], [np.empty(0), np.empty(0)]])
def test_without_epochs_there_is_no_curve(curves: list[np.ndarray]) -> None:
    assert mean_curve(curves).size == 0


def test_a_fit_without_epochs_beside_others_counts_for_none() -> None:
    assert mean_curve([np.empty(0), np.array([2.0, 1.0])]).tolist() == [2.0, 1.0]
