"""The simple recurrent network that S2 explains and S3 uses for comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecasters.errors import InputError
from forecasters.neural import NeuralForecaster

if TYPE_CHECKING:
    from torch import nn


@dataclass(kw_only=True)
class RNN(NeuralForecaster):
    """RNN(50, tanh) -> Dense(1); mean squared error, Adam, 50 epochs.

    Source: S3 (loss, optimiser, epochs; its errors are in table 12). S3 does not describe the layers
    of its RNN; one tanh layer of 50 units, 20 sessions and batches of 64 are our choice. S2 explains
    the same network with tanh or softsign.

    Examples
    --------
    >>> RNN().summary(channels=5).trainable  # parameters to train
    2851
    """

    lookback: int = 20
    hidden: int = 50
    activation: str = "tanh"
    epochs: int = 50
    batch_size: int | None = 64

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.activation not in ("tanh", "softsign"):
            raise InputError(f"rnn has activation '{self.activation}'; known: tanh, softsign")

    def build(self, channels: int, lookback: int) -> nn.Module:
        """Return the network: [N, L, C] -> [N, 1]."""
        from torch import nn

        from forecasters.layers import LastStep, SoftsignRNN

        recurrent = (
            SoftsignRNN(channels, self.hidden)
            if self.activation == "softsign"
            else nn.RNN(channels, self.hidden, nonlinearity="tanh", batch_first=True)
        )
        return nn.Sequential(
            recurrent,  # [N, L, H]
            LastStep(),  # [N, H]
            nn.Linear(self.hidden, 1),  # [N, 1]
        )
