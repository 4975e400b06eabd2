"""Training in the kernels: the parameters of a torch module, in memory that Python allocates."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from forecasters.bars import Floats
from forecasters.engines.native.description import Unknown, check_sizes, describe
from forecasters.engines.native.library import KernelLayer, KernelPlan, exact, load
from forecasters.engines.schedule import Schedule
from forecasters.errors import Error, InputError
from forecasters.preparation.windows import Windows
from forecasters.threads.stop import current

LOSSES = {"mse": 0, "rmse": 1}
#: Windows on which the forward pass is compared with torch's before training, and how far apart
#: the two may be, relative to the largest answer: float32 sums in another order.
COMPARED, APART = 32, 1e-3

Singles = NDArray[np.float32]
Snapshot = tuple[Singles, Singles, Singles, int]


def why_not(network: nn.Module) -> str | None:
    """Return None for a network that the kernels can train, else which layer they do not know."""
    try:
        describe(network)
    except Unknown as reason:
        return str(reason)
    return None


class NativeTraining:
    """A network in training; a `Training` of `forecasters/engines/schedule.py`.

    Attributes
    ----------
    parameters, first, second : float32
        The weights in the kernels' layout, and Adam's two moments.

    Raises
    ------
    InputError
        A window or a target is not finite, or too large for float32; a size of the network is 0, or a
        number is too large for its type in C.
    """

    def __init__(
        self, network: nn.Module, fit: Windows, validation: Windows, schedule: Schedule, seed: int
    ) -> None:
        self.network, self.schedule = network, schedule
        self._library = load()
        layers = describe(network)
        _, lookback, channels = fit.X.shape
        check_sizes(layers, lookback, channels)
        exact(ctypes.c_int32, "batch_size", schedule.batch_size)  # in a call ctypes hides the error
        self._plan = KernelPlan(
            layers=(KernelLayer * len(layers))(*layers),
            count=len(layers),
            lookback=lookback,
            channels=channels,
            loss=LOSSES[schedule.loss],
            seed=seed,
        )
        floats, workspace = ctypes.c_uint64(), ctypes.c_uint64()
        self._library.native_size(self._plan, floats, workspace)
        self.parameters, self.first, self.second, self._gradients = (
            _aligned(floats.value) for _ in range(4)
        )
        self._workspace = _aligned(workspace.value)
        self._plan.parameters = self.parameters.ctypes.data
        self._plan.gradients = self._gradients.ctypes.data
        self._plan.workspace = self._workspace.ctypes.data
        self._weights = list(network.parameters())
        self._frozen = np.array([not w.requires_grad for w in self._weights], dtype=np.uint8)
        self._step = np.zeros(1, dtype=np.int64)
        self._stop = current()
        self.X, self.y = _singles(fit.X), _singles(fit.y)
        self.watched = _singles(validation.X), _singles(validation.y)
        start = torch.cat([w.detach().reshape(-1) for w in self._weights]).numpy()
        self._library.native_set_parameters(self._plan, start.ctypes.data)
        self._compare()

    @property
    def step(self) -> int:
        """Steps of Adam so far."""
        return int(self._step[0])

    def epoch(self, order: NDArray[np.int64]) -> float:
        """Pass once through the rows in this order; return the mean loss over rows."""
        return float(self.epochs(order[None])[0])

    def epochs(self, orders: NDArray[np.int64]) -> Floats:
        """Pass through the rows in each of these orders [E, N]; return the mean losses [E].

        Raises
        ------
        Stopped
            Another thread requested a stop: the call ended within one step.
        """
        orders = np.ascontiguousarray(orders, dtype=np.int64)
        count, rows = orders.shape
        if not (np.sort(orders, axis=1) == np.arange(len(self.X))).all():
            raise Error(f"an epoch must pass through each of the {len(self.X)} rows once")
        losses = np.empty(count)
        self._library.native_train(
            self._plan,
            self.X.ctypes.data,
            self.y.ctypes.data,
            orders.ctypes.data,
            rows,
            count,
            self.schedule.batch_size,
            self.schedule.learning_rate,
            self.schedule.epsilon,
            self._frozen.ctypes.data,
            self.first.ctypes.data,
            self.second.ctypes.data,
            self._step.ctypes.data,
            losses.ctypes.data,
            self._stop.flag.ctypes.data,
        )
        self._stop.check()
        return np.asarray(losses / rows)

    def validation_loss(self) -> float:
        """Return the loss on the validation rows."""
        X, y = self.watched
        errors = self.answers(X).astype(np.float64) - y
        # An exact sum: that of numpy depends on the processor in its last bits.
        mean = math.fsum((errors**2).tolist()) / len(y) if np.isfinite(errors).all() else math.nan
        return math.sqrt(mean) if self.schedule.loss == "rmse" else mean

    def answers(self, X: Singles) -> Singles:
        """Return the network's answers [M] to windows [M, L, C], without dropout."""
        answers = np.empty(len(X), dtype=np.float32)
        self._library.native_answer(self._plan, X.ctypes.data, len(X), answers.ctypes.data)
        return answers

    def weights(self) -> Snapshot:
        """Return a copy of everything that training has changed."""
        return self.parameters.copy(), self.first.copy(), self.second.copy(), self.step

    def restore(self, weights: Snapshot) -> None:
        """Set weights, moments and step to such a copy."""
        self.parameters[:], self.first[:], self.second[:], self._step[0] = weights

    def gradient(self, rows: NDArray[np.int64], step: int = 0) -> tuple[float, Floats]:
        """Return the loss of one batch and its gradient [parameters], in torch's order."""
        rows = np.ascontiguousarray(rows, dtype=np.int64)
        gradient = np.empty(sum(w.numel() for w in self._weights), dtype=np.float32)
        scale = np.empty(1, dtype=np.float32)
        loss = self._library.native_gradient(
            self._plan,
            self.X.ctypes.data,
            self.y.ctypes.data,
            rows.ctypes.data,
            len(rows),
            step,
            gradient.ctypes.data,
            scale.ctypes.data,
        )
        return float(loss), gradient.astype(np.float64) * float(scale[0])

    def finish(self) -> None:
        """Put the trained weights into the torch module."""
        flat = np.empty(sum(w.numel() for w in self._weights), dtype=np.float32)
        self._library.native_get_parameters(self._plan, flat.ctypes.data)
        start = 0
        with torch.no_grad():
            for weight in self._weights:
                stop = start + weight.numel()
                weight.copy_(torch.from_numpy(flat[start:stop]).reshape(weight.shape))
                start = stop

    @torch.no_grad()
    def _compare(self) -> None:
        X = self.X[:COMPARED]
        training = self.network.training
        expected = self.network.eval()(torch.tensor(X))[:, 0].numpy()
        self.network.train(training)
        answers = self.answers(X)
        if np.abs(answers - expected).max() > APART * max(1.0, float(np.abs(expected).max())):
            raise Error(
                f"the native engine answers {answers[0]:g} where torch answers {expected[0]:g} for "
                f"{self.network}: a fault of ours; --engine torch goes round it"
            )


def _aligned(floats: int) -> Singles:
    """Return zeros that begin with a cache line, as whole registers are loaded from them."""
    raw = np.zeros(floats * 4 + 64, dtype=np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + floats * 4].view(np.float32)


def _singles(values: Floats) -> Any:
    if not np.isfinite(values).all():
        raise InputError("a window or a target to train on is not a finite number")
    with np.errstate(over="ignore"):  # judged below
        singles = np.ascontiguousarray(values, dtype=np.float32)
    if not np.isfinite(singles).all():
        raise InputError(
            "a window or a target is too large for float32: scale it (the scaler is 'none'?)"
        )
    return singles
