"""How a network is trained, epoch by epoch, with either engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from forecasters.bars import Floats
from forecasters.errors import InputError
from forecasters.threads.stop import current

#: A step is a word of 32 bits in the counter of the dropout masks (`philox.py`).
STEPS = 2**32 - 1


@dataclass(frozen=True)
class Schedule:
    """Adam in torch's form with Keras's epsilon, and when to stop.

    Attributes
    ----------
    epochs, batch_size : int
    learning_rate : float
    loss : str
        ``mse`` or ``rmse``.
    patience : int or None
        Epochs without a lower validation loss after which training ends.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    loss: str = "mse"
    epsilon: float = 1e-7
    patience: int | None = None


class Training(Protocol):
    """A network in training."""

    def epoch(self, order: NDArray[np.int64]) -> float:
        """Pass once through the rows in this order [N]; return the mean loss over rows."""

    def validation_loss(self) -> float:
        """Return the loss on the validation rows, without dropout."""

    def weights(self) -> Any:
        """Return a copy of the weights."""

    def restore(self, weights: Any) -> None:
        """Set the weights to such a copy."""


def follow(
    schedule: Schedule, training: Training, rng: np.random.Generator, rows: int, watched: int
) -> tuple[Floats, Floats, int]:
    """Train on `rows` windows with one permutation from `rng` an epoch.

    Returns
    -------
    train_loss, validation_loss : float64, shape [E]
        By epoch; `validation_loss` is empty without validation rows (`watched` is 0).
    kept : int
        The epoch, from 1, whose weights were kept: the last one, or the best with patience.

    Raises
    ------
    InputError
        The loss became infinite or NaN, `patience` is set and there are no validation rows, or there
        are more steps than the counter of the dropout masks can count.
    Stopped
        Another thread requested a stop.
    """
    if schedule.patience is not None and not watched:
        raise InputError(
            "patience needs validation rows, the fold has none: raise --validation or the third part "
            "of --split"
        )
    steps = schedule.epochs * -(-rows // schedule.batch_size)
    if steps > STEPS:
        raise InputError(
            f"epochs {schedule.epochs} with batch_size {schedule.batch_size} on {rows} windows are "
            f"{steps:,} steps; a fit has at most {STEPS:,}: lower epochs or raise batch_size"
        )
    stop = current()
    train, validation = [], []
    best, kept, weights = np.inf, 0, None
    for epoch in range(1, schedule.epochs + 1):
        stop.check()
        train.append(training.epoch(rng.permutation(rows)))
        if not np.isfinite(train[-1]):
            raise InputError(
                f"the training loss became {train[-1]} in epoch {epoch} of "
                f"{schedule.epochs}: lower --learning-rate (it is {schedule.learning_rate:g})"
            )
        if watched:
            validation.append(training.validation_loss())
        if schedule.patience is None:
            kept = epoch
        elif validation[-1] < best:
            best, kept, weights = validation[-1], epoch, training.weights()
        elif epoch - kept >= schedule.patience:
            break
    if weights is not None:
        training.restore(weights)
    return np.array(train), np.array(validation), kept
