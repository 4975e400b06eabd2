"""Stacked LSTM: three layers of 50 and a dense unit (S1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecasters.neural import NeuralForecaster

if TYPE_CHECKING:
    from torch import nn


@dataclass(kw_only=True)
class StackedLSTM(NeuralForecaster):
    """LSTM(50) -> LSTM(50) -> LSTM(50) -> Dense(1); mean squared error, Adam, 100 epochs of batch 32.

    Source: S1 (layers, loss, optimiser, epochs, batch). S1 does not give the window; 5 sessions are
    those of S2.

    Examples
    --------
    >>> StackedLSTM().summary(channels=5).trainable  # parameters to train
    51651
    """

    lookback: int = 5
    layers: int = 3
    hidden: int = 50
    epochs: int = 100
    batch_size: int | None = 32

    def build(self, channels: int, lookback: int) -> nn.Module:
        """Return the network: [N, L, C] -> [N, 1]."""
        from torch import nn

        from forecasters.layers import LastStep

        return nn.Sequential(
            nn.LSTM(channels, self.hidden, num_layers=self.layers, batch_first=True),  # [N, L, H]
            LastStep(),  # [N, H]
            nn.Linear(self.hidden, 1),  # [N, 1]
        )
