"""Gated recurrent units, the LSTM's younger sibling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecasters.neural import NeuralForecaster

if TYPE_CHECKING:
    from torch import nn


@dataclass(kw_only=True)
class GRU(NeuralForecaster):
    """GRU(50) -> Dense(1); mean squared error, Adam, 100 epochs of batch 32.

    Source: S1 asks for "other deep architectures" and S3 for "other algorithms". One layer of 50
    and the window of 5 sessions are ours, the training is S1's.

    References
    ----------
    Cho et al. 2014, Learning phrase representations using RNN encoder-decoder.
    """

    lookback: int = 5
    hidden: int = 50
    epochs: int = 100

    def build(self, channels: int, lookback: int) -> nn.Module:
        """Return the network: [N, L, C] -> [N, 1]."""
        from torch import nn

        from forecasters.layers import LastStep

        return nn.Sequential(
            nn.GRU(channels, self.hidden, batch_first=True),  # [N, L, H]
            LastStep(),  # [N, H]
            nn.Linear(self.hidden, 1),  # [N, 1]
        )
