"""Forecasters that are a torch module: their file defines `build` and nothing else."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from forecasters.bars import Floats
from forecasters.base import Forecaster
from forecasters.errors import InputError, method_of
from forecasters.preparation.limits import INT32, check_number, check_whole
from forecasters.preparation.windows import Windows

if TYPE_CHECKING:
    from torch import nn

    from forecasters.engines.summary import Summary


#: More epochs than this are a slip of the hand: at a millisecond each they take a quarter of an hour a fit.
MOST = {"epochs": 1_000_000, "patience": 1_000_000}


@dataclass(kw_only=True)
class NeuralForecaster(Forecaster):
    """A network trained by Adam. After `fit`, `network_` is the torch module with its weights.

    Attributes
    ----------
    epochs : int
    batch_size : int or None
        Windows a step; None: all of them, so that an epoch is one step.
    learning_rate : float
        Keras's default for Adam, 0.001, where a source names none.
    loss : str
        ``mse`` or ``rmse``.
    patience : int or None
        Stop after so many epochs without a lower validation loss and keep the weights of the best
        one; None: all epochs, validation is only watched, as in S1.
    engine : str
        ``native`` (the kernels in C++), ``torch``, or ``auto``: the kernels where they know every
        layer, else torch.
    device : str
        Where the torch engine trains: ``cpu``, or ``cuda``, whose numbers differ in the last bits.
        Forecasts are always made on the processor.
    """

    epochs: int = 50
    batch_size: int | None = 32
    learning_rate: float = 1e-3
    loss: str = "mse"
    patience: int | None = None
    engine: str = "auto"
    device: str = "cpu"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("epochs", "batch_size", "patience", "hidden", "layers", "filters"):
            if (value := getattr(self, name, None)) is not None:
                check_whole(self.name, name, value, 1, MOST.get(name, INT32))
        rate = check_number(self.name, "learning_rate", self.learning_rate)
        if not rate > 0:
            raise InputError(f"{self.name} has learning_rate {rate}; it must be above 0")
        if self.loss not in ("mse", "rmse"):
            raise InputError(f"{self.name} has loss '{self.loss}'; known: mse, rmse")
        choices = {"engine": ("auto", "native", "torch"), "device": ("cpu", "cuda")}
        for name, known in choices.items():
            if (value := getattr(self, name)) not in known:
                raise InputError(f"{self.name} has {name} '{value}'; known: {', '.join(known)}")

    @abstractmethod
    def build(self, channels: int, lookback: int) -> nn.Module:
        """Return an untrained network from windows [N, lookback, channels] to [N, 1].

        A torch module in float32 on the processor. It is built and tried on two windows before
        anything is trained: a wrong module, shape or device is refused by then.
        """

    def _built(self, channels: int) -> nn.Module:
        """Return what `build` returns, if it is a torch module."""
        from forecasters.engines.check import module_of

        return module_of(self.build(channels, self.lookback), method_of(self, "build"))

    def check_fit(self, rows: int, channels: int) -> int:
        """Refuse a network that cannot be trained on such windows; return the bytes of memory it needs.

        A class with a `fit` of its own is not checked: it may build what it likes.

        Raises
        ------
        InputError
            `build` returns no torch module in float32 on the processor, or one that does not turn
            windows [N, lookback, channels] into [N, 1].
        """
        needed = self.bytes_needed(rows, channels)
        if type(self).fit is not NeuralForecaster.fit:
            return needed
        from forecasters.engines.check import check_network

        each = check_network(
            lambda: self.build(channels, self.lookback),
            channels,
            self.lookback,
            method_of(self, "build"),
        )
        return needed + each * min(self.batch_size or rows, rows)

    def bytes_needed(self, rows: int, channels: int) -> int:
        """Return roughly how much memory windows and weights need, in bytes."""
        windows = super().bytes_needed(rows, channels)
        if type(self).fit is not NeuralForecaster.fit:
            return windows
        from forecasters.engines.check import weight_bytes

        return windows + weight_bytes(lambda: self._built(channels))

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        """Train a new network; its losses by epoch are in `train_loss_` and `validation_loss_`.

        `kept_` is the epoch, from 1, whose weights `network_` has; `engine_` says what trained it.
        """
        from forecasters.engines.choice import train
        from forecasters.engines.schedule import Schedule

        schedule = Schedule(
            epochs=self.epochs,
            batch_size=self.batch_size or len(windows),
            learning_rate=self.learning_rate,
            loss=self.loss,
            patience=self.patience,
        )
        channels = windows.X.shape[2]
        trained, self.engine_ = train(
            self.engine,
            lambda: self._built(channels),
            windows,
            validation,
            schedule,
            rng,
            self.device,
        )
        self.network_ = trained.network
        self.train_loss_ = trained.train_loss
        self.validation_loss_ = trained.validation_loss
        self.kept_ = trained.kept
        return self

    def in_threads(self, channels: int) -> bool:
        """Return whether the kernels train it, and no method of this class was overridden."""
        from forecasters.engines.choice import reason_for_torch

        untouched = all(
            getattr(type(self), name) is getattr(NeuralForecaster, name)
            for name in ("fit", "predict", "state", "restore")
        )
        return untouched and not reason_for_torch(
            self.engine, lambda: self._built(channels), self.device
        )

    def predict(self, windows: Windows) -> Floats:
        """Return the scaled target [M] for windows [M, L, C]."""
        from forecasters.engines import torch as engine

        if not hasattr(self, "network_"):
            raise InputError(
                f"{self.name} was asked for a forecast before it was fitted: call fit first"
            )
        return engine.predict(self.network_, windows.X)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the trained weights by name, as torch names them."""
        return {name: weight.numpy() for name, weight in self.network_.state_dict().items()}

    def restore(self, state: Mapping[str, NDArray[Any]], channels: int) -> Self:
        """Build the network and give it these weights.

        Raises
        ------
        InputError
            The weights belong to another network.
        """
        from forecasters.engines import torch as engine

        self.network_ = engine.rebuild(lambda: self._built(channels), state)
        return self

    def summary(self, channels: int = 5) -> Summary:
        """Return layers, parameters and FLOP of `network_`, or before a fit of an untrained one."""
        from forecasters.engines.summary import summarise, untrained

        fitted = getattr(self, "network_", None)
        network = fitted or untrained(lambda: self._built(channels))
        return summarise(network, channels, self.lookback)

    def cost(self, rows: int) -> float:
        """Return the number of sessions that training passes through."""
        return float(rows * self.epochs * self.lookback)
