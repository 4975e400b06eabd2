"""When training ends and which epoch's weights stay, on a training whose losses are written down."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from forecasters.engines.schedule import Schedule, follow
from forecasters.errors import InputError


class Scripted:
    """A training that tells these validation losses; its weights are the number of the epoch."""

    def __init__(self, losses: list[float]) -> None:
        self.losses = losses
        self.done = 0
        self.orders: list[list[int]] = []

    def epoch(self, order: Any) -> float:
        self.done += 1
        self.orders.append(order.tolist())
        return 1.0 / self.done

    def validation_loss(self) -> float:
        return self.losses[self.done - 1]

    def weights(self) -> int:
        return self.done

    def restore(self, weights: int) -> None:
        self.done = weights


def run(losses: list[float], patience: int | None, watched: int = 3, epochs: int = 0) -> Any:
    training = Scripted(losses)
    schedule = Schedule(epochs or len(losses), 2, 0.1, patience=patience)
    train, validation, kept = follow(schedule, training, np.random.default_rng(0), 5, watched)
    return training, train.size, validation.tolist(), kept


@pytest.mark.parametrize(
    ("patience", "epochs_run", "kept"),
    [
        (None, 7, 7),
        (1, 3, 2),  # the third is no better than the second
        (2, 4, 2),
        (3, 7, 7),  # the fifth is better in time, and so is the last
    ],
)
def test_patience_by_hand(patience: int | None, epochs_run: int, kept: int) -> None:
    losses = [5.0, 4.0, 4.0, 4.5, 3.0, 3.5, 2.0]
    training, ran, validation, returned = run(losses, patience)
    assert (ran, returned) == (epochs_run, kept)
    assert validation == losses[:epochs_run]
    assert training.done == kept, "the weights are those of the epoch that was kept"


def test_the_best_epoch_is_kept_also_when_patience_never_ran_out() -> None:
    training, ran, _, kept = run([3.0, 1.0, 2.0], patience=5)
    assert (ran, kept, training.done) == (3, 2, 2)


def test_watching_alone_changes_nothing() -> None:
    """S1 watches the validation data and trains all its epochs: the same orders, the last weights."""
    watching, ran, _, kept = run([1.0, 2.0, 3.0], None)
    blind, *_ = run([], None, watched=0, epochs=3)
    assert watching.orders == blind.orders and (ran, kept, watching.done) == (3, 3, 3)


def test_each_epoch_passes_every_row_once_in_another_order() -> None:
    training, *_ = run([1.0, 1.0, 1.0], None)
    assert all(sorted(order) == list(range(5)) for order in training.orders)
    assert len({tuple(order) for order in training.orders}) == 3


def test_patience_without_anything_to_watch_is_refused() -> None:
    with pytest.raises(InputError, match="raise --validation"):
        run([], patience=2, watched=0, epochs=3)


def test_a_validation_loss_that_is_no_number_is_never_the_best() -> None:
    training, ran, _, kept = run([2.0, float("nan"), float("nan")], patience=2)
    assert (ran, kept, training.done) == (3, 1, 1)
