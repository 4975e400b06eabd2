"""Convolutional networks: the three architectures of S3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from forecasters.errors import InputError
from forecasters.neural import NeuralForecaster
from forecasters.preset import Preset

if TYPE_CHECKING:
    from torch import nn


@dataclass(kw_only=True)
class CNN(NeuralForecaster):
    """Two convolutions, max-pooling and dropout if the architecture has them, one dense layer; 50 epochs.

    Source: S3. Architecture 1: convolutions, then a dense layer. Architecture 2: max-pooling of size 3
    and stride 3 between them. Architecture 3: also dropout after the pooling. The grid of S3: 64, 128
    or 256 filters, batches of 32, 64 or 128, ReLU or tanh.

    The defaults are architecture 2, ReLU, batches of 64 and 64 filters. In S3 the best network of this
    kind has 256 filters (table 11: MAPE 1.79; 2.40 with 64 filters). But S3 chose it by the error on
    the test rows, and it takes 8 times as long. To use it: ``cnn:preset=s3``, on 15 inputs
    (``--features ohlcv+indicators``).

    S3 does not give the number of convolutions, the kernel size, the window and the dropout rate. Two
    convolutions without padding, kernel size 3, 20 sessions and 0.2 are our choice;
    ``cnn:convolutions=1,lookback=10`` is another reading.

    Examples
    --------
    >>> CNN().summary(channels=5).trainable  # parameters to train
    13697
    >>> CNN(filters=256).summary(channels=5).trainable
    202241
    """

    presets: ClassVar[Mapping[str, Preset]] = {
        "s3": Preset(
            "S3's best CNN (table 11)",
            settings={"architecture": 2, "filters": 256, "batch_size": 64, "activation": "relu"},
            training={"epochs": 50, "target": "close", "scaler": "minmax"},
            features="ohlcv+indicators",
            split="80:20",
        )
    }

    lookback: int = 20
    architecture: int = 2
    filters: int = 64
    convolutions: int = 2
    activation: str = "relu"
    dropout: float = 0.2
    epochs: int = 50
    batch_size: int | None = 64

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.architecture not in (1, 2, 3):
            raise InputError(f"cnn has architecture {self.architecture}; S3 has 1, 2 and 3")
        if self.convolutions not in (1, 2):
            raise InputError(f"cnn has convolutions {self.convolutions}; known: 1, 2")
        least = 2 * self.convolutions + (1 if self.architecture == 1 else 3)
        if self.lookback < least:
            raise InputError(
                f"cnn has lookback {self.lookback}; architecture {self.architecture} with "
                f"convolutions {self.convolutions} needs at least {least}"
            )
        if self.activation not in ("relu", "tanh"):
            raise InputError(f"cnn has activation '{self.activation}'; known: relu, tanh")
        if not 0 <= self.dropout < 1:
            raise InputError(f"cnn has dropout {self.dropout}; it must be at least 0 and below 1")

    def build(self, channels: int, lookback: int) -> nn.Module:
        """Return the network: [N, L, C] -> [N, 1]."""
        from torch import nn

        from forecasters.layers import SwapAxes

        activation = {"relu": nn.ReLU, "tanh": nn.Tanh}[self.activation]
        layers: list[nn.Module] = [SwapAxes()]  # [N, C, L]
        steps = lookback
        for inputs in (channels, self.filters)[: self.convolutions]:
            layers += [nn.Conv1d(inputs, self.filters, kernel_size=3), activation()]
            steps -= 2  # [N, F, steps]
        if self.architecture >= 2:
            layers.append(nn.MaxPool1d(kernel_size=3, stride=3))  # [N, F, P]
            steps //= 3
        if self.architecture == 3:
            layers.append(nn.Dropout(self.dropout))
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(self.filters * steps, 1))  # [N, 1]
