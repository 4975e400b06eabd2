"""Convolutional networks, the three architectures of S3."""

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
    """Convolution, then by architecture max-pooling and dropout, then fully connected; 50 epochs.

    Source: S3. Architecture 1: convolution, fully connected. Architecture 2: max-pooling of size 3
    and stride 3 between them. Architecture 3: dropout after the pool. The grid: filters 64, 128,
    256, batch 32, 64, 128, ReLU or Tanh. The defaults are architecture 2 with ReLU, batch 64 and
    the fewest filters. S3's best of this kind has 256 (table 11: MAPE 1.79 where 64 filters have
    2.40), but that was chosen by the error on the test rows, and takes 8 times as long:
    ``cnn:preset=s3``, on 15 inputs (``--features ohlcv+indicators``). Two valid convolutions of
    kernel 3 over 20 sessions and a dropout rate of 0.2 are ours: S3 leaves their number, the
    kernel, the window and the rate open. ``cnn:convolutions=1,lookback=10`` is another reading.

    Examples
    --------
    >>> CNN(convolutions=1, lookback=10).build(channels=15, lookback=10)[1]
    Conv1d(15, 64, kernel_size=(3,), stride=(1,))
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
                f"convolutions {self.convolutions} needs {least}"
            )
        if self.activation not in ("relu", "tanh"):
            raise InputError(f"cnn has activation '{self.activation}'; known: relu, tanh")
        if not 0 <= self.dropout < 1:
            raise InputError(f"cnn has dropout {self.dropout}; it is a share from 0 to below 1")

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
