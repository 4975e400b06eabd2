"""The torch engine: trains any module, one thread a fit, on numbers that the fit's seed fixes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from forecasters.bars import Floats
from forecasters.errors import InputError
from forecasters.layers import initialise
from forecasters.windows import Windows

#: Windows predicted at once, padded to this number: a matrix product of another shape may round
#: differently, so a forecast would change when later rows join its batch.
CHUNK = 64

LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": lambda y, forecast: ((forecast - y) ** 2).mean(),
    # As a norm: its slope at an error of zero is zero, that of a root is infinite.
    "rmse": lambda y, forecast: torch.linalg.vector_norm(forecast - y) / len(y) ** 0.5,
}


@dataclass(frozen=True)
class Schedule:
    """How a network is trained: Adam in torch's form with Keras's epsilon."""

    epochs: int
    batch_size: int
    learning_rate: float
    loss: str = "mse"
    epsilon: float = 1e-7


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network and its losses by epoch, float64 [E]; no validation rows, no such losses."""

    network: nn.Module
    train_loss: Floats
    validation_loss: Floats


def train(
    build: Callable[[], nn.Module],
    fit: Windows,
    validation: Windows,
    schedule: Schedule,
    rng: np.random.Generator,
) -> Trained:
    """Build a network and train it on `fit`; every random number comes from `rng`.

    The global generator of torch is seeded from `rng` for the time of the fit and put back after
    it, so that a module which draws from it (its own initial weights, dropout) repeats too.

    Raises
    ------
    InputError
        The loss left the finite numbers: the learning rate is too high for this network.
    """
    with _alone(int(rng.integers(2**63))):
        network = build()
        initialise(network, rng)
        trained = [p for p in network.parameters() if p.requires_grad]
        optimiser = torch.optim.Adam(
            trained, lr=schedule.learning_rate, eps=schedule.epsilon, fused=True
        )
        measure = LOSSES[schedule.loss]
        X, y = _tensor(fit.X), _tensor(fit.y)  # [N, L, C], [N]
        X_watched, y_watched = _tensor(validation.X), _tensor(validation.y)
        train_loss, validation_loss = np.empty(schedule.epochs), []
        for epoch in range(schedule.epochs):
            network.train()
            order = torch.from_numpy(rng.permutation(len(X)))
            total = torch.zeros(())
            batches = zip(
                X[order].split(schedule.batch_size),
                y[order].split(schedule.batch_size),
                strict=True,
            )
            for inputs, labels in batches:
                optimiser.zero_grad()
                loss = measure(labels, network(inputs)[:, 0])
                loss.backward()
                optimiser.step()
                total += loss.detach() * len(inputs)
            train_loss[epoch] = total.item() / len(X)
            if not np.isfinite(train_loss[epoch]):
                raise InputError(
                    f"the training loss became {train_loss[epoch]} in epoch {epoch + 1} of "
                    f"{schedule.epochs}: lower --learning-rate (it is {schedule.learning_rate:g})"
                )
            if len(X_watched):
                network.eval()
                with torch.no_grad():
                    validation_loss.append(measure(y_watched, network(X_watched)[:, 0]).item())
        network.eval()
    return Trained(network, train_loss, np.array(validation_loss))


@torch.no_grad()
def predict(network: nn.Module, X: Floats) -> Floats:
    """Return the network's answers [M] to windows [M, L, C], each independent of the others."""
    answers = []
    with _alone(0):
        for start in range(0, len(X), CHUNK):
            chunk = np.zeros((CHUNK, *X.shape[1:]))
            part = X[start : start + CHUNK]
            chunk[: len(part)] = part
            answers.append(network(_tensor(chunk))[: len(part), 0].double().numpy())
    return np.concatenate(answers) if answers else np.empty(0)


def _tensor(values: Floats) -> Tensor:
    # A copy in torch's own memory, which is aligned to 64 bytes; numpy's lies where malloc put it,
    # and matrix libraries promise the same bits only for arrays that are aligned alike.
    return torch.tensor(values, dtype=torch.float32)


@contextmanager
def _alone(seed: int) -> Iterator[None]:
    """One thread and a seeded global generator, both as they were afterwards.

    More than one thread gives other bits (convolutions in float32), and two busy processes with
    two threads each are many times slower than with one.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
